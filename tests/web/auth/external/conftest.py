"""Fixtures: the real application on real records and a real store, with organizers and vendors on real sockets."""

import sqlite3
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from records import Database, ExternalAuthDraft, SecretBox
from records.identity import external_auth as external
from records.tenants import implementations
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from tests.support.jwt_signing import EC, ISSUER, jwk
from tests.support.saml_browser import copied
from tests.support.stub_status_service import PUBLIC_URL, StubDesk
from web.app import create_app
from web.auth.external.login_methods import install

KEY = "k" * 40


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('records') / 'external.db'}")
    database.upgrade()
    with database.session() as db:
        for slug, name in (("demo", "Demo Congress"), ("other", "Other Congress"), ("empty", "Empty Congress")):
            implementations.create(db, slug, name, "Europe/Berlin")
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def built(seeded, valkey_url, ca_file, tmp_path_factory):
    """The application on its parts, once for the run: to build it anew for each test takes longer than the tests."""
    copy = copied(seeded, tmp_path_factory.mktemp("records") / "built.db")
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    outreach = OutboundRequests(redis=client, allow_loopback=True, ca_file=ca_file)
    settings = Settings(environment="development", public_url=PUBLIC_URL, secret_key=KEY)
    parts = {"desk": StubDesk(), "database": database, "store": LoginStore(client), "outreach": outreach}
    yield create_app(settings, checks={}, **parts)
    outreach.close()
    client.close()
    database.dispose()


@pytest.fixture
def app(built, redis):
    """The application as if it had just been built: an empty store, nobody seen, nothing set up, no keys fetched."""
    install(built)
    database = built.extensions["entrance"].database
    with closing(sqlite3.connect(database.engine.url.database)) as own:
        own.execute("DELETE FROM external_logins")
        own.execute("DELETE FROM users")
        own.commit()
    return built


@pytest.fixture
def database(app):
    return app.extensions["entrance"].database


@pytest.fixture
def store(app):
    return app.extensions["entrance"].store


@pytest.fixture
def outreach(app):
    return app.extensions["entrance"].outreach


@pytest.fixture
def set_up(database):
    """Give an implementation its External Authentication."""

    def act(kind, fields, secret=None, slug="demo"):
        draft = ExternalAuthDraft(kind, fields, secret, development=True)
        with database.session() as db:
            external.save(db, SecretBox([KEY]), implementations.find(db, slug), draft, by="tests")

    return act


@pytest.fixture
def signed(set_up):
    """An implementation which believes ES256 of one key; changes as in the records."""

    def act(slug="demo", secret=None, **changes):
        fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}} | changes
        set_up("jwt", fields, secret, slug)

    return act


@pytest.fixture(scope="module")
def standing(seeded, valkey_url, tmp_path_factory):
    """An application that stands for a whole file, where `demo` believes ES256 of one key; for what changes nothing."""
    copy = copied(seeded, tmp_path_factory.mktemp("records") / "standing.db")
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}}
    with database.session() as db:
        external.save(
            db, SecretBox([KEY]), implementations.find(db, "demo"), ExternalAuthDraft("jwt", fields), by="tests"
        )
    settings = Settings(environment="development", public_url=PUBLIC_URL, secret_key=KEY)
    app = create_app(settings, desk=StubDesk(), database=database, checks={}, store=LoginStore(client), outreach=None)
    with app.test_request_context(base_url=PUBLIC_URL):
        yield app
    client.close()
    database.dispose()


@pytest.fixture
def inside(app):
    """Code under test finds the application, as in a request."""
    with app.test_request_context(base_url=PUBLIC_URL):
        yield app


class ClientAtPublicUrl(FlaskClient):
    """Asks as a browser does that was given the public address."""

    def open(self, *args, **more):
        return super().open(*args, **({"base_url": PUBLIC_URL} | more))


@pytest.fixture
def make_browser(app):
    app.test_client_class = ClientAtPublicUrl
    return app.test_client


@pytest.fixture
def browser(make_browser):
    return make_browser()
