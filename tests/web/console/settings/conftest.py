"""Fixtures: one implementation with everything, people with roles, the real application on a real store."""

from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, ConnectionDraft, Database, ExternalAuthDraft, SamlDraft, SecretBox, UserProfile
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.people import grants, users
from records.tenants import connections, implementations
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.store.clients import connect
from tests.support.application import KEY, copied, make_app, make_settings, small_keys
from tests.support.records import new_records
from tests.support.saml_forge import ForgedIdp
from tests.support.stub_status_service import StubStatusService
from tests.web.console.settings.staff_people import Person

IDP = ForgedIdp("https://idp.example/metadata")
#: Secrets that must never come out again.
SECRETS = {"connection": "s3cret-of-the-vendor", "external": "s3cret-of-the-registration"}


@pytest.fixture(scope="session")
def box():
    return SecretBox([KEY])


@pytest.fixture(scope="session")
def seeded(tmp_path_factory, box):
    with small_keys():
        database = new_records(f"sqlite:///{tmp_path_factory.mktemp('records') / 'settings.db'}")
        with database.session() as db:
            _fill(db, box)
        yield database
        database.dispose()


def _fill(db, box):
    staff = implementations.staff(db)
    demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin", link_hosts=["cme.example.org"])
    empty = implementations.create(db, "empty", "Empty Congress")
    for home in (staff, demo, empty):  # older than the logins, some of which are hours old
        home.created_at = datetime.now(UTC) - timedelta(days=2)
    users.remember(
        db, staff, "root", UserProfile("root@ativ.example", "", "Rita", "Root"), provider="https://ativ.example/idp"
    )
    for subject, kind in (("olga", "Organizer"), ("arno", "Author"), ("ada", "Attendee")):
        profile = UserProfile(
            f"{subject}@example.org", kind, subject.title(), "Example", attributes={"memberNumber": "7"}
        )
        users.remember(db, demo, subject, profile, provider=IDP.entity_id)
    grants.add(db, staff, kind="username", value="root@ativ.example", role="administrator", by="tests")
    grants.add(db, demo, kind="username", value="olga@example.org", role="organizer", by="tests")
    grants.add(db, demo, kind="username", value="arno@example.org", role="author", by="tests")
    starts, ends = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)
    row = {"implementation_id": demo.id, "session_id": "CE-1", "title": "Sepsis in 2026"}
    db.add(AgendaSession(**row, starts_at=starts, ends_at=ends))
    draft = ConnectionDraft("ethosce", "https://vendor.example/api", "basic", {"user": "restws"}, SECRETS["connection"])
    connections.save(db, box, demo, draft)
    provider = SamlDraft(IDP.entity_id, IDP.sso_url, IDP.slo_url, (IDP.certificate,))
    saml.save(db, box, demo, provider, by="tests")
    relay = {
        "url": "https://registration.example/check",
        "auth_kind": "bearer",
        "template": {"badge": "{username}", "name": "{password}"},
        "result": {"subject": "person/id"},
    }
    external.save(db, box, demo, ExternalAuthDraft("password", relay, SECRETS["external"]), by="tests")


@pytest.fixture
def database(seeded, tmp_path):
    """A copy of its own for each test."""
    copy = copied(seeded, tmp_path / "settings.db")
    database = Database(f"sqlite:///{copy}")
    yield database
    database.dispose()


@pytest.fixture
def store(redis):
    return LoginStore(redis)


class NotingDesk(StubStatusService):
    """Notes of which implementations it was told that they have changed."""

    def __init__(self):
        super().__init__()
        self.told = []

    def changed(self, slug):
        self.told.append(slug)
        return True


@pytest.fixture
def browser_for():
    return NotingDesk()


@pytest.fixture
def allow_loopback():
    return True


@pytest.fixture(scope="session")
def outbound_clients(valkey_url):
    """One that may reach this machine and one that may not; they are slow to make, because of their certificates."""
    client = connect(valkey_url)
    made = {
        loopback: OutboundRequests(redis=client, allow_loopback=loopback, ca_file=None) for loopback in (True, False)
    }
    yield made
    for outbound in made.values():
        outbound.close()
    client.close()


@pytest.fixture
def outbound(redis, outbound_clients, allow_loopback):
    return outbound_clients[allow_loopback]


@pytest.fixture
def settings():
    return make_settings()


@pytest.fixture
def app(settings, database, store, browser_for, outbound):
    return make_app(database, store, settings, status_service=browser_for, outbound=outbound)


@pytest.fixture
def administrator(app):
    return Person(app, "administrator")


@pytest.fixture
def organizer(app):
    return Person(app, "organizer")


@pytest.fixture
def author(app):
    return Person(app, "author")
