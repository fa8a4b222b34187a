"""What the tests of the web room share: an application on a stub status service and real records, and a browser."""

from datetime import UTC, datetime

import jsonschema
import pytest

from records import AgendaSession, UserProfile
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support.application import make_app, make_settings
from tests.support.browser import Site, serving, vendor
from tests.support.people import visitor
from tests.support.real_server import running
from tests.support.records import new_records
from tests.support.stub_status_service import StubStatusService


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'web.db'}")
    with database.session() as db:
        for slug, name in (("demo", "Demo Congress"), ("other", "Other Congress"), ("empty", "Empty Congress")):
            implementations.create(db, slug, name, "Europe/Berlin")
        demo, other = implementations.find(db, "demo"), implementations.find(db, "other")
        for implementation, session_id in ((demo, "CE-1"), (demo, "P70068"), (other, "CE-1")):
            starts, ends = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)
            db.add(
                AgendaSession(
                    implementation_id=implementation.id,
                    session_id=session_id,
                    title="Sepsis in 2026",
                    starts_at=starts,
                    ends_at=ends,
                )
            )
        users.remember(db, demo, "ada", UserProfile("ada@example.org", "attendee", "Ada", "Lovelace"))
        users.remember(db, demo, "rtl", UserProfile("noor@example.org", "attendee", "نور", "الهاشمي"))
        users.remember(
            db, demo, "long", UserProfile("k", "staff", "Maximiliana-Friederike", "Donaudampfschifffahrtsgesellschaft")
        )
        users.remember(db, other, "bob", UserProfile("bob@example.org", "attendee", "Bob", "Byte"))
    yield database
    database.dispose()


@pytest.fixture
def status_service():
    return StubStatusService()


@pytest.fixture
def settings():
    return make_settings()


@pytest.fixture
def store(redis):
    return LoginStore(redis)


@pytest.fixture
def app(settings, status_service, database, store):
    return make_app(database, store, settings, status_service=status_service, checks={"store": lambda: True})


@pytest.fixture
def http(app):
    """A client without any login; addresses are below the public one."""
    return app.test_client()


@pytest.fixture
def http_without_cookies(app):
    """A client which sends a Cookie header as it is written: the other one would take it away."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def logins(app):
    return app.extensions["status services"].logins


@pytest.fixture
def bearer(store):
    """Headers of the app for a user of an implementation."""

    def make(implementation="demo", subject="ada"):
        return {"Authorization": f"Bearer {store.tokens.issue(visitor(implementation, subject)).access}"}

    return make


@pytest.fixture
def log_in(http, logins):
    """Give the client the login cookie of a user."""

    def act(implementation="demo", subject="ada"):
        http.set_cookie(logins.cookie, logins.sign(visitor(implementation, subject)), domain="status.example.org")

    return act


@pytest.fixture(scope="session")
def site(database, valkey_url):
    """One server for the whole run; a test sets what its stub status service answers."""
    status_service = StubStatusService()

    def make(address):
        return make_app(database, store, make_settings(address), status_service=status_service)

    store = LoginStore(connect(valkey_url))
    with serving(make) as (address, app):
        yield Site(address, status_service, app)
    store.close()


@pytest.fixture
def vendor_site():
    with serving(lambda _: vendor) as (address, _):
        yield address


@pytest.fixture
def open_page(chromium, site):
    """Open pages in a fresh profile; at the end, nothing may have been complained about on any of them."""
    site.status_service.reset()
    site.app.extensions["status services"].rate_limits.clear()
    contexts, complaints = [], []

    def note(page):
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def make(*, logged_in=True, **options):
        context = chromium.new_context(**({"viewport": {"width": 390, "height": 200}} | options))
        contexts.append(context)
        context.on("page", note)
        if logged_in:
            token = site.app.extensions["status services"].logins.sign(visitor())
            context.add_cookies([{"name": "login", "value": token, "url": site.address}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.complaints = complaints
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def wire(wire_server, redis):
    """The web server itself, with eight threads, for those who send bytes to it; its store is empty."""
    return wire_server


@pytest.fixture(scope="session")
def wire_server(tmp_path_factory, valkey_url):
    """The one server behind `wire`."""
    folder = tmp_path_factory.mktemp("wire")
    with running(folder, valkey_url, web_threads="8", web_waiting="4") as server:
        yield server


@pytest.fixture
def document(http):
    return http.get("/api/openapi.json").json


@pytest.fixture
def fits(document):
    """Say whether an answer is one that the document announces for a path and method."""

    def check(answer, path, method="get"):
        described = document["paths"][path][method]["responses"][str(answer.status_code)]
        announced = described.get("headers", {})
        content = described.get("content", {})
        if not content:
            assert answer.data == b""
        else:
            schema = content[answer.mimetype].get("schema")
            if schema:
                whole = {**schema, "components": document["components"]}
                jsonschema.Draft202012Validator(
                    whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
                ).validate(answer.json)
        for name in ("Retry-After", "WWW-Authenticate", "Location", "ETag", "Preference-Applied"):
            assert name not in answer.headers or name in announced, f"{name} is not announced for {answer.status_code}"

    return check
