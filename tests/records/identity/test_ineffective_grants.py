"""A warning is given for grants that can have no effect with the login methods of an implementation, and for no others."""

from dataclasses import replace

import pytest

from records import SamlDraft
from records.identity import external_auth as external
from records.identity import ineffective_grants
from records.identity import saml_providers as saml
from records.tenants import implementations
from tests.records.identity.test_external_auth import JWT, PASSWORD
from tests.support.saml_forge import ForgedIdp


def in_vain(db, implementation, kind, role):
    return ineffective_grants.login_methods_of(db, implementation).why_ineffective(kind, role)


@pytest.fixture
def told(db, box, demo):
    """What is told of a grant where this is the only way in."""

    def tell(draft, kind, role):
        if draft:
            external.save(db, box, demo, draft, "ada")
        return in_vain(db, demo, kind, role)

    return tell


def relay(result):
    return replace(PASSWORD, fields=PASSWORD.fields | {"result": result})


@pytest.mark.parametrize(
    ("draft", "grant", "says"),
    [
        (relay({"subject": "id"}), ("username", "organizer"), "No login method of this conference gives a username"),
        (relay({"subject": "id"}), ("username", "scanner"), "No login method of this conference gives a username"),
        (relay({"subject": "id"}), ("user type", "scanner"), "No login method of this conference gives a user type"),
        (relay({"subject": "id"}), ("attribute", "scanner"), "gives attributes"),
        (relay({"subject": "id", "username": "mail"}), ("username", "organizer"), "log in at an identity provider"),
        (JWT, ("username", "author"), "log in at an identity provider"),
        (relay({"subject": "id", "username": "mail"}), ("username", "scanner"), ""),
        (relay({"subject": "id", "user_type": "kind"}), ("user type", "scanner"), ""),
        (JWT, ("attribute", "scanner"), ""),
        (None, ("username", "organizer"), ""),  # nothing is connected yet: the order of the steps is theirs
    ],
)
def test_what_the_ways_in_can_never_say_makes_a_grant_vain(told, draft, grant, says):
    sentence = told(draft, *grant)
    assert says in sentence
    assert bool(says) == bool(sentence)


def test_with_an_identity_provider_every_grant_can_count(db, box, demo):
    external.save(db, box, demo, relay({"subject": "id"}), "ada")
    idp = ForgedIdp("https://idp.example/metadata")
    saml.save(db, box, demo, SamlDraft(idp.entity_id, idp.sso_url, idp.slo_url, (idp.certificate,)), by="ada")
    assert in_vain(db, demo, "username", "organizer") == ""
    assert in_vain(db, implementations.staff(db), "username", "reviewer") == ""
