"""Making and revoking tokens: the text is in no entry, and a token makes no token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import RuleViolation, audit
from records.audit import AuditContext
from records.changes.scripts import author_tokens
from records.columns import utc_now
from records.roles import Permission
from records.scripts.author_tokens import AuthorTokenDraft

ANN = AuditContext("demo/ann")


def draft(name="ci"):
    return AuthorTokenDraft(name, frozenset({Permission.SUBMIT_SCRIPTS}), utc_now() + timedelta(days=1))


def test_a_token_is_made_and_revoked_with_entries_that_do_not_hold_it(db, demo):
    mine = db.merge(demo)
    after = author_tokens.make(db, mine, draft(), ANN, held={Permission.SUBMIT_SCRIPTS})
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
        author_tokens.make(db, mine, draft(), AuditContext("author token ci"), held=set(Permission))
