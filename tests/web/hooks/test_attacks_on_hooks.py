"""Attacks on pushing facts: each is refused as a whole, stores nothing, and makes no message due."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from records.changes import facts as changes
from records.facts.fact_tables import HookSecret
from records.tenants import implementations
from runner.background.webhook_signature import signed_headers
from tests.web.hooks.conftest import BY, FACTS, facts, key
from web.hooks import signed_calls

UTF8 = "application/json"


@pytest.fixture
def refused(push, known, status_service):
    """Push, and expect a refusal after which nothing is known."""

    def expect(status, *sent, **more):
        answer = push(*sent, **more)
        assert answer.status_code == status, answer.json
        assert answer.mimetype == "application/problem+json"
        assert known() == {}
        assert status_service.outdated == []
        return answer.json

    return expect


def test_a_forged_call_is_refused_and_says_so_in_the_log_without_its_body(refused, caplog):
    forged = "whsec_" + base64.b64encode(b"x" * 32).decode()
    with caplog.at_level(logging.WARNING):
        refused(401, facts({"ada": {"card": "4711"}}), signed_by=forged)
    assert "implementation=demo" in caplog.text
    assert "4711" not in caplog.text


def test_a_changed_body_is_refused(refused, secret):
    stamped = signed_headers("msg_x", json.dumps(facts({})).encode(), [key(secret)], datetime.now(UTC))
    refused(401, facts(), headers=stamped)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value", ["", " ", "v1,", "v1", ",", "v2,AAAA", "é", "-1", "1e9", "9" * 40, "v1,!!!", "x" * 300]
)
def test_odd_headers_are_refused(refused, name, value):
    refused(401, facts(), headers={name: value.encode().decode("latin-1")})


def test_an_empty_list_of_signatures_is_refused_and_so_are_1000(refused, secret):
    refused(401, facts(), headers={"webhook-signature": "   "})
    body = json.dumps(facts()).encode()
    right = signed_headers("msg_1", body, [key(secret)], datetime.now(UTC))
    many = " ".join(["v1," + "A" * 43 + "="] * 1000 + [right["webhook-signature"]])
    said = refused(401, body, headers=right | {"webhook-signature": many})
    assert said["detail"] == "There are more than 10 signatures."


@pytest.mark.parametrize("ago", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=4000)])
def test_a_late_call_is_refused_and_so_is_one_of_the_future(refused, ago):
    assert "5 minutes away" in refused(401, facts(), ago=ago)["detail"]


def test_a_replayed_call_changes_nothing(push, known, status_service):
    first = facts({"ada": {"n": 1}})
    assert push(first, message="msg_1").json["taken"] == 1
    push(facts({"ada": {"n": 2}}), message="msg_2")
    status_service.reset()
    again = push(first, message="msg_1")
    assert (again.status_code, again.json) == (200, {"repeated": True, "taken": 0, "unchanged": 0, "not_taken": []})
    assert (known(), status_service.outdated) == ({"CE-1": {"n": 2}}, [])


def test_a_call_that_was_refused_can_be_sent_again_with_the_same_id(push, known):
    assert push(facts(session="CE-9"), message="msg_1").status_code == 422
    assert push(facts(), message="msg_1").json["taken"] == 1
    assert known() != {}


def test_the_secret_of_another_implementation_opens_nothing_here(refused, make_secret):
    refused(401, facts(), signed_by=make_secret("other")[1])


def test_a_push_says_nothing_about_people_of_another_implementation(push, known):
    push(facts({"ada": {"n": 1}}))
    push(facts({"bob": {"n": 1}}))
    assert (known("ada", "other"), known("bob", "other")) == ({}, {})


def test_a_signature_for_another_implementation_is_none_for_this_one_even_with_the_same_secret(http, push, secret):
    assert push(facts(), path="/hooks/other/facts").status_code == 401


def test_a_revoked_secret_opens_nothing(refused, make_secret, database):
    number, text = make_secret()
    with database.session() as db:
        changes.revoke_secret(db, implementations.find(db, "demo"), number, BY)
    refused(401, facts(), signed_by=text)


def test_an_archived_or_unknown_implementation_takes_nothing_and_an_odd_one_is_malformed(push):
    assert push(facts(), path="/hooks/nowhere/facts").status_code == 404
    assert push(facts(), path="/hooks/de%00mo/facts").status_code == 400


def test_a_call_without_any_secret_is_refused_as_one_with_a_wrong_one(http):
    body = json.dumps(facts()).encode()
    headers = signed_headers("msg_1", body, [b""], datetime.now(UTC))
    answer = http.post("/hooks/empty/facts", data=body, headers=headers, content_type=UTF8)
    assert (answer.status_code, "secret" in answer.json["detail"]) == (401, True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{",
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": {"n": NaN}}}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": {"n": 1}, "ada": {"n": 2}}}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": {"n": 1}, "\\u0061da": {"n": 2}}}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": {"n": 1, "n": 2}}}',
        b'{"session": "CE-1", "session": null, "at": "2026-05-04T10:00:00Z", "facts": {}}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z"}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {}, "more": 1}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00", "facts": {}}',
        b'{"session": "CE-1", "at": 1777888800, "facts": {}}',
        b'{"session": "", "at": "2026-05-04T10:00:00Z", "facts": {}}',
        b'{"session": 7, "at": "2026-05-04T10:00:00Z", "facts": {}}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": [{"ada": {}}]}',
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": {"n": ' + b"9" * 5000 + b"}}}",
        b'{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {"ada": '
        + b"[" * 200_000
        + b"]" * 200_000
        + b"}}",
    ],
    ids=range(19),
)
def test_a_body_that_two_parsers_might_read_differently_is_refused_as_a_whole(refused, body):
    refused(400, body)


def test_a_depth_bomb_that_a_parser_survives_is_no_fact(push, known):
    bomb = "[" * 500 + "]" * 500
    answer = push(f'{{"session": "CE-1", "at": "2026-05-04T10:00:00Z", "facts": {{"ada": {{"n": {bomb}}}}}}}'.encode())
    assert answer.json["not_taken"] == [{"user": "ada", "reason": "not an object"}]
    assert known() == {}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"session": "CE-9"}, "session"),
        ({"session": "P70068\0"}, "session"),
        ({"session": "CE-1\ud800"}, "session"),
        ({"at": datetime.now(UTC) + timedelta(hours=1)}, "at"),
        ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "at"),
    ],
)
def test_facts_of_an_unknown_session_of_the_future_or_of_an_unset_time_are_refused(refused, changed, field):
    assert refused(422, facts(**changed))["field"] == field


def test_a_huge_body_is_refused_and_a_huge_user_id_is_unknown(push, refused):
    refused(413, b"x" * (3 * 1024 * 1024 + 1))
    (entry,) = push(facts({"x" * 2_000_000: {}})).json["not_taken"]
    assert (len(entry["user"]), entry["reason"]) == (255, "unknown user")


def test_a_body_that_is_no_json_or_compressed_is_refused(refused):
    refused(415, facts(), content_type="text/plain")
    refused(415, facts(), headers={"Content-Encoding": "gzip"})


def test_a_login_or_a_token_is_no_signature(http, push, bearer, log_in):
    log_in()
    assert http.post(FACTS, json=facts()).status_code == 401
    assert http.post(FACTS, json=facts(), headers=bearer()).status_code == 401
    assert http.get(FACTS).status_code == 405


def test_reading_of_the_body_begins_only_after_the_signature_is_verified(refused, monkeypatch):
    monkeypatch.setattr("web.hooks.views.read_facts", lambda _: pytest.fail("the body of a forged call was parsed"))
    refused(401, facts(), headers={"webhook-signature": "v1,AAAA"})


def test_a_client_that_guesses_is_told_to_wait_and_a_flood_of_a_vendor_too(push, monkeypatch):
    monkeypatch.setattr(signed_calls, "MOST_CALLS", 3)
    assert [push(facts()).status_code for _ in range(4)] == [200, 200, 200, 429]
    monkeypatch.setattr(signed_calls, "MOST_INVALID", 3)
    answers = [push(facts(), headers={"webhook-signature": "v1,AAAA"}) for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_secret_that_no_key_opens_is_refused_alone(push, make_secret, database, caplog):
    """A row that was overwritten in the database must not stop the vendor whose secret is another one."""
    number, text = make_secret()
    with database.session() as db:
        db.get_one(HookSecret, number).sealed_secret = b"gAAAAA overwritten"
    assert push(facts()).json["taken"] == 1
    with caplog.at_level(logging.ERROR):
        assert push(facts(), signed_by=text).status_code == 401
    assert f"no key opens secret {number} for pushes" in caplog.text
    assert text not in caplog.text


def test_wrong_signatures_stop_nobody_who_signs_rightly_from_the_same_address(push, monkeypatch, caplog):
    """A vendor has one address for all its customers, one of whom revoked a secret; and a cloud gives it to strangers."""
    monkeypatch.setattr(signed_calls, "MOST_INVALID", 3)
    with caplog.at_level(logging.WARNING):
        for _ in range(9):
            push(facts(), headers={"webhook-signature": "v1,AAAA"})
    assert caplog.text.count("refused: hook=facts") == 3
    assert push(facts()).json["taken"] == 1
