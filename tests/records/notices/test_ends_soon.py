"""Notices about what ends soon: told once, in time, to the person who can do something about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from records.identity import saml_providers as saml
from records.identity.saml_providers import SamlDraft
from records.identity.sp_keys import SpKey
from records.notices.ends_soon import LONGEST_NOTICE, announce_ends
from records.notices.notice_tables import Mail, Notice
from records.people import grants
from records.people.users import User
from records.roles import Permission
from records.scripts import author_tokens
from records.scripts.author_tokens import AuthorTokenDraft
from records.tenants import implementations
from runner.settings.mail_settings import LEAST_NOTICE_DAYS
from tests.support.certificates import certificate

NOW = datetime.now(UTC)


@pytest.fixture
def token(database, crowd):
    """A token of Ann that ends in 90 days."""
    with database.session() as db:
        draft = AuthorTokenDraft("ci", frozenset({Permission.SUBMIT_SCRIPTS}), NOW + timedelta(days=90))
        return author_tokens.make(db, implementations.find(db, "demo"), draft, person="demo/ann")[0].id


def announced(database, days):
    """How many notices are new after so many days."""
    with database.session() as db:
        return announce_ends(db, NOW + timedelta(days=days), mailing=True)


def test_the_owner_of_a_token_is_told_once_fourteen_days_before_its_end(database, token, told):
    assert [announced(database, days) for days in (1, 75, 77, 78, 89, 91)] == [0, 0, 1, 0, 0, 0]
    assert told() == [("ann", "token.ends")]
    with database.reading() as db:
        assert db.scalars(select(Notice.values)).one()["token"] == "ci"
        assert len(db.scalars(select(Mail)).all()) == 1


def test_a_token_that_was_made_for_a_short_time_is_not_mentioned(database, crowd):
    with database.session() as db:
        draft = AuthorTokenDraft("short", frozenset({Permission.SUBMIT_SCRIPTS}), NOW + timedelta(days=13))
        author_tokens.make(db, implementations.find(db, "demo"), draft, person="demo/ann")
    assert announced(database, 1) == 0


@pytest.mark.parametrize("why", ["revoked", "role lost", "archived"])
def test_of_a_token_that_is_of_no_use_any_more_nobody_is_told(database, token, why):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        if why == "revoked":
            author_tokens.revoke(db, author_tokens.by_name(db, demo, "ci"), "demo/ann")
        elif why == "role lost":
            ann = next(one for one in grants.every(db, demo) if one.value == "ann")
            grants.remove(db, demo, ann.id)
        else:
            demo.archived_at = NOW
    assert announced(database, 80) == 0


@pytest.mark.parametrize(("days", "new"), [(60, 0), (20, 1), (-1, 0)])
def test_those_who_look_after_an_identity_provider_are_told_once_of_its_certificates(database, crowd, box, days, new):
    pem = certificate("idp.example.org", ends=NOW.replace(microsecond=0) + timedelta(days=days))
    with database.session() as db:
        demo = implementations.find(db, "demo")
        saml.save(
            db, box, demo, SamlDraft("https://idp.example.org", "https://idp.example.org/sso", "", (pem,)), "tests"
        )
    assert [announced(database, 0), announced(database, 1)] == [new, 0]
    with database.reading() as db:
        rows = db.execute(select(User.subject, Notice.kind).join(User, User.id == Notice.user_id)).all()
    assert [tuple(row) for row in rows] == [("max", "certificate.ends")] * new


def test_of_our_own_certificates_they_are_told_too(database, crowd, box, told, monkeypatch):
    monkeypatch.setattr("records.identity.certificates.OWN_RSA_BITS", 2048)
    with database.session() as db:
        saml.sp_keys(db, box, implementations.find(db, "demo"))
        for key in db.scalars(select(SpKey)):
            key.not_after = NOW + timedelta(days=20)
    assert announced(database, 0) == 2
    assert told() == [("max", "own certificate.ends")] * 2
    with database.reading() as db:
        assert {values["use"] for values in db.scalars(select(Notice.values))} == {"signing", "encryption"}


def test_notices_are_kept_for_longer_than_anything_is_told_beforehand():
    """Otherwise it would be told again after its notice was forgotten."""
    assert timedelta(days=LEAST_NOTICE_DAYS) > LONGEST_NOTICE
