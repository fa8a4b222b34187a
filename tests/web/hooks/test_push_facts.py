"""Pushing facts, as a vendor does it with the reference libraries: what is taken, what each answer says, what follows."""

import json
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from runner.health.hook_calls import HookCalls
from tests.web.hooks.conftest import FACTS, facts

REFERENCE = Path(__file__).parent / "reference"


def test_facts_are_taken_and_the_messages_of_those_whom_they_change_are_due(push, known, status_service):
    answer = push(facts({"ada": {"claimed": True}, "rtl": None}))
    assert (answer.status_code, answer.json) == (200, {"repeated": False, "taken": 2, "unchanged": 0, "not_taken": []})
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert known() == {"CE-1": {"claimed": True}}
    assert status_service.outdated == [("demo", "ada", "CE-1")]


def test_facts_about_the_whole_event_make_every_session_due(push, known, status_service):
    push(facts(session=None))
    assert known() == {"": {"claimed": True}}
    assert status_service.outdated == [("demo", "ada", "")]


def test_unchanged_facts_make_nothing_due(push, status_service):
    push(facts())
    status_service.reset()
    assert push(facts()).json["unchanged"] == 1
    assert status_service.outdated == []


def test_facts_whose_messages_could_not_be_made_due_are_not_said_to_be_done(push, known, status_service, monkeypatch):
    sent = facts()
    monkeypatch.setattr(type(status_service), "outdate", lambda *_: False)
    answer = push(sent, message="msg_1")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.undo()
    again = push(sent, message="msg_1").json
    assert (again["repeated"], again["unchanged"]) == (False, 1)
    assert (known(), status_service.outdated) == ({"CE-1": {"claimed": True}}, [("demo", "ada", "CE-1")])
    assert push(sent, message="msg_1").json["repeated"]


def test_each_entry_stands_alone_and_the_answer_says_why_it_was_not_taken(push, known):
    newer = datetime.now(UTC)
    push(facts({"rtl": {"n": 2}}, at=newer))
    sent = {"ada": {"n": 1}, "rtl": {"n": 1}, "nina": {}, "ada ": {}, "long": {"t": "x" * 2100}, "": [1]}
    answer = push(facts(sent, at=newer - timedelta(seconds=1))).json
    assert answer["taken"] == 1
    assert {each["user"]: each["reason"] for each in answer["not_taken"]} == {
        "rtl": "older",
        "nina": "unknown user",
        "ada ": "unknown user",
        "long": "too large",
        "": "not an object",
    }
    assert (known(), known("rtl")) == ({"CE-1": {"n": 1}}, {"CE-1": {"n": 2}})


def signed_by_python(secret, message_id, at, body):
    return Webhook(secret).sign(message_id, at, body.decode())


def signed_by_javascript(secret, message_id, at, body):
    command = [shutil.which("node"), "sign.js", secret, message_id, str(int(at.timestamp()))]
    return subprocess.run(command, input=body, capture_output=True, cwd=REFERENCE, check=True).stdout.decode()


@pytest.mark.parametrize("sign", [signed_by_python, signed_by_javascript])
def test_what_the_reference_libraries_sign_is_accepted(http, secret, known, sign):
    if sign is signed_by_javascript and not ((REFERENCE / "node_modules").exists() and shutil.which("node")):
        if os.environ.get("CI") == "true":
            pytest.fail("the reference library for JavaScript is not installed: make test does it")
        pytest.skip("the reference library for JavaScript needs Node: apt-get install npm, then make test")
    body, now = json.dumps(facts({"ada": {"name": "Zoë"}}), ensure_ascii=False).encode(), datetime.now(UTC)
    headers = {
        "Webhook-Id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": sign(secret, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", now, body),
    }
    assert http.post(FACTS, data=body, headers=headers, content_type="application/json").json["taken"] == 1
    assert known() == {"CE-1": {"name": "Zoë"}}


def test_while_a_secret_is_replaced_both_count_and_so_does_a_message_that_both_have_signed(push, make_secret):
    _, new = make_secret()
    assert push(facts()).status_code == push(facts(), signed_by=new).status_code == 200


def test_a_full_push_of_1000_users_is_taken_and_one_of_1001_is_not(push):
    entries = {f"u{number}": {"t": "x" * 2000} for number in range(1000)}
    began = time.process_time()
    answer = push(facts(entries))
    assert (answer.status_code, len(answer.json["not_taken"])) == (200, 1000)
    assert time.process_time() - began < 5
    refused = push(facts({**entries, "one more": {}}))
    assert (refused.status_code, refused.json["field"]) == (400, "facts")


def test_the_last_calls_are_noted_for_the_console_and_no_secret_or_fact_with_them(push, store, secret):
    push(facts({"ada": {"card": "4711"}, "nina": {}}))
    push(b"{", headers={"webhook-signature": "v1,x"})
    calls = HookCalls(store.redis)
    (taken,), (refused,) = calls.recent("demo", taken=True), calls.recent("demo", taken=False)
    assert (taken.hook, taken.said) == ("facts", "CE-1: 1 taken, 1 unknown user.")
    assert refused.said == "No signature is right: the secret or the body is another one."
    assert abs(taken.when - datetime.now(UTC)) < timedelta(minutes=1)
    assert "4711" not in str(taken)
    assert secret not in str([taken, refused])


def test_every_answer_fits_the_document(push, fits):
    answers = [
        push(facts({"ada": {}, "nina": {}}), message="msg_1"),
        push(facts(session="CE-9")),
        push(b"{"),
        push(b"x" * (3 * 1024 * 1024 + 1)),
        push(facts(), headers={"webhook-signature": "v1,x"}),
        push(facts(), content_type="text/plain"),
        push(facts(), path="/hooks/nowhere/facts"),
    ]
    assert [each.status_code for each in answers] == [200, 422, 400, 413, 401, 415, 404]
    for each in answers:
        fits(each, "/hooks/{implementation}/facts", "post")
