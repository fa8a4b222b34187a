"""Every stand-in of development that could be in the records of production is found, and named with its implementation."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import (
    ConnectionDraft,
    ExternalDraft,
    Implementation,
    SamlDraft,
    SecretBox,
    archiving,
    certificates,
    connections,
    external,
    grants,
    saml,
    stand_ins,
)
from records.archiving import Decision

_, CERTIFICATE = certificates.make("a provider")
GOOD = "https://idp.example.org"


def provider(db: Session, box: SecretBox, demo: Implementation, **changes):
    draft = {"entity_id": GOOD, "sso_url": f"{GOOD}/sso", "certificates": (CERTIFICATE.pem,), "development": True}
    found = saml.save(db, box, demo, SamlDraft(**{**draft, **changes}), "tests")
    found.development = changes.get("development", False)
    db.flush()


@pytest.fixture
def mine(db: Session, demo: Implementation) -> Implementation:
    return db.merge(demo)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"entity_id": stand_ins.DEVELOPMENT_ENTITY_ID}, "at which anybody can be anybody"),
        ({"development": True}, "is marked as development"),
        ({"sso_url": "https://127.0.0.1/sso"}, "has a sso_url that leads to no public host (127.0.0.1)"),
        ({"sso_url": "https://localhost:8002/sso"}, "has a sso_url that leads to no public host (localhost)"),
        ({"sso_url": "https://[::1]/sso"}, "has a sso_url that leads to no public host (::1)"),
        ({"slo_url": "https://127.9.9.9/slo"}, "has a slo_url that leads to no public host"),
        ({"metadata_url": "https://a.localhost/m"}, "has a metadata_url that leads to no public host"),
    ],
)
def test_a_provider_of_development_is_found_by_name_mark_and_each_address(db, box, mine, changes, told):
    provider(db, box, mine, **changes)
    [found] = stand_ins.every(db)
    assert (found.implementation, found.kind) == ("demo", "identity provider")
    assert told in found.fault


def test_a_provider_by_plain_http_is_found_although_somebody_took_its_mark_away(db, box, mine):
    provider(db, box, mine, sso_url="http://127.0.0.1:8002/sso", development=True)
    db.execute(text("UPDATE saml_providers SET entity_id = 'https://real.example.org'"))
    db.expire_all()
    [found] = stand_ins.every(db)
    assert "has a sso_url without TLS (http://127.0.0.1:8002)" in found.fault


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "http://127.0.0.1:8001", "development": True}, "without TLS (http://127.0.0.1:8001)"),
        ({"base_url": "https://localhost/x"}, "no public host (localhost)"),
        ({"base_url": "https://10.1.2.3/x"}, "no public host (10.1.2.3)"),
        ({"base_url": "https://192.168.0.9"}, "no public host (192.168.0.9)"),
        ({"base_url": "https://169.254.169.254"}, "no public host (169.254.169.254)"),
        ({"base_url": "https://[fd00::1]/x"}, "no public host (fd00::1)"),
        ({"base_url": "https://0.0.0.0"}, "no public host (0.0.0.0)"),
        (
            {
                "auth_kind": "oauth2_client_credentials",
                "auth_fields": {"token_url": "https://127.0.0.1/token", "client_id": "c"},
                "secret": "s",
            },
            "has a token_url that leads to no public host",
        ),
        ({"development": True}, "is marked as development"),
    ],
)
def test_a_connection_to_this_machine_or_a_private_network_or_without_tls_is_found(db, box, mine, changes, told):
    draft = {"name": "vendor", "base_url": "https://cme.example.org"}
    connections.save(db, box, mine, ConnectionDraft(**{**draft, **changes}))
    [found] = stand_ins.every(db)
    assert (found.implementation, found.kind, found.name) == ("demo", "connection", "vendor")
    assert told in found.fault


def test_external_authentication_on_this_machine_is_found(db, box, mine):
    fields = {"url": "http://127.0.0.1:8001/introspect", "client_id": "c"}
    external.save(db, box, mine, ExternalDraft("introspection", fields, secret="s" * 40, development=True), "tests")
    [found] = stand_ins.every(db)
    assert (found.kind, "has a url without TLS" in found.fault) == ("External Authentication", True)


def test_a_role_that_up_gave_to_a_sample_person_is_found_and_one_that_a_person_gave_is_not(db, mine):
    grants.add(db, mine, kind="username", value="kim", role="organizer", by="staff/1")
    assert stand_ins.every(db) == []
    made = grants.add(db, mine, kind="username", value="nvandijk", role="organizer", by=stand_ins.UP)
    [found] = stand_ins.every(db)
    assert (found.kind, found.name) == ("role", str(made.id))


def test_what_is_fit_for_production_is_not_named_and_neither_is_what_is_archived(db, box, mine):
    provider(db, box, mine)
    connections.save(db, box, mine, ConnectionDraft(name="vendor", base_url="https://cme.example.org"))
    connections.save(db, box, mine, ConnectionDraft(name="public", base_url="https://93.184.216.34"))
    assert stand_ins.every(db) == []
    connections.save(db, box, mine, ConnectionDraft(name="here", base_url="https://127.0.0.1"))
    assert len(stand_ins.every(db)) == 1
    archiving.archive(db, mine, Decision("tests"))
    assert stand_ins.every(db) == []
