"""Connections: what may be stored, and that a secret goes where it was meant for or nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import ConnectionDraft, Database, Implementation, RuleViolation, SecretBox, SecretNotOpened
from records.tenants import connections, implementations

BASIC = ConnectionDraft(
    "ethosce",
    "https://cme.example.org/api/",
    "basic",
    {"user": "restws"},
    "pa55-w0rd",
    methods=("GET", "POST"),
    path_prefixes=("/course_credit_awarded", "/user"),
    rate_per_s=5.0,
)
OAUTH = ConnectionDraft(
    "cvent",
    "https://api.example.org",
    "oauth2_client_credentials",
    {"token_url": "https://login.example.org/token", "client_id": "us", "scope": "read"},
    "cl1ent-s3cret",
)


def test_saved_connection_opens_with_all_its_values(database: Database, box: SecretBox, demo: Implementation):
    with database.session() as db:
        connections.save(db, box, demo, BASIC)
        connections.save(db, box, demo, OAUTH)
        connections.save(db, box, demo, ConnectionDraft("open", "https://open.example.org:8443"))
    with database.reading() as db:
        opened = connections.open_all(db, box, demo)
    assert list(opened) == ["cvent", "ethosce", "open"]
    ethosce = opened["ethosce"]
    assert (ethosce.implementation, ethosce.secret, ethosce.auth_fields) == ("demo", "pa55-w0rd", {"user": "restws"})
    assert (ethosce.base_url, ethosce.methods) == ("https://cme.example.org/api", ("GET", "POST"))
    assert (ethosce.path_prefixes, ethosce.rate_per_s) == (("/course_credit_awarded", "/user"), 5.0)
    assert opened["cvent"].secret == "cl1ent-s3cret"
    assert (opened["open"].secret, opened["open"].auth_kind) == ("", "none")


def test_secret_is_in_no_representation_and_not_readable_in_the_database(
    database: Database, box: SecretBox, demo: Implementation
):
    with database.session() as db:
        row = connections.save(db, box, demo, BASIC)
        shown = [repr(BASIC), repr(row), repr(connections.open_all(db, box, demo))]
        stored = db.execute(text("SELECT * FROM connections")).all()
    assert "pa55" not in "".join(shown) + repr(stored)


def test_saving_again_without_a_secret_keeps_it(db: Session, box: SecretBox, demo: Implementation):
    first = connections.save(db, box, demo, BASIC)
    again = connections.save(
        db, box, demo, replace(BASIC, secret=None, timeout_s=9.0, base_url="https://cme.example.org/v2")
    )
    assert again.id == first.id
    opened = connections.open_all(db, box, demo)["ethosce"]
    assert (opened.secret, opened.timeout_s) == ("pa55-w0rd", 9.0)


@pytest.mark.parametrize(
    ("saved", "change"),
    [
        (BASIC, {"base_url": "https://attacker.example.net/api/"}),
        (BASIC, {"base_url": "https://cme.example.org:8443/api/"}),
        (BASIC, {"auth_kind": "api_key_parameter", "auth_fields": {"name": "key"}}),
        (OAUTH, {"auth_fields": {"token_url": "https://attacker.example.net/token", "client_id": "us"}}),
    ],
)
def test_stored_secret_is_never_sent_to_a_new_address_by_who_does_not_know_it(
    db: Session, box: SecretBox, demo: Implementation, saved: ConnectionDraft, change: dict[str, Any]
):
    connections.save(db, box, demo, saved)
    with pytest.raises(RuleViolation, match="secret: has to be given again"):
        connections.save(db, box, demo, replace(saved, secret=None, **change))
    connections.save(db, box, demo, replace(saved, secret="new", **change))
    assert connections.open_all(db, box, demo)[saved.name].secret == "new"


@pytest.mark.parametrize(
    "theft",
    [
        "UPDATE connections SET base_url = 'https://attacker.example.net' WHERE name = 'ethosce'",
        "UPDATE connections SET name = 'mine' WHERE name = 'ethosce'",
        "UPDATE connections SET implementation_id = (SELECT id FROM implementations WHERE slug = 'other')",
    ],
)
def test_secret_in_a_row_that_was_changed_behind_our_back_does_not_open(
    database: Database, box: SecretBox, demo: Implementation, theft: str
):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        connections.save(db, box, demo, BASIC)
        db.execute(text(theft))
    with database.reading() as db:
        for implementation in (demo, other):
            if connections.every(db, implementation):
                with pytest.raises(SecretNotOpened, match="sealed for another connection or address"):
                    connections.open_all(db, box, implementation)


def test_secret_copied_into_a_connection_of_another_implementation_does_not_open(
    database: Database, box: SecretBox, demo: Implementation
):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        connections.save(db, box, demo, BASIC)
        connections.save(db, box, other, replace(BASIC, secret="theirs"))
        stolen = "SELECT sealed_secret FROM connections WHERE implementation_id = :mine"
        db.execute(text(f"UPDATE connections SET sealed_secret = ({stolen})"), {"mine": demo.id})
    with database.reading() as db, pytest.raises(SecretNotOpened, match="connection ethosce of other"):
        connections.open_all(db, box, other)


def test_wrong_key_names_the_connection_and_what_to_do(db: Session, box: SecretBox, demo: Implementation):
    connections.save(db, box, demo, BASIC)
    with pytest.raises(SecretNotOpened, match=r"connection ethosce of demo.*SESSION_STATUS_SECRET_KEYS_OLD"):
        connections.open_all(db, SecretBox(["another key of at least 32 characters"]), demo)


def test_after_resealing_the_old_key_can_be_thrown_away(database: Database, box: SecretBox, demo: Implementation):
    new = "the new key, of more than 32 characters"
    with database.session() as db:
        connections.save(db, box, demo, BASIC)
        connections.save(db, box, demo, OAUTH)
        connections.save(db, box, demo, ConnectionDraft("open", "https://open.example.org"))
    with database.session() as db:
        assert connections.reseal_all(db, SecretBox([new, "a key of the tests, long enough to be one"])) == 2
    with database.reading() as db:
        assert connections.open_all(db, SecretBox([new]), demo)["cvent"].secret == "cl1ent-s3cret"


def test_deleted_connection_is_gone(db: Session, box: SecretBox, demo: Implementation):
    connections.delete(db, connections.save(db, box, demo, BASIC))
    assert connections.open_all(db, box, demo) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": None}, "name"),
        ({"base_url": "http://cme.example.org"}, "base_url"),
        ({"base_url": "http://127.0.0.1:8000"}, "base_url"),
        ({"base_url": "http://cme.example.org", "development": True}, "base_url"),
        ({"base_url": "http://127.0.0.1.example.org", "development": True}, "base_url"),
        ({"base_url": "ftp://cme.example.org"}, "base_url"),
        ({"base_url": "https://user:pw@cme.example.org"}, "base_url"),
        ({"base_url": "https://cme.example.org/?a=1"}, "base_url"),
        ({"base_url": "https://cme.example.org/#"}, "base_url"),
        ({"base_url": "https://cme.example.org/a/../b"}, "base_url"),
        ({"base_url": "https://cme.example.org:99999"}, "base_url"),
        ({"base_url": "https://cme.example.org\\@attacker.example.net"}, "base_url"),
        ({"base_url": "https://cme.example.org\n.attacker.example.net"}, "base_url"),
        ({"base_url": "https://2130706433/"}, "base_url"),
        ({"base_url": "https://0x7f.1/"}, "base_url"),
        ({"base_url": "https://"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"auth_kind": "magic"}, "auth_kind"),
        ({"auth_fields": {}}, "auth_fields.user"),
        ({"auth_fields": {"user": "a:b"}}, "auth_fields.user"),
        ({"auth_fields": {"user": "restws", "password": "oops"}}, "auth_fields.password"),
        ({"auth_kind": "api_key_header", "auth_fields": {"name": "Host"}}, "auth_fields.name"),
        ({"auth_kind": "api_key_header", "auth_fields": {"name": "X-Key: a\r\nX"}}, "auth_fields.name"),
        ({"auth_kind": "none", "auth_fields": {}}, "secret"),
        ({"secret": None}, "secret"),
        ({"secret": ""}, "secret"),
        ({"secret": "a\r\nX-Admin: 1"}, "secret"),
        ({"methods": ()}, "methods"),
        ({"methods": ("DELETE",)}, "methods"),
        ({"path_prefixes": ()}, "path_prefixes"),
        ({"path_prefixes": ("user",)}, "path_prefixes"),
        ({"path_prefixes": ("/a/../b",)}, "path_prefixes"),
        ({"path_prefixes": ("/%2e%2e",)}, "path_prefixes"),
        ({"path_prefixes": ("//attacker.example.net",)}, "path_prefixes"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"rate_per_s": 0}, "rate_per_s"),
        ({"concurrency": 0}, "concurrency"),
        ({"max_body_bytes": 10**12}, "max_body_bytes"),
        ({"development": "yes"}, "development"),
    ],
)
def test_bad_connection_is_refused_with_its_field_and_stores_nothing(
    db: Session, box: SecretBox, demo: Implementation, change: dict[str, Any], field: str
):
    with pytest.raises(RuleViolation) as caught:
        connections.save(db, box, demo, replace(BASIC, **change))
    assert [fault.field for fault in caught.value.faults] == [field]
    assert "pa55" not in str(caught.value)
    assert connections.every(db, demo) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000/api", "http://[::1]:8000"])
def test_loopback_is_for_development_only(db: Session, box: SecretBox, demo: Implementation, address: str):
    saved = connections.save(db, box, demo, ConnectionDraft("local", address, development=True))
    assert saved.development
    with pytest.raises(RuleViolation):
        connections.save(db, box, demo, ConnectionDraft("local", address))


def test_one_secret_that_does_not_open_stops_no_other_connection(db, demo, box):
    other_key = SecretBox(["another key of the tests, long enough too"])
    for name, opener in (("good", box), ("bad", other_key)):
        draft = ConnectionDraft(name=name, base_url="https://a.example.org", auth_kind="bearer", secret="s3cr3t")
        connections.save(db, opener, demo, draft)
    opened, shut = connections.open_usable(db, box, demo)
    assert list(opened) == ["good"]
    assert shut == ("bad",)
