"""The secrets with which vendors sign: made and shown once, replaced with a day of overlap, revoked, resealed."""

import base64
import json
from datetime import timedelta

import pytest

from records import RuleViolation, SecretBox, audit
from records.audit import AuditContext
from records.changes import facts as changes
from records.columns import utc_now
from records.facts import hook_secrets
from records.maintenance import resealing
from records.tenants import implementations

BY = AuditContext("staff/root", "the vendor asked")


@pytest.fixture
def owner(db, demo):
    return implementations.find(db, demo.slug)


@pytest.fixture
def make(db, box, owner):
    return lambda: changes.make_secret(db, box, owner, BY).value


def key(made):
    return base64.b64decode(made.text.removeprefix("whsec_"))


def test_a_new_secret_takes_the_place_of_the_one_before_within_a_day(db, box, owner, make):
    first, second = make(), make()
    now = utc_now()
    assert hook_secrets.keys(db, box, owner, now) == [key(second), key(first)]
    assert hook_secrets.keys(db, box, owner, now + timedelta(hours=24, minutes=1)) == [key(second)]
    assert len(key(first)) == 32


def test_a_revoked_secret_ends_at_once_and_its_text_is_gone(db, box, owner, make):
    first, second = make(), make()
    revoked = changes.revoke_secret(db, owner, second.secret.id, BY)
    assert (revoked.made, revoked.value.sealed_secret) == (True, None)
    assert hook_secrets.keys(db, box, owner, utc_now()) == [key(first)]
    assert not changes.revoke_secret(db, owner, second.secret.id, BY).made


def test_a_secret_of_another_implementation_is_neither_used_nor_revoked(db, box, owner, make):
    made, other = make(), implementations.create(db, "other", "Other Congress")
    assert hook_secrets.keys(db, box, other, utc_now()) == []
    with pytest.raises(RuleViolation, match="not one of this implementation"):
        changes.revoke_secret(db, other, made.secret.id, BY)


def test_more_than_three_secrets_are_not_valid_at_once(db, owner, make):
    made = [make(), make(), make()]
    with pytest.raises(RuleViolation, match="revoke one"):
        make()
    changes.revoke_secret(db, owner, made[0].secret.id, BY)
    make()


def test_no_secret_is_in_the_audit_entries(db, make, owner):
    made = make()
    changes.revoke_secret(db, owner, made.secret.id, BY)
    entries = audit.recent(db)
    assert [(each.action, each.target) for each in entries[:2]] == [
        ("facts.secret_revoked", str(made.secret.id)),
        ("facts.secret_made", str(made.secret.id)),
    ]
    assert made.text not in json.dumps([[each.detail, each.target, each.reason] for each in entries])
    assert made.text not in repr(made)


def test_secrets_are_resealed_and_those_that_no_key_opens_are_found(db, box, owner, make):
    made = make()
    new = SecretBox(["another key of the tests, long enough"])
    (lost,) = resealing.unreadable_secrets(db, new)
    assert (lost.kind, lost.name) == (resealing.PUSHES, f"number {made.secret.id}")
    make()
    row = db.get_one(type(made.secret), made.secret.id)
    sealed, row.sealed_secret = row.sealed_secret, b"overwritten"
    assert len(hook_secrets.keys(db, box, owner, utc_now())) == 1
    assert hook_secrets.unreadable(db, box, owner, utc_now()) == [made.secret.id]
    row.sealed_secret = sealed
    both = SecretBox(["another key of the tests, long enough", "a key of the tests, long enough to be one"])
    assert resealing.reseal_all(db, both) == 2
    assert key(made) in hook_secrets.keys(db, both, owner, utc_now())
    assert resealing.unreadable_secrets(db, both) == []
