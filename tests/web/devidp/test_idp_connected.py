"""What `up` connects: the demo and the staff, their sample people's roles, and that a developer's changes stay."""

from contextlib import suppress
from dataclasses import replace

import pytest

from records import SamlDraft, SecretBox, UserProfile
from records.identity import certificates
from records.identity import saml_providers as saml
from records.people import grants, users
from records.tenants import implementations
from tests.support.application import KEY
from tests.support.records import new_records
from web.demo.identity_setup import connect_all, draft
from web.devidp.identity import ENTITY_ID
from web.devidp.sample_people import PEOPLE


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('connected') / 'records.db'}")
    with database.session() as db:
        implementations.create(db, "demo", "Demo")
    yield database
    database.dispose()


@pytest.fixture
def db(empty):
    """A transaction which is given up in the end."""
    with suppress(GivenUp), empty.session() as db:
        yield db
        raise GivenUp


class GivenUp(Exception):
    pass


@pytest.fixture
def up(db, idp):
    """Do what a start of `up` does, and return both implementations."""

    def start(at=idp):
        connect_all(db, SecretBox([KEY]), implementations.find(db, "demo"), at)
        return implementations.find(db, "demo"), implementations.find(db, "staff")

    return start


def roles(db, implementation, person):
    profile = UserProfile(person.username, person.user_type, person.first_name, person.last_name, person.badge_id)
    user = users.remember(db, implementation, person.member_number, profile, provider=ENTITY_ID)
    return grants.roles_of(db, implementation, user, "saml")


def test_every_sample_person_has_the_role_that_the_page_names(db, up):
    demo, staff = up()
    for person in PEOPLE:
        assert person.role in roles(db, staff if person.home else demo, person), person.username
    # and no more than that
    assert roles(db, demo, PEOPLE[0]) == {"attendee"}
    assert roles(db, staff, PEOPLE[0]) == {"attendee"}


def test_a_later_start_changes_nothing_and_another_port_only_the_addresses(db, up, idp):
    demo, _ = up()
    saml.save(db, SecretBox([KEY]), demo, replace(draft(idp), accept_response_signature=True), "a developer")
    before = len(grants.every(db, demo))
    up()
    opened = saml.opened(db, SecretBox([KEY]), demo)
    assert (opened.sso_url, opened.accept_response_signature, len(opened.certificates)) == (idp.sso_url, True, 1)
    grants.remove(db, demo, grants.every(db, demo)[0].id)
    up(replace(idp, url="http://127.0.0.1:9999"))
    opened = saml.opened(db, SecretBox([KEY]), demo)
    assert (opened.entity_id, opened.sso_url) == (ENTITY_ID, "http://127.0.0.1:9999/sso")
    assert len(grants.every(db, demo)) == before - 1


def test_a_developers_own_identity_provider_stays(db, up):
    demo, staff = up()
    _, certificate = certificates.make("a real one")
    real = SamlDraft("https://idp.example.org", "https://idp.example.org/sso", certificates=(certificate.pem,))
    saml.save(db, SecretBox([KEY]), demo, real, "a developer")
    up()
    assert saml.find(db, demo).entity_id == "https://idp.example.org"
    assert saml.find(db, staff).entity_id == ENTITY_ID


def test_a_new_key_of_the_identity_provider_is_pinned(db, up, idp):
    demo, _ = up()
    key, certificate = certificates.make("new")
    up(replace(idp, key_pem=key, certificate_pem=certificate.pem))
    assert certificate.pem in saml.opened(db, SecretBox([KEY]), demo).certificates
