"""Fixtures: implementations with an app, a provider and External Authentication; the real application; a phone."""

from datetime import UTC, datetime

import pytest

from records import AgendaSession, Database, ExternalAuthDraft, SecretBox, UserProfile
from records.identity import external_auth as external
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support.application import KEY, copied, make_app, small_keys
from tests.support.jwt_signing import EC, ISSUER, jwk
from tests.support.phone import REDIRECT, SCHEME, Phone
from tests.support.records import new_records
from tests.support.saml_browser import IDP, Browser
from tests.support.saml_browser import connect as connect_provider
from tests.support.stub_status_service import PUBLIC_URL


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    """Made once, with small keys, because RSA keys are slow to make."""
    with small_keys():
        yield from made(tmp_path_factory)


def made(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'app.db'}")
    box = SecretBox([KEY])
    with database.session() as db:
        for slug in ("demo", "other", "bare"):
            addresses = {
                "demo": [REDIRECT, SCHEME, f"{PUBLIC_URL}/m/demo/done"],
                "other": [REDIRECT, "https://app.example.org/other"],
                "bare": [],
            }[slug]
            made = implementations.create(db, slug, slug.title(), app_redirect_uris=addresses)
            starts, ends = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)
            row = {"implementation_id": made.id, "session_id": "CE-1", "title": "Sepsis in 2026"}
            db.add(AgendaSession(**row, starts_at=starts, ends_at=ends))
            users.remember(db, made, "ada", UserProfile("ada@example.org", "attendee", "Ada", "Lovelace", "B-17"))
        connect_provider(db, box, "demo", IDP)
        fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}}
        draft = ExternalAuthDraft("jwt", fields)
        external.save(db, box, implementations.find(db, "demo"), draft, by="tests")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def shared_app(seeded, valkey_url, tmp_path_factory):
    """One application for all tests that need no application of their own. Logins describe people in its records."""
    store = LoginStore(connect(valkey_url))
    database = Database(f"sqlite:///{copied(seeded, tmp_path_factory.mktemp('shared_app') / 'app.db')}")
    yield make_app(database, store)
    store.close()
    database.dispose()


@pytest.fixture
def app(shared_app, redis):
    """The application, with nothing in its store."""
    shared_app.extensions["status services"].status_service.reset()
    return shared_app


@pytest.fixture
def store(app):
    return app.extensions["auth services"].store


@pytest.fixture
def status_service(app):
    return app.extensions["status services"].status_service


@pytest.fixture
def phone(app):
    return Phone(app)


@pytest.fixture
def browser(app):
    return Browser(app)


@pytest.fixture
def own_app(seeded, redis, tmp_path):
    """An application of its own, with a copy of the records, to be changed or broken."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path / 'app.db')}")
    yield make_app(database, LoginStore(redis))
    database.dispose()


@pytest.fixture
def own_phone(own_app):
    return Phone(own_app)


@pytest.fixture
def own_database(own_app):
    return own_app.extensions["auth services"].database


@pytest.fixture
def own_store(own_app):
    return own_app.extensions["auth services"].store
