"""Fixtures: the real application on real records and a real store, with organizers and vendors on real sockets."""

import sqlite3
from contextlib import closing

import pytest
from flask.testing import FlaskClient

from records import Database, ExternalDraft, SecretBox, external, implementations
from runner.logins import LoginStore
from runner.outreach import Outreach
from runner.settings import Settings
from runner.store import connect
from tests.external.signing import EC, ISSUER, jwk
from tests.web.stub_desk import PUBLIC_URL, StubDesk
from web.app import create_app

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


@pytest.fixture
def database(seeded, tmp_path):
    copy = tmp_path / "external.db"
    with closing(sqlite3.connect(seeded.engine.url.database)) as whole, closing(sqlite3.connect(copy)) as own:
        whole.backup(own)
    database = Database(f"sqlite:///{copy}")
    yield database
    database.dispose()


@pytest.fixture
def set_up(database):
    """Give an implementation its External Authentication."""

    def act(kind, fields, secret=None, slug="demo"):
        draft = ExternalDraft(kind, fields, secret, development=True)
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


@pytest.fixture
def settings():
    return Settings(environment="development", public_url=PUBLIC_URL, secret_key=KEY)


@pytest.fixture
def store(redis):
    return LoginStore(redis)


@pytest.fixture
def outreach(redis, ca_file):
    outreach = Outreach(redis=redis, allow_loopback=True, ca_file=ca_file)
    yield outreach
    outreach.close()


@pytest.fixture
def app(settings, database, store, outreach):
    return create_app(settings, desk=StubDesk(), database=database, checks={}, store=store, outreach=outreach)


@pytest.fixture(scope="module")
def standing(seeded, valkey_url, tmp_path_factory):
    """An application that stands for a whole file, where `demo` believes ES256 of one key; for what changes nothing."""
    copy = tmp_path_factory.mktemp("records") / "standing.db"
    with closing(sqlite3.connect(seeded.engine.url.database)) as whole, closing(sqlite3.connect(copy)) as own:
        whole.backup(own)
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}}
    with database.session() as db:
        external.save(db, SecretBox([KEY]), implementations.find(db, "demo"), ExternalDraft("jwt", fields), by="tests")
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
