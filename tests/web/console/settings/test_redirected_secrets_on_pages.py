"""Somebody who may change settings but does not know a secret tries to have it sent to where they can read it."""

import pytest

from records.identity import external_auth as external
from records.tenants import connections, implementations
from tests.web.console.settings.staff_people import faults

OAUTH = {
    "name": "cvent",
    "base_url": "https://api.example.org",
    "auth_kind": "oauth2_client_credentials",
    "oauth_url": "https://login.example.org/token",
    "client_id": "us",
    "secret": "cl1ent-s3cret",
    "methods": ["GET"],
    "path_prefixes": "/",
    "timeout_s": "3",
    "cache_s": "0",
    "max_body_bytes": "512",
}
HEADER = OAUTH | {"name": "survey", "auth_kind": "api_key_header", "header_name": "X-Api-Key"}
BASIC = OAUTH | {"name": "ethos", "auth_kind": "basic", "user": "restws"}
CONNECTION_ATTACKS = {
    "another host": (BASIC, {"base_url": "https://evil.example"}),
    "another port of the host": (BASIC, {"base_url": "https://api.example.org:8443"}),
    "the host as a user name": (BASIC, {"base_url": "https://api.example.org@evil.example"}),
    "another kind, by which it stands in the address": (
        BASIC,
        {"auth_kind": "api_key_parameter", "parameter_name": "q"},
    ),
    "another user": (BASIC, {"user": "somebody-else"}),
    "a header that is shown elsewhere": (HEADER, {"header_name": "From"}),
    "another token server": (OAUTH, {"oauth_url": "https://evil.example/token"}),
    "another client": (OAUTH, {"client_id": "them"}),
}
INTROSPECTION = {"url": "https://org.example/introspect", "client_id": "us", "secret": "cl1ent-s3cret"}
RELAY = {
    "url": "https://reg.example.org/login",
    "auth_kind": "api_key_header",
    "header_name": "X-Api-Key",
    "secret": "cl1ent-s3cret",
    "username_label": "Badge ID",
    "password_label": "Last name",
    "template": '{"a": "{username}", "b": "{password}"}',
    "result_subject": "id",
}
SHARED = {"issuer": "https://org.example", "algorithm": "HS256", "secret": "cl1ent-s3cret" * 3}
EXTERNAL_ATTACKS = {
    "another introspection server": ("introspection", INTROSPECTION, {"url": "https://evil.example/"}),
    "another client": ("introspection", INTROSPECTION, {"client_id": "them"}),
    "another vendor": ("password", RELAY, {"url": "https://evil.example/"}),
    "another kind of credential": ("password", RELAY, {"auth_kind": "bearer"}),
    "a header that is shown elsewhere": ("password", RELAY, {"header_name": "From"}),
    "another issuer, whom the key would prove": ("jwt", SHARED, {"issuer": "https://evil.example"}),
}


@pytest.mark.parametrize("attack", CONNECTION_ATTACKS)
def test_the_secret_of_a_connection_is_not_sent_to(attack, administrator, database, box):
    form, change = CONNECTION_ATTACKS[attack]
    assert administrator.post("/connections/new", form).status_code == 303
    answer = administrator.post(f"/connections/{form['name']}", form | {"secret": ""} | change)
    said = faults(answer)
    assert "must be typed again" in said.get("secret", "") or "base_url" in said
    assert "cl1ent-s3cret" not in answer.text
    with database.reading() as db:
        stored = connections.open_all(db, box, implementations.find(db, "demo"))[form["name"]]
    assert (stored.base_url, stored.secret) == ("https://api.example.org", "cl1ent-s3cret")
    assert "evil" not in str(stored)


@pytest.mark.parametrize("attack", EXTERNAL_ATTACKS)
def test_the_secret_of_external_authentication_is_not_used_for(attack, administrator, database, box):
    kind, form, change = EXTERNAL_ATTACKS[attack]
    assert administrator.post(f"/external/{kind}", form).status_code == 303
    answer = administrator.post(f"/external/{kind}", form | {"secret": ""} | change)
    assert "must be typed again" in faults(answer)["secret"]
    assert "cl1ent-s3cret" not in answer.text
    with database.reading() as db:
        stored = external.opened(db, box, implementations.find(db, "demo"))
    assert stored.secret == form["secret"]
    assert "evil" not in str(stored.fields)


def test_who_knows_the_secret_may_move_it(administrator, database, box):
    assert administrator.post("/connections/new", BASIC).status_code == 303
    moved = BASIC | {"base_url": "https://new.example", "secret": "cl1ent-s3cret"}
    assert administrator.post("/connections/ethos", moved).status_code == 303
    with database.reading() as db:
        assert (
            connections.open_all(db, box, implementations.find(db, "demo"))["ethos"].base_url == "https://new.example"
        )


@pytest.mark.parametrize(("path", "stored"), [("/connections/ethosce", True), ("/connections/new", False)])
def test_the_page_says_whether_a_secret_is_kept_and_describes_the_field_by_it(path, stored, administrator):
    page = administrator.get(path).text
    assert ("Leave the field empty to keep it" in page) is stored
    assert 'aria-describedby="secret-note"' in page
    assert 'id="secret-note"' in page
    assert 'type="password"' in page
