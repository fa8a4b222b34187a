"""Making and revoking tokens: the text is in no entry, and a token makes no token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import RuleViolation, UserProfile, audit
from records.audit import AuditContext
from records.changes.scripts import author_tokens
from records.columns import utc_now
from records.people import users
from records.roles import Permission
from records.scripts.author_tokens import AuthorTokenDraft
from tests.support.script_authors import add_author

ANN = AuditContext("demo/ann")


def draft(name="ci"):
    return AuthorTokenDraft(name, frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))


def test_a_token_is_made_and_revoked_with_entries_that_do_not_hold_it(db, demo):
    mine = db.merge(demo)
    after = author_tokens.make(db, mine, draft(), ANN, person=add_author(db, "demo/ann"))
    assert not after.announced
    assert after.value.text not in repr(after)
    assert author_tokens.revoke(db, mine, "ci", ANN).made
    assert not author_tokens.revoke(db, mine, "ci", ANN).made
    with pytest.raises(RuleViolation, match="not an author token of demo"):
        author_tokens.revoke(db, mine, "other", ANN)
    made, revoked = audit.recent(db)[::-1]
    assert (made.action, made.target, made.detail["permissions"]) == ("author_token.made", "ci", ["SUBMIT_SCRIPTS"])
    assert (revoked.action, revoked.target) == ("author_token.revoked", "ci")
    assert after.value.text not in str(made.detail)


def test_a_token_makes_no_token(db, demo):
    mine = db.merge(demo)
    with pytest.raises(RuleViolation, match="must be made by a person"):
        author_tokens.make(db, mine, draft(), AuditContext("author token ci"), person=add_author(db, "demo/ann"))


def test_a_person_makes_tokens_for_themselves_and_the_command_line_for_a_person_who_may_submit(db, demo):
    mine = db.merge(demo)
    add_author(db, "demo/ann")
    users.remember(db, mine, "kim", UserProfile("kim"))
    with pytest.raises(RuleViolation, match="must be the person who makes the token"):
        author_tokens.make(db, mine, draft(), AuditContext("demo/kim"), person="demo/ann")
    operator = AuditContext("command line")
    for person in (
        "command line",
        "ann",
        "demo/kim",
        "demo/nobody",
        "other/ann",
        "demo/",
        "/ann",
        " demo/ann",
        "demo/\0",
    ):
        with pytest.raises(RuleViolation, match="person"):
            author_tokens.make(db, mine, draft(), operator, person=person)
    made = author_tokens.make(db, mine, draft(), operator, person="demo/ann").value.token
    assert made.made_by == "demo/ann"
    entry = audit.recent(db)[0]
    assert (entry.actor, entry.detail["person"]) == ("command line", "demo/ann")


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("demo/ann.example", "person: must be written with the user's ID: ann.example is the username of demo/165"),
        ("demo/nobody", "person: must have logged in once: demo has no user with the ID nobody"),
        ("demo/7", "person: must be a person who may submit scripts for demo, such as one with the role author"),
    ],
)
def test_a_person_who_may_not_submit_is_the_only_fault_and_is_told_what_to_write(db, demo, person, said):
    mine = db.merge(demo)
    users.remember(db, mine, "165", UserProfile("ann.example"))
    users.remember(db, mine, "7", UserProfile("kim"))
    with pytest.raises(RuleViolation) as refused:
        author_tokens.make(db, mine, draft(), AuditContext("command line"), person=person)
    assert str(refused.value) == said
