"""Fixtures: the real application on real records and a real store, with organizers and vendors on real sockets."""

import sqlite3
from contextlib import closing

import pytest

from records import Database, ExternalAuthDraft, SecretBox
from records.identity import external_auth as external
from records.tenants import implementations
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.store.clients import connect
from tests.support.application import KEY, copied, make_app
from tests.support.jwt_signing import EC, ISSUER, jwk
from tests.support.records import new_records
from tests.support.stub_status_service import PUBLIC_URL
from web.auth.external.login_methods import install


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'external.db'}")
    with database.session() as db:
        for slug, name in (("demo", "Demo Congress"), ("other", "Other Congress"), ("empty", "Empty Congress")):
            implementations.create(db, slug, name, "Europe/Berlin")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def shared_app(seeded, valkey_url, ca_file, tmp_path_factory):
    """The application, built once for the run: building it for each test takes longer than the tests."""
    copy = copied(seeded, tmp_path_factory.mktemp("records") / "built.db")
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    outbound = OutboundRequests(redis=client, allow_loopback=True, ca_file=ca_file)
    yield make_app(database, LoginStore(client), outbound=outbound)
    outbound.close()
    client.close()
    database.dispose()


@pytest.fixture
def app(shared_app, redis):
    """The application in its initial state: an empty store, no users, nothing set up, no keys fetched."""
    install(shared_app)
    database = shared_app.extensions["auth services"].database
    with closing(sqlite3.connect(database.engine.url.database)) as own:
        own.execute("DELETE FROM external_logins")
        own.execute("DELETE FROM users")
        own.commit()
    return shared_app


@pytest.fixture
def database(app):
    return app.extensions["auth services"].database


@pytest.fixture
def store(app):
    return app.extensions["auth services"].store


@pytest.fixture
def outbound(app):
    return app.extensions["auth services"].outbound


@pytest.fixture
def save_external(database):
    """Give an implementation its External Authentication."""

    def act(kind, fields, secret=None, slug="demo"):
        draft = ExternalAuthDraft(kind, fields, secret, development=True)
        with database.session() as db:
            external.save(db, SecretBox([KEY]), implementations.find(db, slug), draft, by="tests")

    return act


@pytest.fixture
def signed(save_external):
    """An implementation which believes ES256 of one key; changes as in the records."""

    def act(slug="demo", secret=None, **changes):
        fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}} | changes
        save_external("jwt", fields, secret, slug)

    return act


@pytest.fixture(scope="module")
def read_only_app(seeded, valkey_url, tmp_path_factory):
    """An application that stands for a whole file, where `demo` believes ES256 of one key; for what changes nothing."""
    copy = copied(seeded, tmp_path_factory.mktemp("records") / "standing.db")
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}}
    with database.session() as db:
        external.save(
            db, SecretBox([KEY]), implementations.find(db, "demo"), ExternalAuthDraft("jwt", fields), by="tests"
        )
    app = make_app(database, LoginStore(client))
    with app.test_request_context(base_url=PUBLIC_URL):
        yield app
    client.close()
    database.dispose()


@pytest.fixture
def app_context(app):
    """Code under test finds the application, as in a request."""
    with app.test_request_context(base_url=PUBLIC_URL):
        yield app


@pytest.fixture
def make_browser(app):
    return app.test_client


@pytest.fixture
def browser(make_browser):
    return make_browser()
