"""A vendor says that something changed: whose messages are due, what the answer says, and what an attacker gets."""

import base64
import logging

import pytest

from records.tenants import implementations
from tests.web.hooks.conftest import FACTS, facts

CHANGED = "/hooks/demo/status-changed"


def change(users=("ada",), session="CE-1"):
    return {"session": session, "users": list(users) if isinstance(users, tuple) else users}


@pytest.fixture
def tell(push):
    return lambda body, **more: push(body, **{"path": CHANGED, **more})


@pytest.fixture
def refused(tell, status_service):
    def expect(status, *sent, **more):
        answer = tell(*sent, **more)
        assert answer.status_code == status, answer.json
        assert answer.mimetype == "application/problem+json"
        assert status_service.outdated == []
        return answer.json

    return expect


def test_the_messages_of_named_users_are_due_at_a_session_or_at_all(tell, status_service):
    answer = tell(change(("ada", "rtl", "ada")))
    assert (answer.status_code, answer.json) == (200, {"repeated": False, "taken": 2, "not_taken": []})
    assert sorted(status_service.outdated) == [("demo", "ada", "CE-1"), ("demo", "rtl", "CE-1")]
    status_service.reset()
    assert tell(change(session=None)).json["taken"] == 1
    assert status_service.outdated == [("demo", "ada", "")]


def test_without_users_the_messages_of_all_who_look_are_due(tell, status_service):
    assert tell(change(None)).json == {"repeated": False, "taken": 2, "not_taken": []}
    assert status_service.outdated == [("demo", None, "CE-1")]


def test_a_flood_about_everybody_at_one_session_is_told_to_wait_and_all_else_goes_on(tell, push, status_service):
    assert {tell(change(None)).status_code for _ in range(12)} == {200}
    status_service.reset()
    answer = tell(change(None), message="msg_x")
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert status_service.outdated == []
    assert tell(change(None, session="P70068")).status_code == 200
    assert tell(change()).status_code == 200
    assert push(facts(), path=FACTS).status_code == 200


def test_users_that_are_not_known_in_this_spelling_are_told(tell, status_service):
    odd = ("Ada", "ada ", "ada\0", "ada\ud800", "áda", "a" * 300, "", "other/ada", "__proto__")
    answer = tell(change((*odd, "ada"))).json
    assert (answer["taken"], len(answer["not_taken"])) == (1, len(odd))
    assert {each["reason"] for each in answer["not_taken"]} == {"unknown user"}
    assert max(len(each["user"]) for each in answer["not_taken"]) == 255
    assert status_service.outdated == [("demo", "ada", "CE-1")]


def test_nobody_named_makes_nothing_due(tell, status_service):
    assert (tell(change(())).json["taken"], status_service.outdated) == (0, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"session": "CE-1", "session": "CE-2", "users": null}',
        b'{"session": "CE-1"}',
        b'{"session": "CE-1", "users": null, "at": 1}',
        b'{"session": null, "users": null}',
        b'{"session": "", "users": ["ada"]}',
        b'{"session": 7, "users": ["ada"]}',
        b'{"session": "CE-1", "users": "ada"}',
        b'{"session": "CE-1", "users": [7]}',
        b'{"session": "CE-1", "users": [null]}',
        b'{"session": "CE-1", "users": {"ada": {}}}',
        b'{"session": "CE-1", "users": NaN}',
        b'{"session": "CE-1", "users": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
    ids=lambda body: body[:60].decode(),
)
def test_a_body_that_is_no_change_is_refused_whole(refused, body):
    refused(400, body)


def test_1001_users_are_refused_and_so_is_an_unknown_session(refused):
    assert refused(400, change(("ada",) * 1001))["field"] == "users"
    assert refused(422, change(session="CE-9"))["field"] == "session"
    assert refused(422, change(session="CE-1\0"))["field"] == "session"
    assert refused(422, change(session="CE-1\ud800"))["field"] == "session"


def test_a_forged_late_or_foreign_call_makes_nothing_due(refused, make_secret, caplog):
    forged = "whsec_" + base64.b64encode(b"x" * 32).decode()
    with caplog.at_level(logging.WARNING):
        refused(401, change(), signed_by=forged)
    assert "hook=status-changed implementation=demo" in caplog.text
    refused(401, change(), signed_by=make_secret("other")[1])
    refused(401, change(), headers={"webhook-timestamp": "1"})
    refused(404, change(), path="/hooks/nowhere/status-changed")


def test_a_replayed_call_makes_nothing_due_again(tell, status_service):
    assert tell(change(), message="msg_1").json["taken"] == 1
    status_service.reset()
    assert tell(change(), message="msg_1").json == {"repeated": True, "taken": 0, "not_taken": []}
    assert status_service.outdated == []


def test_a_body_of_the_other_hook_says_nothing_here(refused, push, known):
    refused(400, facts())
    assert push(change(), path=FACTS).status_code == 400
    assert known() == {}


def test_a_change_that_the_store_cannot_note_is_not_said_to_be_done(tell, status_service, monkeypatch):
    monkeypatch.setattr(type(status_service), "outdate", lambda *_: False)
    assert tell(change(), message="msg_1").status_code == 503
    monkeypatch.undo()
    assert tell(change(), message="msg_1").json["taken"] == 1


def test_an_archived_implementation_is_not_there(tell, database):
    with database.session() as db:
        implementations.find(db, "demo").archived_at = implementations.find(db, "demo").created_at
    assert tell(change()).status_code == 404
