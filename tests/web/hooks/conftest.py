"""An implementation whose vendor has a secret, and calls that are signed with it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from records import Database, SecretBox
from records.audit import AuditContext
from records.changes import facts as changes
from records.facts import fact_lists
from records.people import users
from records.tenants import implementations
from runner.background.webhook_signature import signed_headers
from tests.support.application import copied

FACTS = "/hooks/demo/facts"
BY = AuditContext("demo/olga")


@pytest.fixture
def database(database, tmp_path):
    """A database of this test's own, in which the same id is a person of two implementations."""
    own = Database(f"sqlite:///{copied(database, tmp_path / 'facts.db')}")
    with own.session() as db:
        users.remember(db, implementations.find(db, "other"), "ada", users.UserProfile("ada"))
    yield own
    own.dispose()


@pytest.fixture
def make_secret(database, settings):
    """Make a secret of an implementation; return its number and its text."""

    def make(slug="demo"):
        with database.session() as db:
            made = changes.make_secret(db, SecretBox(settings.keys), implementations.find(db, slug), BY).value
        return made.secret.id, made.text

    return make


@pytest.fixture
def secret(make_secret):
    return make_secret()[1]


@pytest.fixture
def push(http, secret):
    """Push a body, which is signed unless the test says what is sent instead."""
    numbers = iter(range(1000))

    def send(body, *, path=FACTS, signed_by=secret, **more):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        now = datetime.now(UTC) - more.get("ago", timedelta())
        made = signed_headers(more.get("message") or f"msg_{next(numbers)}", raw, [key(signed_by)], now)
        sent = made | more.get("headers", {})
        return http.post(path, data=raw, headers=sent, content_type=more.get("content_type", "application/json"))

    return send


@pytest.fixture
def known(database):
    """What is known of a person, by session."""

    def of(user="ada", slug="demo"):
        with database.reading() as db:
            found = fact_lists.of_user(db, implementations.find(db, slug), user)
        return {each.session: each.content for each in found}

    return of


def key(secret):
    return base64.b64decode(secret.removeprefix("whsec_"))


def facts(entries=None, *, session="CE-1", at=None):
    at = at or datetime.now(UTC)
    return {
        "session": session,
        "at": at.isoformat(),
        "facts": {"ada": {"claimed": True}} if entries is None else entries,
    }
