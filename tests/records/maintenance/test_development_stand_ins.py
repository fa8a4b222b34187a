"""Every stand-in of development that could be in the records of production is found, and named with its implementation."""

from __future__ import annotations

import contextlib
import functools

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import ConnectionDraft, ExternalAuthDraft, Implementation, RuleViolation, SamlDraft, SecretBox
from records.audit import AuditContext
from records.changes import retirement
from records.identity import certificates
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.maintenance import development_stand_ins
from records.people import grants
from records.tenants import connections
from tests.support.certificates import certificate

CERTIFICATE = certificate("a provider")
GOOD = "https://idp.example.org"
PROVIDER = {"entity_id": GOOD, "sso_url": f"{GOOD}/sso", "certificates": (CERTIFICATE,)}


def provider(db: Session, box: SecretBox, demo: Implementation, **changes):
    draft = {"entity_id": GOOD, "sso_url": f"{GOOD}/sso", "certificates": (CERTIFICATE,), "development": True}
    found = saml.save(db, box, demo, SamlDraft(**{**draft, **changes}), "tests")
    found.development = changes.get("development", False)
    db.flush()


def connect(db: Session, box: SecretBox, demo: Implementation, **changes):
    draft = {"name": "vendor", "base_url": "https://cme.example.org", "development": True}
    found = connections.save(db, box, demo, ConnectionDraft(**{**draft, **changes}))
    found.development = changes.get("development", False)
    db.flush()


#: Makes our own keys for a provider: once for all tests, because none looks at them, and that takes far longer than a test.
made = functools.cache(certificates.make)


@pytest.fixture(autouse=True)
def own_keys(monkeypatch):
    monkeypatch.setattr(certificates, "make", made)


@pytest.fixture
def mine(db: Session, demo: Implementation) -> Implementation:
    return db.merge(demo)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"entity_id": saml.DEVELOPMENT_ENTITY_ID}, "at which anybody can log in as anybody"),
        ({"development": True}, "is marked as development"),
        ({"sso_url": "https://127.0.0.1/sso"}, "has a sso_url that does not lead to a public host (127.0.0.1)"),
        ({"sso_url": "https://localhost:8002/sso"}, "has a sso_url that does not lead to a public host (localhost)"),
        ({"sso_url": "https://[::1]/sso"}, "has a sso_url that does not lead to a public host (::1)"),
        ({"slo_url": "https://127.9.9.9/slo"}, "has a slo_url that does not lead to a public host"),
        ({"metadata_url": "https://a.localhost/m"}, "has a metadata_url that does not lead to a public host"),
        ({"sso_url": "https://[::ffff:127.0.0.1]/sso"}, "has a sso_url that does not lead to a public host"),
        ({"sso_url": "https://0.0.0.0/sso"}, "has a sso_url that does not lead to a public host (0.0.0.0)"),
        ({"sso_url": "https://[::]/sso"}, "has a sso_url that does not lead to a public host (::)"),
    ],
)
def test_a_provider_of_development_is_found_by_name_mark_and_each_address(db, box, mine, changes, told):
    provider(db, box, mine, **changes)
    [found] = development_stand_ins.every(db)
    assert (found.implementation, found.kind) == ("demo", "identity provider")
    assert told in found.fault


def test_a_provider_by_plain_http_is_found_although_somebody_took_its_mark_away(db, box, mine):
    provider(db, box, mine, sso_url="http://127.0.0.1:8002/sso", development=True)
    db.execute(text("UPDATE saml_providers SET entity_id = 'https://real.example.org'"))
    db.expire_all()
    [found] = development_stand_ins.every(db)
    assert "has a sso_url without TLS (http://127.0.0.1:8002)" in found.fault


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": "http://127.0.0.1:8001", "development": True}, "without TLS (http://127.0.0.1:8001)"),
        ({"base_url": "https://localhost/x"}, "not lead to a public host (localhost)"),
        ({"base_url": "https://10.1.2.3/x"}, "not lead to a public host (10.1.2.3)"),
        ({"base_url": "https://192.168.0.9"}, "not lead to a public host (192.168.0.9)"),
        ({"base_url": "https://169.254.169.254"}, "not lead to a public host (169.254.169.254)"),
        ({"base_url": "https://[fd00::1]/x"}, "not lead to a public host (fd00::1)"),
        ({"base_url": "https://0.0.0.0"}, "not lead to a public host (0.0.0.0)"),
        ({"base_url": "https://100.64.0.1"}, "not lead to a public host (100.64.0.1)"),
        ({"base_url": "https://224.0.0.1"}, "not lead to a public host (224.0.0.1)"),
        ({"base_url": "https://[::ffff:10.0.0.1]"}, "not lead to a public host (::ffff:10.0.0.1)"),
        ({"base_url": "https://[64:ff9b::7f00:1]"}, "not lead to a public host (64:ff9b::7f00:1)"),
        (
            {
                "auth_kind": "oauth2_client_credentials",
                "auth_fields": {"token_url": "https://127.0.0.1/token", "client_id": "c"},
                "secret": "s",
            },
            "has a token_url that does not lead to a public host",
        ),
        ({"development": True}, "is marked as development"),
    ],
)
def test_a_connection_to_this_machine_or_a_private_network_or_without_tls_is_found(db, box, mine, changes, told):
    connect(db, box, mine, **changes)
    [found] = development_stand_ins.every(db)
    assert (found.implementation, found.kind, found.name) == ("demo", "connection", "vendor")
    assert told in found.fault


#: What resolvers and C libraries take for this machine although no rule would save it, and what is no address at all.
SPELLINGS = (
    "https://localhost./x", "https://a.localhost./x", "https://127.0.0.1./x", "https://127.1/x", "https://0x7f.1/x",
    "https://0x7f000001/x", "https://2130706433/x", "https://017700000001/x", "https://0177.0.0.1/x", "https://0/x",
    "https://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/x", "https://127\u30020\u30020\u30021/x",
    "https://\u2460\u2461\u2466.0.0.1/x", "https://[::1/x", "https://[::1]:99999/x", "https:///x", "https://u:p@127.0.0.1/x",
    "https://cme.example.org@127.1/x", "https://cme.example.org\\@127.0.0.1/x",
)  # fmt: skip


@pytest.mark.parametrize("address", SPELLINGS)
def test_another_spelling_of_this_machine_written_by_sql_is_found_and_stops_no_search(db, box, mine, address):
    connect(db, box, mine)
    db.execute(text("UPDATE connections SET base_url = :address"), {"address": address})
    db.expire_all()
    [found] = development_stand_ins.every(db)
    assert found.name == "vendor"
    assert "u:p" not in found.fault


PASSWORD = {
    "url": "https://vendor.example.org/check",
    "template": {"name": "{username}", "badge": "{password}"},
    "result": {"subject": "id"},
}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("jwt", {"issuer": "http://issuer.example.org", "algorithm": "HS256"}),
        ("jwt", {"issuer": "https://localhost", "algorithm": "HS256"}),
        ("jwt", {"issuer": "https://[x", "algorithm": "HS256"}),
        ("password", {**PASSWORD, "opted_out_text": "Write to http://help.example.org"}),
        ("password", {**PASSWORD, "excluded_text": "https://[broken"}),
    ],
)
def test_a_text_or_an_issuer_that_looks_like_an_address_keeps_production_from_no_start(db, box, mine, kind, fields):
    secret = "s" * 40 if kind == "jwt" else None
    external.save(db, box, mine, ExternalAuthDraft(kind, fields, secret=secret), "tests")
    assert development_stand_ins.every(db) == []


HOSTS = (
    "localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]",
    "10.1.2.3", "192.168.0.9", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[fd00::1]", "[fe80::1]",
)  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_can_be_saved_for_production_that_production_would_not_start_with(db, box, mine, host):
    address = f"https://{host}/x"
    token = {"token_url": address, "client_id": "c"}
    tries = [
        lambda: connections.save(db, box, mine, ConnectionDraft("v", address)),
        lambda: connections.save(
            db, box, mine, ConnectionDraft("t", GOOD, "oauth2_client_credentials", token, secret="s")
        ),
        *(
            lambda name=name: external.save(
                db, box, mine, ExternalAuthDraft(*named(name, address), secret=None), "tests"
            )
            for name in ("url", "jwks_url", "login_url")
        ),
        *(
            lambda name=name: saml.save(db, box, mine, SamlDraft(**{**PROVIDER, name: address}), "tests")
            for name in ("sso_url", "slo_url", "metadata_url")
        ),
    ]
    for save in tries:
        with contextlib.suppress(RuleViolation):
            save()
        assert development_stand_ins.every(db) == []


def test_the_name_of_the_development_provider_is_saved_for_development_only(db, box, mine):
    with pytest.raises(RuleViolation, match="at which anybody can log in as anybody"):
        saml.save(db, box, mine, SamlDraft(**{**PROVIDER, "entity_id": saml.DEVELOPMENT_ENTITY_ID}), "tests")


def named(name, address):
    """A kind of External Authentication with this address, and its other fields."""
    if name == "url":
        return "password", {**PASSWORD, "url": address}
    keys = {"jwks_url": "https://keys.example.org/set"}
    return "jwt", {"issuer": "i", "algorithm": "RS256", **keys, name: address}


def test_external_authentication_on_this_machine_is_found(db, box, mine):
    fields = {"url": "http://127.0.0.1:8001/introspect", "client_id": "c"}
    external.save(db, box, mine, ExternalAuthDraft("introspection", fields, secret="s" * 40, development=True), "tests")
    [found] = development_stand_ins.every(db)
    assert (found.kind, "has a url without TLS" in found.fault) == ("External Authentication", True)


def test_a_role_that_up_gave_to_a_sample_person_is_found_and_one_that_a_person_gave_is_not(db, mine):
    grants.add(db, mine, kind="username", value="kim", role="organizer", by="staff/1")
    assert development_stand_ins.every(db) == []
    made = grants.add(db, mine, kind="username", value="nvandijk", role="organizer", by=development_stand_ins.UP)
    [found] = development_stand_ins.every(db)
    assert (found.kind, found.name) == ("role", str(made.id))


def test_what_is_fit_for_production_is_not_named_and_neither_is_what_is_archived(db, box, mine):
    provider(db, box, mine)
    connections.save(db, box, mine, ConnectionDraft(name="vendor", base_url="https://cme.example.org"))
    connections.save(db, box, mine, ConnectionDraft(name="public", base_url="https://93.184.216.34"))
    assert development_stand_ins.every(db) == []
    connect(db, box, mine, name="here", base_url="https://127.0.0.1")
    assert len(development_stand_ins.every(db)) == 1
    retirement.archive(db, mine, AuditContext("tests"))
    assert development_stand_ins.every(db) == []
