"""Webhooks in the records: each scan is told once, without names unless chosen; attempts, pauses and giving up; secrets."""

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from records import AgendaSession, RuleViolation, SecretBox, UserProfile, audit
from records.attendance.corrections import AddedScan
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.audit import AuditContext
from records.changes import webhooks as changes
from records.changes.attendance import scans
from records.maintenance import resealing
from records.people import users
from records.storage.environment_mark import DEVELOPMENT, PRODUCTION
from records.tenants import implementations
from records.webhooks import webhook, webhook_events, webhook_outbox
from records.webhooks.webhook import WebhookDraft
from records.webhooks.webhook_outbox import FailedAttempt
from tests.records.attendance.ledger_rows import draft

BY = AuditContext("staff/root")
OLGA = AuditContext("demo/olga", "asked for it")
HOOK = WebhookDraft("https://credits.example.org/hooks")
KEY = "k" * 40


@pytest.fixture
def box():
    return SecretBox([KEY])


@pytest.fixture
def owner(db, demo):
    owner = implementations.find(db, demo.slug)
    db.add(
        AgendaSession(
            implementation_id=owner.id, session_id="s1", title="s1",
            starts_at=datetime(2026, 5, 4, 9, tzinfo=UTC), ends_at=datetime(2026, 5, 4, 10, tzinfo=UTC),
        )
    )  # fmt: skip
    db.flush()
    return owner


@pytest.fixture
def hook(db, box, owner):
    return save(db, box, owner).hook


def save(db, box, owner, wanted=HOOK, environment=PRODUCTION):
    return changes.save(db, box, owner, wanted, BY, environment=environment).value


def append(db, owner, *numbers):
    chain.append(db, chain.lock(db, owner), [(draft(n), BadgeNames(f"Chen {n}", "Ada")) for n in numbers])


def make(db, owner):
    return webhook_outbox.make_messages(db, owner.id, datetime.now(UTC))


def messages(db, owner):
    return webhook_outbox.listed(db, owner)[::-1]


def body(db, owner, message):
    return json.loads(webhook_events.body_of(db, owner, webhook.find(db, owner), message))


def test_nothing_is_told_before_a_webhook_is_set_and_then_only_what_happens_since(db, box, owner):
    append(db, owner, 1, 2)
    assert make(db, owner) == 0
    assert webhook_outbox.owners_with_news(db) == []
    save(db, box, owner)
    assert make(db, owner) == 0
    append(db, owner, 3)
    assert webhook_outbox.owners_with_news(db) == [owner.id]
    assert (make(db, owner), make(db, owner)) == (1, 0)
    (message,) = messages(db, owner)
    assert (message.event, message.first_number, message.last_number) == ("attendance.scanned", 3, 3)


def test_a_message_tells_scans_without_names_and_whose_they_are(db, owner, hook):
    append(db, owner, 1, 2)
    users.remember(db, owner, "165", UserProfile("mei", badge_id=draft(1).badge_id))
    make(db, owner)
    (message,) = messages(db, owner)
    told = body(db, owner, message)
    assert (told["type"], told["data"]["implementation"]) == ("attendance.scanned", "demo")
    first, second = told["data"]["scans"]
    assert (first["user"], first["badge_id"], first["session"]) == ("165", draft(1).badge_id, draft(1).session_id)
    assert "last_name" not in first
    assert "Chen" not in json.dumps(told)
    assert datetime.fromisoformat(first["at"]).tzinfo is not None
    assert second["id"] == draft(2).scan_id


def test_names_are_told_if_chosen_and_those_that_are_erased_meanwhile_are_not(db, box, owner, hook):
    save(db, box, owner, WebhookDraft(HOOK.address, with_names=True))
    append(db, owner, 1)
    make(db, owner)
    (message,) = messages(db, owner)
    assert body(db, owner, message)["data"]["scans"][0]["last_name"] == "Chen 1"
    scans.erase_names(db, owner, draft(1).badge_id, OLGA)
    assert body(db, owner, message)["data"]["scans"][0]["last_name"] == ""


def test_corrections_are_told_apart_from_scans_and_without_their_reason(db, owner, hook):
    append(db, owner, 1)
    scans.void_scan(db, owner, draft(1).scan_id, AuditContext("demo/olga", "it was Bob Byte"))
    added = AddedScan(
        session="s1", badge_id="B-9", at=datetime(2026, 5, 4, 9, 5, tzinfo=UTC), replaces=draft(1).scan_id
    )
    scans.add_scan(db, owner, added, AuditContext("demo/olga", "forgotten"))
    make(db, owner)
    first, second = messages(db, owner)
    assert (first.event, second.event) == ("attendance.scanned", "attendance.corrected")
    voided, new = body(db, owner, second)["data"]["corrections"]
    assert (voided["what"], voided["id"]) == ("voided", draft(1).scan_id)
    assert (new["what"], new["badge_id"], new["replaces"]) == ("added", "B-9", draft(1).scan_id)
    assert "Bob" not in json.dumps(body(db, owner, second))


def test_only_the_chosen_events_are_told_and_test_badges_never(db, box, owner, hook):
    save(db, box, owner, WebhookDraft(HOOK.address, events=("attendance.corrected",)))
    append(db, owner, 1)
    assert make(db, owner) == 0
    save(db, box, owner)

    chain.append(db, chain.lock(db, owner), [(draft(2, badge_id="TEST-BADGE-1"), BadgeNames("", ""))])
    assert make(db, owner) == 0
    assert webhook_outbox.owners_with_news(db) == []


def test_many_scans_are_told_in_messages_of_fifty(db, owner, hook):
    append(db, owner, *range(1, 121))
    assert make(db, owner) == 3
    sizes = [len(body(db, owner, each)["data"]["scans"]) for each in messages(db, owner)]
    assert sizes == [50, 50, 20]


@pytest.mark.parametrize(
    "address",
    [
        "http://credits.example.org/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://u:p@x.example/",
        "ftp://x",
        "",
        "https://localhost/x",
    ],
)
def test_an_address_that_the_service_must_not_call_is_refused(db, box, owner, address):
    with pytest.raises(RuleViolation):
        save(db, box, owner, WebhookDraft(address))
    with pytest.raises(RuleViolation, match="development only"):
        save(db, box, owner, WebhookDraft("http://127.0.0.1:9/", development=True))
    assert webhook.find(db, owner) is None


def test_a_secret_is_shown_once_and_is_in_no_table_and_no_entry(db, box, owner):
    made = save(db, box, owner)
    assert made.secret.startswith("whsec_")
    assert len(base64.b64decode(made.secret.removeprefix("whsec_"))) == 32
    assert save(db, box, owner, WebhookDraft("https://other.example/")).secret == ""
    rotated = changes.rotate(db, box, owner, BY).value
    stored = (
        str(vars(webhook.find(db, owner))) + str([vars(each) for each in audit.recent(db)]) + repr(made) + repr(rotated)
    )
    for secret in (made.secret, rotated.secret):
        assert secret not in stored
        assert secret.removeprefix("whsec_") not in stored


def test_after_a_rotation_both_secrets_sign_for_a_day(db, box, owner):
    old = save(db, box, owner).secret
    new = changes.rotate(db, box, owner, BY).value.secret
    keys = [base64.b64decode(each.removeprefix("whsec_")) for each in (new, old)]
    hook, now = webhook.find(db, owner), datetime.now(UTC)
    assert webhook.signing_secrets(box, owner, hook, now) == keys
    assert webhook.signing_secrets(box, owner, hook, now + timedelta(hours=25)) == keys[:1]


def test_secrets_are_resealed_with_all_others_and_named_when_no_key_opens_them(db, box, owner):
    save(db, box, owner)
    changes.rotate(db, box, owner, BY)
    both = SecretBox(["n" * 40, KEY])
    assert resealing.reseal_all(db, both) == 2
    hook = webhook.find(db, owner)
    assert len(webhook.signing_secrets(SecretBox(["n" * 40]), owner, hook, datetime.now(UTC))) == 2
    assert [each.kind for each in resealing.unreadable_secrets(db, box)] == ["webhook", "webhook"]


def next_claim(db, now):
    """The moment from which the only message can be claimed, to a second: nothing can be claimed one second before."""
    least, most = now, now + timedelta(days=3)
    while most - least > timedelta(seconds=1):
        middle = least + (most - least) / 2
        least, most = (least, middle) if webhook_outbox.is_due(db, middle) else (middle, most)
    assert webhook_outbox.claim_next(db, least) is None
    return most


def test_attempts_are_repeated_after_longer_pauses_for_three_days_and_then_the_message_has_failed(db, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    now, attempts, gave_up = datetime.now(UTC), [], False
    while not gave_up and len(attempts) < 99:
        message = webhook_outbox.claim_next(db, now)
        if message is None:  # go to where it is tried again
            now = next_claim(db, now)
            continue
        attempts.append(now)
        gave_up = webhook_outbox.note_not_sent(db, message.id, now, FailedAttempt("timed out"))
        if messages(db, owner)[0].state == "failed":
            break
    assert messages(db, owner)[0].state == "failed"
    assert 10 <= len(attempts) <= 14
    assert timedelta(days=2) < attempts[-1] - attempts[0] <= timedelta(days=3)
    pauses = [after - before for before, after in pairwise(attempts)]
    assert pauses == sorted(pauses)


def test_while_an_address_fails_one_message_at_a_time_is_tried_and_afterwards_all(db, owner, hook):
    append(db, owner, *range(1, 121))
    make(db, owner)
    now = datetime.now(UTC) + timedelta(seconds=1)
    first = webhook_outbox.claim_next(db, now)
    webhook_outbox.note_not_sent(db, first.id, now, FailedAttempt("answered 500", 500))
    assert webhook_outbox.claim_next(db, now + timedelta(seconds=4)) is None
    later = now + timedelta(seconds=6)
    second = webhook_outbox.claim_next(db, later)
    webhook_outbox.note_sent(db, second.id, later, 204)
    assert len([1 for _ in range(3) if webhook_outbox.claim_next(db, later)]) == 2


def test_a_pause_that_the_other_system_asks_for_is_kept_within_a_day(db, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    now = datetime.now(UTC)
    message = webhook_outbox.claim_next(db, now)
    webhook_outbox.note_not_sent(db, message.id, now, FailedAttempt("answered 503", 503, wait=timedelta(days=99)))
    assert messages(db, owner)[0].due_at == now + timedelta(days=1)


def test_a_message_whose_worker_died_is_sent_again_with_the_same_id(db, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    now = datetime.now(UTC)
    first = webhook_outbox.claim_next(db, now).message_id
    assert webhook_outbox.claim_next(db, now) is None
    later = now + timedelta(minutes=2)
    assert webhook_outbox.is_due(db, later)
    assert webhook_outbox.claim_next(db, later).message_id == first


def test_what_fails_for_three_days_is_given_up_and_loses_nothing(db, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    now = datetime.now(UTC)
    hook.failing_since = now - timedelta(days=3)
    message = webhook_outbox.claim_next(db, now)
    assert webhook_outbox.note_not_sent(db, message.id, now, FailedAttempt("timed out"))
    changes.give_up(db, owner, "It failed for three days.", AuditContext("the service"))
    assert (hook.on_since, messages(db, owner)[0].state) == (None, "failed")
    append(db, owner, 2)
    assert make(db, owner) == 0
    changes.switch_on(db, owner, BY)
    assert make(db, owner) == 1, "what happened since is told"
    assert changes.replay(db, owner, messages(db, owner)[0].message_id, BY).made
    assert {each.state for each in messages(db, owner)} == {"waiting"}


def test_switching_off_drops_what_waits_and_a_test_needs_a_webhook_that_is_on(db, box, owner):
    for act in (changes.send_test, changes.switch_off, changes.switch_on):
        with pytest.raises(RuleViolation, match="is not set up"):
            act(db, owner, BY)
    save(db, box, owner)
    changes.send_test(db, owner, BY)
    assert body(db, owner, messages(db, owner)[0]) | {"timestamp": ""} == {
        "type": "webhook.test", "timestamp": "", "data": {"implementation": "demo"},
    }  # fmt: skip
    changes.switch_off(db, owner, BY)
    assert messages(db, owner)[0].state == "dropped"
    with pytest.raises(RuleViolation, match="is switched off"):
        changes.send_test(db, owner, BY)
    with pytest.raises(RuleViolation, match="is switched off"):
        changes.replay(db, owner, messages(db, owner)[0].message_id, BY)


def test_nothing_is_sent_for_an_archived_implementation_or_one_of_another(db, box, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    other = implementations.create(db, "other", "Other", "UTC")
    save(db, box, other)
    with pytest.raises(RuleViolation, match="is not one of this implementation"):
        changes.replay(db, other, messages(db, owner)[0].message_id, BY)
    owner.archived_at = datetime.now(UTC)
    db.flush()
    assert webhook_outbox.claim_next(db, datetime.now(UTC)) is None
    assert webhook_outbox.owners_with_news(db) == []


def test_ended_messages_are_forgotten_after_a_month(db, owner, hook):
    append(db, owner, 1)
    make(db, owner)
    now = datetime.now(UTC)
    webhook_outbox.note_sent(db, webhook_outbox.claim_next(db, now).id, now, 200)
    webhook_outbox.forget_old(db, now + timedelta(days=29))
    assert len(messages(db, owner)) == 1
    webhook_outbox.forget_old(db, now + timedelta(days=31))
    assert messages(db, owner) == []


def test_an_address_on_this_machine_is_for_development(db, box, owner):
    assert save(
        db, box, owner, WebhookDraft("http://127.0.0.1:9/", development=True), environment=DEVELOPMENT
    ).hook.development
