"""Fixtures: implementations with forged providers, the real application on real records and a real store, browsers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from records import AgendaSession, Database, SecretBox
from records.people import grants
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect as connect_store
from tests.support.application import KEY, copied, make_app, make_settings, small_keys
from tests.support.records import new_records
from tests.support.saml_browser import PROVIDERS, Browser, connect

NAMES = {"demo": "Demo Congress", "other": "Other Congress", "empty": "Empty Congress", "hints": "Hinting Congress"}


@pytest.fixture(scope="session")
def box():
    return SecretBox([KEY])


@pytest.fixture(scope="session")
def seeded(tmp_path_factory, box):
    """Records with implementations and their providers; made once, with small keys, because RSA keys are slow to make."""
    with small_keys():
        yield from made(tmp_path_factory, box)


def made(tmp_path_factory, box):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'auth.db'}", environment="development")
    with database.session() as db:
        for slug, name in NAMES.items():
            made = implementations.create(db, slug, name, "Europe/Berlin")
            starts, ends = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)
            row = {"implementation_id": made.id, "session_id": "CE-1", "title": "Sepsis in 2026"}
            db.add(AgendaSession(**row, starts_at=starts, ends_at=ends))
        staff = implementations.staff(db)
        grants.add(db, staff, kind="username", value="root@ativ.example", role="administrator", by="tests")
        for slug, idp in PROVIDERS.items():
            connect(db, box, slug, idp, allow_unsolicited=slug == "hints")
    yield database
    database.dispose()


@pytest.fixture
def database(seeded, tmp_path):
    """A copy of its own for each test."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path / 'auth.db')}")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def settings():
    return make_settings()


@pytest.fixture(scope="session")
def shared_app(settings, seeded, valkey_url):
    """The application, put together once: a hundred addresses take their time."""
    client = connect_store(valkey_url)
    yield make_app(seeded, LoginStore(client), settings)
    client.close()


@pytest.fixture
def app(shared_app, database, redis):
    """The application on the test's own records and an empty store."""
    parts = dict(shared_app.extensions)
    for name in ("auth services", "status services"):
        shared_app.extensions[name] = replace(parts[name], database=database)
    parts["status services"].status_service.reset()
    yield shared_app
    shared_app.extensions.update(parts)


@pytest.fixture
def store(app):
    return app.extensions["auth services"].store


@pytest.fixture
def status_service(app):
    return app.extensions["status services"].status_service


@pytest.fixture
def browser(app):
    return Browser(app)


@pytest.fixture
def other_browser(app):
    """The browser of another person."""
    return Browser(app)
