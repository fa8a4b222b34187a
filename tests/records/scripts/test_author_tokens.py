"""Author tokens: shown once, of one implementation, with less than their maker has, ended and revoked in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import Database, Implementation, RuleViolation
from records.columns import utc_now
from records.people import grants, users
from records.roles import Permission
from records.scripts import author_tokens
from records.scripts.author_tokens import AuthorTokenDraft
from records.tenants import implementations
from tests.support.script_authors import add_author

SUBMIT = frozenset({Permission.SUBMIT_SCRIPTS})
DAY = timedelta(days=1)


def make(db: Session, demo: Implementation, *, person="demo/ann", **changes):
    wanted = {"name": "ci", "may": SUBMIT, "lasts": DAY} | changes
    draft = AuthorTokenDraft(wanted["name"], frozenset(wanted["may"]), utc_now() + wanted["lasts"])
    return author_tokens.make(db, demo, draft, person=add_author(db, person))


def test_only_the_hash_of_a_token_is_stored(database: Database, demo: Implementation):
    with database.session() as db:
        token, shown = make(db, demo)
        assert shown.startswith("sst_")
        assert shown not in repr(token)
    with database.reading() as db:
        row = db.execute(text("SELECT * FROM author_tokens")).one()
        assert not any(shown.removeprefix("sst_") in str(value) for value in row)
        found = author_tokens.find_usable(db, demo, shown, utc_now())
        assert (found.token.name, found.person, found.may) == ("ci", "demo/ann", SUBMIT)


def test_a_token_counts_in_its_own_implementation_until_it_ends_or_is_revoked(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    token, shown = make(db, demo)
    now = utc_now()
    assert token.given == SUBMIT
    assert author_tokens.find_usable(db, other, shown, now) is None
    assert author_tokens.find_usable(db, demo, shown + "x", now) is None
    assert author_tokens.find_usable(db, demo, "\ud800", now) is None
    assert author_tokens.find_usable(db, demo, shown, token.ends_at) is None
    assert author_tokens.find_usable(db, demo, shown, token.ends_at - timedelta(seconds=1)).token is token
    assert author_tokens.revoke(db, token, "demo/olga")
    assert not author_tokens.revoke(db, token, "demo/ann")
    assert author_tokens.find_usable(db, demo, shown, now) is None
    assert token.revoked_by == "demo/olga"


def test_a_use_is_noted_once_a_minute(db: Session, demo: Implementation):
    token, _ = make(db, demo)
    now = utc_now()
    for later, noted in ((0, 0), (59, 0), (61, 61)):
        author_tokens.note_use(db, token, now + timedelta(seconds=later))
        assert token.last_used_at == now + timedelta(seconds=noted)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"may": {Permission.REVIEW_SCRIPTS}, "person": "staff/ada"}, "no token has it"),
        ({"may": {Permission.DEPLOY_SCRIPTS}, "person": "staff/ada"}, "no token has it"),
        ({"may": {Permission.GRANT_ROLES}, "person": "staff/ada"}, "no token has it"),
        (
            {"may": {Permission.SEE_RUNS}},
            "its person does not have it. The role organizer or reviewer or administrator has",
        ),
        ({"may": ()}, "at least one"),
        ({"lasts": timedelta(days=365, minutes=1)}, "within the next 365 days"),
        ({"lasts": -DAY}, "within the next 365 days"),
        ({"name": "two words"}, "letters, digits"),
    ],
)
def test_a_token_with_more_than_its_maker_has_or_without_an_end_is_not_made(
    db: Session, demo: Implementation, changes, said
):
    with pytest.raises(RuleViolation, match=said):
        make(db, demo, **changes)
    assert author_tokens.every(db, demo) == []


def test_a_name_is_never_given_twice_and_means_one_token_in_audit_entries(db: Session, demo: Implementation):
    token, _ = make(db, demo)
    author_tokens.revoke(db, token, "demo/ann")
    with pytest.raises(RuleViolation, match="was given to another token"):
        make(db, demo)
    assert author_tokens.person_behind(db, demo, token.actor) == "demo/ann"
    assert author_tokens.person_behind(db, demo, "demo/kim") == "demo/kim"
    assert "/" not in token.actor


def test_a_permission_that_tokens_no_longer_have_is_not_in_a_stored_one(db: Session, demo: Implementation):
    token, _ = make(db, demo)
    db.execute(text('UPDATE author_tokens SET permissions = \'["DEPLOY_SCRIPTS", "SUBMIT_SCRIPTS", "OLD"]\''))
    db.refresh(token)
    assert token.given == SUBMIT


def test_a_token_is_only_as_good_as_its_person_at_the_moment_of_use(db: Session, demo: Implementation):
    demo = db.merge(demo)
    both = {Permission.SUBMIT_SCRIPTS, Permission.SEE_RUNS}
    _, shown = make(db, demo, person="staff/ada", may=both)
    ada = users.find(db, implementations.staff(db), "ada")

    def may():
        found = author_tokens.find_usable(db, demo, shown, utc_now())
        return found.may if found else None

    assert may() == both
    users.disable(db, ada, "left")
    assert may() is None
    users.enable(db, ada)
    assert may() == both
    [grant] = grants.every(db, implementations.staff(db))
    grants.remove(db, implementations.staff(db), grant.id)
    assert may() is None
    grants.add(db, implementations.staff(db), kind="username", value="ada", role="reviewer", by="tests")
    assert may() == {Permission.SEE_RUNS}  # a reviewer does not submit


def test_a_token_of_another_implementations_author_or_of_no_person_allows_nothing(db: Session, demo: Implementation):
    implementations.create(db, "other", "Other")
    _, shown = make(db, demo)
    add_author(db, "other/bob")
    for key in ("other/bob", "command line", "demo/gone", ""):
        db.execute(text("UPDATE author_tokens SET made_by = :key"), {"key": key})
        db.expire_all()
        assert author_tokens.find_usable(db, demo, shown, utc_now()) is None
