"""What the tests of the console share: people of every role, the real application on real records and a real store."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from records import Database, UserProfile, roles
from records.people import grants, users
from records.roles import Scope
from records.tenants import implementations
from runner.logins import LoginStore, Visitor
from tests.support.application import KEY, copied, make_app, make_settings
from tests.support.browser import serving
from tests.support.records import new_records
from tests.support.stub_status_service import PUBLIC_URL, SAME_ORIGIN

#: Who walks through the tests: their implementation, and the role which they have by username. One person for each role.
CROWD = {
    role.name: ("staff" if role.scope is Scope.ALL else "demo", role.name if role.given_with else None)
    for role in roles.TABLE
} | {"disabled": ("demo", "organizer")}

#: Names as nobody should have them, and some do.
HOSTILE = (
    ("script", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    ("rtl", "نور\u202e", "الهاشمي"),
    ("long", "Donaudampfschifffahrt" * 9, "W" * 200),
    ("template", "{{ 7*7 }}{% raw %}", "' OR 1=1 --"),
)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    """Records with everybody in them; made once."""
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'console.db'}")
    with database.session() as db:
        homes = {slug: implementations.create(db, slug, name) for slug, name in NAMES.items()}
        homes["staff"] = implementations.staff(db)
        for home in homes.values():  # older than the logins, some of which are hours old
            home.created_at = datetime.now(UTC) - timedelta(days=2)
        for name, (home, role) in CROWD.items():
            user = users.remember(db, homes[home], name, UserProfile(f"{name}@example.org", "member", name.title()))
            if role:
                grants.add(db, homes[home], kind="username", value=user.username, role=role, by="tests")
            if name == "disabled":
                users.disable(db, user, "for the tests")
        for subject, first, last in HOSTILE:
            users.remember(
                db, homes["demo"], subject, UserProfile(last, first[:100], first, last, last[:100], {first: [last]})
            )
        first = UserProfile("first administrator", "", "First", "administrator")
        users.remember(db, homes["staff"], "first administrator", first, provider="first administrator")
        users.remember(db, homes["other"], "bob", UserProfile("bob@example.org", "member", "Bob"))
    yield database
    database.dispose()


NAMES = {"demo": "Demo Congress", "other": "Other Congress", "hostile": "<b>Kongreß</b> \u202e" + "W" * 180}


@pytest.fixture
def database(seeded, tmp_path):
    """A copy of its own for each test."""
    copy = copied(seeded, tmp_path / "console.db")
    database = Database(f"sqlite:///{copy}")
    yield database
    database.dispose()


@pytest.fixture
def store(redis):
    return LoginStore(redis)


@pytest.fixture
def app(database, store):
    return make_app(database, store)


@pytest.fixture
def logins(app):
    return app.extensions["auth services"].logins


def person(name, *, age_s=0, source="saml", **changes):
    """A login of somebody of the crowd which is so old."""
    home = CROWD.get(name, ("staff", None))[0]
    then = int(time.time()) - age_s
    source = "first administrator" if name == "first administrator" else source
    return replace(Visitor(home, name, f"login-{name}-{age_s}", then, source, then), **changes)


class Desk(FlaskClient):
    """A browser at the public address which sends forms as our own pages do."""

    def open(self, *args, **more):
        return super().open(*args, **({"base_url": PUBLIC_URL} | more))

    def sign_in(self, visitor):
        logins = self.application.extensions["auth services"].logins
        self.set_cookie(logins.cookie, logins.sign(visitor), domain="status.example.org")
        return self

    def token(self):
        """A form token of this browser."""
        with self.session_transaction(base_url=PUBLIC_URL) as held:
            held["csrf_token"] = "half of a token"
        return URLSafeTimedSerializer(KEY, salt="wtf-csrf-token").dumps("half of a token")

    def send(self, path, **fields):
        return self.post(path, data={"csrf_token": self.token(), **fields}, headers=SAME_ORIGIN)


@pytest.fixture
def browser_for(app):
    """Make browsers: `browser_for("organizer")` is signed in, `browser_for()` is not."""
    app.test_client_class = Desk

    def make(name=None, **changes):
        browser = app.test_client()
        return browser.sign_in(person(name, **changes)) if name else browser

    return make


@pytest.fixture
def number_of(database):
    """The number of somebody in the addresses of the people pages."""

    def find(name, implementation="demo"):
        with database.reading() as db:
            return users.find(db, implementations.find(db, implementation), name).id

    return find


@pytest.fixture
def served(database, store):
    """The application at an address for browsers; give it a person and get an open page."""
    with serving(lambda address: make_app(database, store, make_settings(address))) as (address, app):
        app.config["address"] = address
        yield app


@pytest.fixture
def open_page(chromium, served):
    """Open pages in a fresh profile; at the end, nothing may have been complained about on any of them."""
    contexts, complaints = [], []

    def make(name=None, *, width=1280, scheme="light", **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        contexts.append(context)
        if name:
            token = served.extensions["auth services"].logins.sign(person(name))
            context.add_cookies([{"name": "login", "value": token, "url": served.config["address"]}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("a dialog opened"), dialog.dismiss()))
        return page

    make.complaints = complaints
    yield make
    for context in contexts:
        context.close()
    assert complaints == []
