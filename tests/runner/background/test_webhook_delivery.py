"""From a scan to another system: signed as Standard Webhooks says, once for each row, whatever that system answers.

The signatures are checked here by code that was written from the specification, and shares nothing with what signs.
"""

import base64
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from records import SecretBox, audit
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.audit import AuditContext
from records.changes import webhooks as changes
from records.storage.environment_mark import DEVELOPMENT
from records.tenants import implementations
from records.webhooks import webhook, webhook_outbox
from records.webhooks.webhook import WebhookDraft
from records.webhooks.webhook_tables import Webhook, WebhookMessage
from runner.background.webhook_delivery import MOST_MESSAGES, WebhookDelivery
from runner.powers.outbound_requests import OutboundRequests
from tests.records.attendance.ledger_rows import draft
from tests.support.records import new_records
from tests.support.vendors import reply

BY = AuditContext("staff/root")
BOX = SecretBox(["k" * 40])
TOLERANCE_S = 300


@pytest.fixture
def database(tmp_path):
    database = new_records(f"sqlite:///{tmp_path / 'records.db'}")
    with database.session() as db:
        implementations.create(db, "demo", "Demo Congress", "UTC")
    yield database
    database.dispose()


@pytest.fixture
def outbound(redis):
    made = OutboundRequests(redis=redis, allow_loopback=True, ca_file=None)
    yield made
    made.close()


@pytest.fixture
def delivery(database, outbound):
    return WebhookDelivery(database, BOX, outbound, lambda: False)


def act(database, function, *arguments, **more):
    with database.session() as db:
        return function(db, implementations.find(db, "demo"), *arguments, **more).value


def set_up(database, address, **more):
    def save(db, owner):
        wanted = WebhookDraft(f"{address}/hooks", development=True, **more)
        return changes.save(db, BOX, owner, wanted, BY, environment=DEVELOPMENT)

    return act(database, save).secret


def scan(database, *numbers):
    with database.session() as db:
        head = chain.lock(db, implementations.find(db, "demo"))
        chain.append(db, head, [(draft(number), BadgeNames(f"Chen {number}", "Mei")) for number in numbers])


def messages(database):
    with database.reading() as db:
        return webhook_outbox.listed(db, implementations.find(db, "demo"))[::-1]


def make_due(database):
    with database.session() as db:
        db.execute(update(WebhookMessage).values(due_at=datetime.now(UTC)))
        db.execute(update(Webhook).values(paused_until=None))


def is_verified(request, secret, now=None):
    """Verify a request as the specification says: any of the signatures, a fresh timestamp."""
    headers = request.headers
    sent_at = int(headers["webhook-timestamp"])
    if abs(sent_at - (now or datetime.now(UTC)).timestamp()) > TOLERANCE_S:
        return False
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request.body))
    key = base64.b64decode(secret.split("_", 1)[1], validate=True)
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(each == f"v1,{expected}" for each in headers["webhook-signature"].split(" "))


def test_a_scan_is_told_signed_and_once(database, delivery, start_vendor):
    vendor = start_vendor(reply(status=204))
    secret = set_up(database, vendor.url)
    delivery.look()
    assert vendor.requests == []
    scan(database, 1, 2)
    delivery.look()
    delivery.look()
    (request,) = vendor.requests
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/hooks", "application/json")
    assert is_verified(request, secret)
    told = json.loads(request.body)
    assert (told["type"], [each["badge_id"] for each in told["data"]["scans"]]) == (
        "attendance.scanned",
        ["B-1", "B-2"],
    )
    assert "Chen" not in request.body.decode()
    (message,) = messages(database)
    assert (message.state, message.status, message.attempts) == ("sent", 204, 1)
    assert request.headers["webhook-id"] == message.message_id


def test_what_was_changed_on_the_way_or_recorded_or_signed_by_another_is_not_verified(database, delivery, start_vendor):
    vendor = start_vendor(reply(status=204))
    secret = set_up(database, vendor.url)
    scan(database, 1)
    delivery.look()
    (request,) = vendor.requests
    assert not is_verified(request, webhook.new_secret())
    assert not is_verified(request, secret, datetime.now(UTC) + timedelta(minutes=6))
    request.body += b" "
    assert not is_verified(request, secret)


def test_during_a_rotation_both_secrets_verify(database, delivery, start_vendor):
    vendor = start_vendor(reply(status=204))
    old = set_up(database, vendor.url)
    new = act(database, lambda db, owner: changes.rotate(db, BOX, owner, BY)).secret
    scan(database, 1)
    delivery.look()
    (request,) = vendor.requests
    assert (is_verified(request, old), is_verified(request, new)) == (True, True)
    assert len(request.headers["webhook-signature"].split(" ")) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(status=500), "It answered 500."),
        (reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), "It answered 302."),
        (reply(status=404), "It answered 404."),
        (None, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", ""),
        (b"SSH-2.0-OpenSSH\r\n", ""),
    ],
    ids=["500", "redirect", "404", "closed", "too large", "no http"],
)
def test_what_is_not_accepted_is_sent_again_later_with_the_same_id(database, delivery, start_vendor, answer, error):
    vendor = start_vendor([answer, reply(status=200)])
    set_up(database, vendor.url)
    scan(database, 1)
    delivery.look()
    (message,) = messages(database)
    assert (message.state, message.attempts) == ("waiting", 1)
    assert error in message.error
    make_due(database)
    delivery.look()
    assert messages(database)[0].state == "sent"
    assert len({each.headers["webhook-id"] for each in vendor.requests if each.head}) == 1


def test_a_redirect_is_not_followed_so_that_it_leads_to_no_other_machine(database, delivery, start_vendor):
    inside = start_vendor(reply(status=200))
    vendor = start_vendor(reply(status=307, headers={"Location": f"{inside.url}/admin"}))
    set_up(database, vendor.url)
    scan(database, 1)
    delivery.look()
    assert (len(vendor.requests), inside.requests) == (1, [])


def test_an_address_on_this_machine_is_not_called_where_that_is_not_allowed(database, redis, start_vendor):
    vendor = start_vendor(reply(status=200))
    set_up(database, vendor.url)
    scan(database, 1)
    strict = OutboundRequests(redis=redis, allow_loopback=False, ca_file=None)
    WebhookDelivery(database, BOX, strict, lambda: False).look()
    strict.close()
    assert vendor.requests == []
    assert messages(database)[0].state == "waiting"


def test_an_address_that_says_it_is_gone_is_given_up_and_the_organizer_is_told(database, delivery, start_vendor):
    vendor = start_vendor(reply(status=410))
    set_up(database, vendor.url)
    scan(database, 1)
    delivery.look()
    with database.reading() as db:
        hook = webhook.find(db, implementations.find(db, "demo"))
        entry = audit.recent(db, implementation="demo")[0]
    assert (hook.on_since, hook.off_reason) == (None, "It answered that it is gone (410).")
    assert (entry.action, entry.actor) == ("webhook.given_up", "the service")
    scan(database, 2)
    delivery.look()
    assert len(vendor.requests) == 1


def test_one_address_that_fails_holds_up_no_other_implementation(database, delivery, start_vendor):
    bad, good = start_vendor(reply(status=500)), start_vendor(reply(status=200))
    set_up(database, bad.url)
    with database.session() as db:
        other = implementations.create(db, "other", "Other", "UTC")
        changes.save(db, BOX, other, WebhookDraft(good.url, development=True), BY, environment=DEVELOPMENT)
        changes.send_test(db, other, BY)
    scan(database, *range(1, 200))
    delivery.look()
    assert (len(bad.requests), len(good.requests)) == (1, 1)


def test_a_slow_address_with_many_messages_holds_up_no_other_implementation(database, delivery, start_vendor):
    slow, other_vendor = start_vendor(reply(status=200)), start_vendor(reply(status=200))
    set_up(database, slow.url)
    for _ in range(MOST_MESSAGES + 5):
        act(database, changes.send_test, BY)
    with database.session() as db:
        other = implementations.create(db, "other", "Other", "UTC")
        changes.save(db, BOX, other, WebhookDraft(other_vendor.url, development=True), BY, environment=DEVELOPMENT)
        for _ in range(2):
            changes.send_test(db, other, BY)
    delivery.look()
    assert (len(slow.requests), len(other_vendor.requests)) == (MOST_MESSAGES - 2, 2)


def test_a_secret_that_no_key_opens_is_said_and_nothing_is_sent_unsigned(database, outbound, start_vendor):
    vendor = start_vendor(reply(status=200))
    set_up(database, vendor.url)
    scan(database, 1)
    WebhookDelivery(database, SecretBox(["n" * 40]), outbound, lambda: False).look()
    assert vendor.requests == []
    assert messages(database)[0].error == "The secret cannot be opened."


def test_neither_the_body_nor_the_secret_is_in_the_log(database, delivery, start_vendor, caplog):
    caplog.set_level(logging.DEBUG)
    vendor = start_vendor([reply({"echo": "Chen"}, status=500), reply(status=200)])
    secret = set_up(database, vendor.url, with_names=True)
    scan(database, 1)
    delivery.look()
    make_due(database)
    delivery.look()
    assert "Chen 1" in vendor.requests[0].body.decode()
    for word in (secret.removeprefix("whsec_"), "Chen", "B-1"):
        assert word not in caplog.text


def test_a_person_sends_a_test_and_an_ended_message_again(database, delivery, start_vendor):
    vendor = start_vendor(reply(status=200))
    secret = set_up(database, vendor.url)
    message = act(database, changes.send_test, BY)
    delivery.look()
    act(database, changes.replay, message.message_id, BY)
    delivery.look()
    first, second = vendor.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert json.loads(first.body)["type"] == "webhook.test"
    assert is_verified(second, secret)
