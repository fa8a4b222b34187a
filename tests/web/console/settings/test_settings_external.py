"""External Authentication in the console: each kind, its secret, and trying it."""

import json
import logging

import pytest

from records.identity import external_auth as external
from records.people import users
from records.tenants import implementations
from tests.support.jwt_signing import EC, ISSUER, jwk
from tests.support.jwt_signing import token as signed_by
from tests.support.vendors import reply
from tests.web.console.settings.conftest import SECRETS
from tests.web.console.settings.staff_people import entries, faults

KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
JWT = {"issuer": "https://org.example", "algorithm": "EdDSA", "jwks": json.dumps({"keys": [KEY]}), "secret": ""}
INTROSPECTION = {"url": "https://org.example/introspect", "client_id": "us", "audience": "", "secret": "cl1ent-s3cret"}


def stored(database, box):
    with database.reading() as db:
        return external.opened(db, box, implementations.find(db, "demo"))


def test_a_pem_key_and_keys_given_twice_or_not_at_all_are_told_in_plain_words(administrator):
    pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
    said = faults(administrator.post("/external/jwt", JWT | {"jwks": pem}))["jwks"]
    assert "must be JSON, and this is PEM" in said
    assert "JWK set" in said
    said = faults(administrator.post("/external/jwt", JWT | {"jwks": ""}))["jwks"]
    assert "are missing, and so is their address. Enter one of the two" in said
    said = faults(administrator.post("/external/jwt", JWT | {"jwks_url": "https://org.example/jwks"}))["jwks"]
    assert "and their address are both entered. Enter one of the two" in said


def test_a_signed_assertion_is_set_with_public_keys_only(administrator, database, box):
    private = json.dumps({"keys": [KEY | {"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]})
    answer = administrator.post("/external/jwt", JWT | {"jwks": private})
    assert "contains a private or shared key" in faults(answer)["jwks"]
    assert administrator.post("/external/jwt", JWT).status_code == 303
    assert stored(database, box).fields["keys"] == {"keys": [KEY]}
    (entry,) = entries(database, "external.saved")
    assert entry.detail["kind"] == ["password", "jwt"]
    assert SECRETS["external"] not in str(entry.detail)


def test_faults_of_a_signed_assertion_stand_at_their_fields(administrator):
    said = faults(administrator.post("/external/jwt", JWT | {"jwks": '{"keys": [}', "issuer": ""}))
    assert "line 1" in said["jwks"]
    said = faults(administrator.post("/external/jwt", JWT | {"jwks": "", "jwks_url": "http://x.example", "issuer": ""}))
    assert set(said) == {"issuer", "jwks_url"}
    short = {"issuer": "https://org.example", "algorithm": "HS256", "secret": "too-short-s3cret"}
    answer = administrator.post("/external/jwt", short)
    assert "at least 32 random characters" in faults(answer)["secret"]
    assert "too-short-s3cret" not in answer.text


def test_introspection_keeps_its_secret_and_a_new_address_demands_it(administrator, database, box, caplog):
    caplog.set_level(logging.DEBUG)
    assert administrator.post("/external/introspection", INTROSPECTION).status_code == 303
    kept = INTROSPECTION | {"audience": "them", "secret": ""}
    assert administrator.post("/external/introspection", kept).status_code == 303
    assert stored(database, box).secret == "cl1ent-s3cret"
    answer = administrator.post("/external/introspection", kept | {"url": "https://evil.example/"})
    assert "must be typed again" in faults(answer)["secret"]
    assert stored(database, box).fields["url"] == INTROSPECTION["url"]
    seen = answer.text + caplog.text + str([entry.detail for entry in entries(database)])
    assert "cl1ent-s3cret" not in seen


def test_the_password_relay_is_as_it_was_when_nothing_was_typed(administrator, database, box):
    before = stored(database, box)
    assert administrator.post("/external/password", administrator.form("/external/password")).status_code == 303
    assert stored(database, box) == before


def test_conditions_compare_with_what_was_meant(administrator, database, box):
    form = administrator.form("/external/password")
    form |= {"accepted_path": "ok", "accepted_equals": "true", "opted_out_path": "out", "opted_out_equals": "yes"}
    form |= {"excluded_types": "Exhibitor\nPress", "excluded_text": "Please ask at the desk."}
    assert administrator.post("/external/password", form).status_code == 303
    fields = stored(database, box).fields
    assert fields["accepted"] == {"path": "ok", "equals": True}
    assert fields["opted_out"] == {"path": "out", "equals": "yes"}
    assert fields["excluded_types"] == ["Exhibitor", "Press"]
    again = administrator.form("/external/password")
    assert (again["accepted_equals"], again["opted_out_equals"]) == (["true"], ["yes"])


def test_faults_of_the_password_relay_stand_at_their_fields(administrator):
    form = administrator.form("/external/password")
    wrong = {
        "template": '{"badge": "x{username}"}',
        "url": "http://x.example",
        "result_subject": "",
        "excluded_text": "x" * 301,
    }
    answer = administrator.post("/external/password", form | wrong | {"username_label": ""})
    said = faults(answer)
    assert {"template", "url", "excluded_text", "username_label"} <= set(said)
    assert "http://x.example" in answer.text


@pytest.fixture
def relay(administrator, start_vendor):
    """A registration vendor on this machine, set up in the console."""

    def answer(request):
        sent = json.loads(request.body)
        if sent != {"badge": "B-1", "name": "Lovelace"}:
            return reply({"error": "no"}, status=404)
        return reply({"person": {"id": "77", "first": "<i>Ada</i>", "private": "diagnosis"}})

    vendor = start_vendor(answer)
    form = administrator.form("/external/password") | {
        "url": vendor.url,
        "development": "y",
        "secret": "tok-en-of-ours",
    }
    assert administrator.post("/external/password", form | {"result_first_name": "person/first"}).status_code == 303
    return vendor


def test_trying_the_relay_shows_what_was_understood_and_keeps_nothing(administrator, relay, database, caplog):
    caplog.set_level(logging.DEBUG)
    answer = administrator.post("/external/password/try", {"username": "B-1", "password": "Lovelace"})
    assert "It works:" in answer.text
    assert "&lt;i&gt;Ada&lt;/i&gt;" in answer.text
    assert "diagnosis" not in answer.text
    assert relay.requests[0].headers["authorization"] == "Bearer tok-en-of-ours"
    with database.reading() as db:
        assert users.find(db, implementations.find(db, "demo"), "77") is None
    seen = answer.text + caplog.text + str([entry.detail for entry in entries(database)])
    for secret in ("Lovelace", "tok-en-of-ours"):
        assert secret not in seen


def test_trying_with_the_wrong_name_says_so_and_guessing_ends_soon(administrator, relay):
    said = [
        administrator.post("/external/password/try", {"username": "B-1", "password": str(n)}).text for n in range(22)
    ]
    assert "No one would be logged in:" in said[0]
    assert "do not match" in said[0]
    assert "Too many attempts" in said[-1]
    assert len(relay.requests) == 20


def test_trying_a_token_asks_the_organizers_server(administrator, start_vendor):
    vendor = start_vendor(reply({"active": False}))
    form = INTROSPECTION | {"url": vendor.url, "development": "y"}
    assert administrator.post("/external/introspection", form).status_code == 303
    answer = administrator.post("/external/introspection/try", {"token": "abc.def"})
    assert "<code>not active</code>" in answer.text
    assert "abc.def" not in answer.text
    assert administrator.post("/external/password/try", {"username": "x", "password": "y"}).status_code == 404


@pytest.fixture
def signing(administrator):
    """Signed assertions, set up in the console with the organizer's public key."""
    form = {"issuer": ISSUER, "algorithm": "ES256", "jwks": json.dumps({"keys": [jwk(EC)]})}
    assert administrator.post("/external/jwt", form).status_code == 303


def test_trying_an_assertion_shows_what_was_understood_and_does_not_use_it_up(administrator, signing, database, caplog):
    caplog.set_level(logging.DEBUG)
    assertion = signed_by()
    for _ in range(2):
        answer = administrator.post("/external/jwt/try", {"assertion": f" {assertion}\n"})
        assert "It works:" in answer.text
        assert "member-17" in answer.text
    assert assertion not in answer.text + caplog.text
    token = administrator.http.post(
        "/api/v1/implementations/demo/auth/token",
        data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion},
    )
    assert token.status_code == 200
    assert [each.target for each in entries(database, "external.tried")] == ["jwt", "jwt"]


def test_trying_an_assertion_that_is_refused_says_why(administrator, signing):
    said = administrator.post("/external/jwt/try", {"assertion": signed_by(body={"aud": "x"})}).text
    assert "No one would be logged in:" in said
    said = administrator.post("/external/jwt/try", {"assertion": "abc"}).text
    assert "<code>not a signed JWT</code>. The assertion is not a signed JWT of at most 4,096 characters." in said


def test_a_wrong_key_of_ours_is_not_taken_for_a_wrong_badge(administrator, relay):
    relay.answer = reply({"error": "key"}, status=401)
    said = administrator.post("/external/password/try", {"username": "B-1", "password": "Lovelace"}).text
    assert "<code>vendor answered 401</code>" in said
    assert "401 or 403 may also mean that our credentials are wrong" in said


@pytest.mark.parametrize("page", ["/external", "/external/jwt", "/external/introspection", "/external/password"])
def test_our_side_can_be_copied_before_anything_is_set(administrator, page):
    administrator.post("/external/remove")
    said = administrator.get(page).text
    ours = said.partition("Our side")[2]
    signed = ('value="https://status.example.org/ext/demo"', 'value="https://status.example.org/ext/demo/jwt"')
    for value in signed if page in ("/external", "/external/jwt") else ():
        assert value in ours
    assert 'value="https://status.example.org/api/v1/implementations/demo/auth/token"' in ours
    assert 'data-copy="our-token"' in ours


def test_refused_logins_are_one_click_away(administrator):
    for page in ("/external", "/external/password"):
        assert (
            'href="/console/implementations/demo/refused-logins"' in administrator.get(page).text.partition("<main")[2]
        )


def test_removing_asks_once_and_deletes_the_secret(administrator, database, box):
    assert "settings and the secret are deleted" in administrator.get("/external/remove").text
    assert administrator.post("/external/remove").status_code == 303
    assert stored(database, box) is None
    assert entries(database, "external.removed")[0].target == "password"
    assert administrator.get("/external/nosuch").status_code == 404


def test_where_nothing_is_set_there_is_nothing_to_remove(administrator, database):
    administrator.post("/external/remove")
    for answer in (administrator.get("/external/remove"), administrator.post("/external/remove")):
        assert (answer.status_code, "External Authentication is not set" in answer.text) == (404, True)
    assert len(entries(database, "external.removed")) == 1
