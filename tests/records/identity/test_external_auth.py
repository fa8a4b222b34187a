"""External Authentication: what may be configured for each kind, and that its secret is used where it was meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import (
    Base,
    ConnectionDraft,
    Database,
    ExternalAuthDraft,
    Implementation,
    RuleViolation,
    SecretBox,
    SecretNotOpened,
)
from records.identity import certificates, external_auth_kinds
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.maintenance import resealing
from records.tenants import connections, implementations
from tests.records.identity.test_public_keys import EC

JWT = ExternalAuthDraft("jwt", {"issuer": "org", "algorithm": "ES256", "keys": {"keys": [EC]}})
SHARED = ExternalAuthDraft("jwt", {"issuer": "org", "algorithm": "HS256"}, "s3cret-" * 5)
INTROSPECTION = ExternalAuthDraft(
    "introspection", {"url": "https://id.example.org/introspect", "client_id": "us", "audience": "app"}, "cl1ent-s3cret"
)
PASSWORD = ExternalAuthDraft(
    "password",
    {
        "url": "https://reg.example.org/login",
        "auth_kind": "basic",
        "auth_fields": {"user": "eventpilot"},
        "template": {"badge": "{username}", "extra": {"name": ["{password}"]}, "event": "AAIC26"},
        "result": {"subject": "data/person/id", "first_name": "data/person/first"},
        "accepted": {"path": "data/ok", "equals": True},
        "excluded_types": ["Exhibitor"],
        "excluded_text": "Exhibitors log in at the desk.",
        "opted_out": {"path": "data/optOut", "equals": "Y"},
    },
    "pa55-w0rd",
)


@pytest.mark.parametrize("draft", [JWT, SHARED, INTROSPECTION, PASSWORD])
def test_saved_kind_opens_with_all_its_values(
    database: Database, box: SecretBox, demo: Implementation, draft: ExternalAuthDraft
):
    with database.session() as db:
        external.save(db, box, demo, draft, "me")
    with database.reading() as db:
        opened = external.opened(db, box, demo)
    assert opened is not None
    assert (opened.implementation, opened.kind, opened.secret) == ("demo", draft.kind, draft.secret or "")
    assert draft.fields.items() <= opened.fields.items()


def test_what_is_not_given_has_its_default(db: Session, box: SecretBox, demo: Implementation):
    external.save(db, box, demo, PASSWORD, "me")
    fields = external.opened(db, box, demo).fields
    assert (fields["username_label"], fields["password_label"], fields["opted_out_text"]) == (
        "Badge ID",
        "Last name",
        "",
    )
    external.save(db, box, demo, JWT, "me")
    assert external.opened(db, box, demo).fields == {**JWT.fields, "jwks_url": "", "login_url": ""}


def test_there_is_one_and_removed_it_is_gone(db: Session, box: SecretBox, demo: Implementation):
    first = external.save(db, box, demo, PASSWORD, "me")
    second = external.save(db, box, demo, JWT, "kim")
    assert (first.id, second.kind, second.sealed_secret, second.changed_by) == (second.id, "jwt", None, "kim")
    external.remove(db, demo)
    assert external.opened(db, box, demo) is None
    external.remove(db, demo)


def test_secret_is_in_no_representation_and_not_readable_in_the_database(
    db: Session, box: SecretBox, demo: Implementation
):
    row = external.save(db, box, demo, PASSWORD, "me")
    shown = [repr(PASSWORD), repr(row), repr(external.opened(db, box, demo))]
    assert "pa55" not in "".join(shown) + repr(db.execute(text("SELECT * FROM external_logins")).all())


def test_saving_again_without_a_secret_keeps_it(db: Session, box: SecretBox, demo: Implementation):
    external.save(db, box, demo, INTROSPECTION, "me")
    other_path = {**INTROSPECTION.fields, "url": "https://id.example.org/v2/introspect"}
    external.save(db, box, demo, ExternalAuthDraft("introspection", other_path), "me")
    assert external.opened(db, box, demo).secret == "cl1ent-s3cret"


@pytest.mark.parametrize(
    ("saved", "change"),
    [
        (INTROSPECTION, {"url": "https://attacker.example.net/introspect"}),
        (INTROSPECTION, {"url": "https://id.example.org:8443/introspect"}),
        (PASSWORD, {"url": "https://attacker.example.net/login"}),
        (PASSWORD, {"auth_kind": "bearer", "auth_fields": {}}),
        (PASSWORD, {"auth_fields": {"user": "somebody-else"}}),
        (INTROSPECTION, {"client_id": "them"}),
        (SHARED, {"issuer": "other"}),
    ],
)
def test_stored_secret_is_never_used_elsewhere_by_who_does_not_know_it(
    db: Session, box: SecretBox, demo: Implementation, saved: ExternalAuthDraft, change: dict[str, Any]
):
    external.save(db, box, demo, saved, "me")
    changed = replace(saved, fields=saved.fields | change, secret=None)
    with pytest.raises(RuleViolation, match="secret: must be typed again"):
        external.save(db, box, demo, changed, "me")
    external.save(db, box, demo, replace(changed, secret="a new secret of 32 characters, or more"), "me")
    assert external.opened(db, box, demo).secret.startswith("a new")


def test_secret_of_one_kind_does_not_become_that_of_another(db: Session, box: SecretBox, demo: Implementation):
    external.save(db, box, demo, INTROSPECTION, "me")
    with pytest.raises(RuleViolation, match="secret: must be typed again"):
        external.save(db, box, demo, replace(PASSWORD, secret=None), "me")
    with pytest.raises(RuleViolation, match="secret: must be typed again"):
        external.save(db, box, demo, replace(SHARED, secret=None), "me")


@pytest.mark.parametrize(
    "theft",
    [
        "UPDATE external_logins SET implementation_id = (SELECT id FROM implementations WHERE slug = 'other')",
        """UPDATE external_logins SET fields = '{"url": "https://attacker.example.net", "client_id": "", "audience": ""}'""",
        """UPDATE external_logins SET kind = 'password', fields = '{"url": "https://id.example.org", "auth_kind": "none"}'""",
        "UPDATE external_logins SET sealed_secret = NULL",
    ],
)
def test_secret_in_a_row_that_was_changed_behind_our_back_does_not_open(
    database: Database, box: SecretBox, demo: Implementation, theft: str
):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        external.save(db, box, demo, INTROSPECTION, "me")
        db.connection().exec_driver_sql(theft)
    with database.reading() as db:
        owner = demo if external.find(db, demo) else other
        with pytest.raises(SecretNotOpened, match=f"External Authentication of {owner.slug}"):
            external.opened(db, box, owner)


def test_sealed_secret_of_a_connection_does_not_open_here(db: Session, box: SecretBox, demo: Implementation):
    external.save(db, box, demo, INTROSPECTION, "me")
    draft = ConnectionDraft("id", "https://id.example.org", "bearer", {}, "of the connection")
    connections.save(db, box, demo, draft)
    db.execute(text("UPDATE external_logins SET sealed_secret = (SELECT sealed_secret FROM connections)"))
    db.expire_all()
    with pytest.raises(SecretNotOpened):
        external.opened(db, box, demo)


def test_resealing_reaches_every_kind_of_secret(
    database: Database, box: SecretBox, demo: Implementation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(certificates, "OWN_RSA_BITS", 2048)
    new = "the new key, of more than 32 characters"
    with database.session() as db:
        external.save(db, box, demo, INTROSPECTION, "me")
        connections.save(db, box, demo, ConnectionDraft("v", "https://a.example", "bearer", {}, "s"))
        before = saml.sp_keys(db, box, demo)
        assert resealing.reseal_all(db, SecretBox([new, "a key of the tests, long enough to be one"])) == 4
    with database.reading() as db:
        only = SecretBox([new])
        assert external.opened(db, only, demo).secret == "cl1ent-s3cret"
        assert connections.open_all(db, only, demo)["v"].secret == "s"
        assert saml.sp_keys_if_made(db, only, demo) == before


def test_every_table_with_sealed_secrets_is_resealed():
    sealed = {(t.name, c.name) for t in Base.metadata.sorted_tables for c in t.columns if c.name.startswith("sealed_")}
    known = {("connections", "sealed_secret"), ("external_logins", "sealed_secret"), ("saml_sp_keys", "sealed_key")}
    known |= {("webhooks", "sealed_secret"), ("webhooks", "sealed_old"), ("hook_secrets", "sealed_secret")}
    assert sealed == known, "a new kind of sealed secret has to be in records/maintenance/resealing.py"


BAD = {
    "jwt": [
        ({"issuer": ""}, "issuer"),
        ({"algorithm": "none"}, "algorithm"),
        ({"algorithm": "HS512"}, "algorithm"),
        ({"algorithm": "RS256"}, "keys"),
        ({"algorithm": "HS256"}, "keys"),
        ({"keys": {}}, "keys"),
        ({"jwks_url": "https://a.example/jwks"}, "keys"),
        ({"keys": {"keys": [{**EC, "d": "AAAA"}]}}, "keys"),
        ({"keys": {}, "jwks_url": "http://a.example/jwks"}, "jwks_url"),
        ({"keys": {}, "jwks_url": "http://127.0.0.1/jwks"}, "jwks_url"),
        ({"login_url": "javascript:alert(1)"}, "login_url"),
        ({"login_url": "https://a.example/#x"}, "login_url"),
        ({"secret": "x"}, "secret"),
        ({"skip_checks": True}, "skip_checks"),
    ],
    "introspection": [
        ({"url": ""}, "url"),
        ({"url": "http://id.example.org"}, "url"),
        ({"url": "https://us:pw@id.example.org"}, "url"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a\r\nb"}, "client_id"),
        ({"token_url": "https://a.example"}, "token_url"),
    ],
    "password": [
        ({"url": ""}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"auth_kind": "oauth2_client_credentials"}, "auth_kind"),
        ({"auth_fields": {}}, "auth_fields.user"),
        ({"auth_kind": "api_key_header", "auth_fields": {"name": "Host"}}, "auth_fields.name"),
        ({"template": {}}, "template"),
        ({"template": {"u": "{username}"}}, "template"),
        ({"template": {"u": "{username}", "p": "pw={password}"}}, "template"),
        ({"template": {"u": "{username}", "p": "{password}", "q": "x{password}"}}, "template"),
        ({"template": {"{username}": "{password}", "u": "{username}"}}, "template"),
        ({"template": ["{username}", "{password}"]}, "template"),
        ({"template": "{username}{password}"}, "template"),
        ({"template": {"u": "{username}", "p": "{password}", "x": "x" * 9000}}, "template"),
        ({"result": {}}, "result"),
        ({"result": {"first_name": "a"}}, "result"),
        ({"result": {"subject": "a//b"}}, "result"),
        ({"result": {"subject": "/a"}}, "result"),
        ({"result": {"subject": ""}}, "result"),
        ({"result": {"subject": "a", "roles": "b"}}, "result"),
        ({"result": {"subject": 1}}, "result"),
        ({"accepted": {"path": "a"}}, "accepted"),
        ({"accepted": {"path": "a", "equals": {}}}, "accepted"),
        ({"accepted": {"path": "a", "equals": None}}, "accepted"),
        ({"opted_out": {"path": "a", "equals": 1, "not": 2}}, "opted_out"),
        ({"excluded_types": "Exhibitor"}, "excluded_types"),
        ({"excluded_text": "a\x1bb"}, "excluded_text"),
        ({"username_label": ""}, "username_label"),
    ],
}
GOOD = {"jwt": JWT, "introspection": INTROSPECTION, "password": PASSWORD}


@pytest.mark.parametrize(("kind", "change", "field"), [(kind, *case) for kind, cases in BAD.items() for case in cases])
def test_bad_field_is_refused_by_its_name(kind: str, change: dict[str, Any], field: str):
    with pytest.raises(RuleViolation) as caught:
        external_auth_kinds.checked(kind, GOOD[kind].fields | change, development=False)
    assert caught.value.field == field


def test_refused_fields_are_not_stored(db: Session, box: SecretBox, demo: Implementation):
    with pytest.raises(RuleViolation):
        external.save(db, box, demo, replace(JWT, fields={**JWT.fields, "issuer": ""}), "me")
    assert external.find(db, demo) is None


@pytest.mark.parametrize(
    "case",
    [
        (SHARED, "too short", "at least 32"),
        (SHARED, "", "1 to 8192"),
        (SHARED, None, "is missing"),
        (SHARED, "a" * 31 + "\n", "printable"),
        (INTROSPECTION, None, "is missing"),
        (INTROSPECTION, "a\r\nX-Admin: 1", "printable"),
        (PASSWORD, None, "is missing"),
        (JWT, "x" * 40, "must be empty for"),
        (
            replace(PASSWORD, fields=PASSWORD.fields | {"auth_kind": "none", "auth_fields": {}}),
            "x",
            "must be empty for",
        ),
    ],
)
def test_secret_that_is_missing_weak_or_out_of_place_is_refused(
    db: Session, box: SecretBox, demo: Implementation, case: tuple[ExternalAuthDraft, str | None, str]
):
    draft, secret, reason = case
    with pytest.raises(RuleViolation, match=f"secret: .*{reason}"):
        external.save(db, box, demo, replace(draft, secret=secret), "me")


@pytest.mark.parametrize("draft", [ExternalAuthDraft("magic", {}), ExternalAuthDraft("jwt", [])])
def test_unknown_kind_and_what_are_no_fields_are_refused(
    db: Session, box: SecretBox, demo: Implementation, draft: ExternalAuthDraft
):
    with pytest.raises(RuleViolation):
        external.save(db, box, demo, draft, "me")


def test_service_on_this_machine_is_for_development_only(db: Session, box: SecretBox, demo: Implementation):
    local = replace(INTROSPECTION, fields={"url": "http://127.0.0.1:9000/i", "client_id": "us"})
    with pytest.raises(RuleViolation, match="url: must start with https"):
        external.save(db, box, demo, local, "me")
    external.save(db, box, demo, replace(local, development=True), "me")
    assert external.opened(db, box, demo).development
