"""The token endpoint, revocation, session and status, as an app and as a thief meet them."""

import json
import logging
import re
import threading
import time

import pytest

from records.people import users
from records.tenants import implementations
from runner.logins import StoreAway
from runner.logins.app_tokens import GRACE_S
from runner.store.clients import connect
from tests.support.jwt_signing import OTHER_EC, claims, token
from tests.support.people import visitor
from tests.support.phone import ACCESS_TOKEN, EXCHANGE, JWT, PASSWORD, REDIRECT, Phone, bearer

URL = "/api/v1/implementations/demo/auth/token"
ERRORS = {"error", "error_description", "reference"}


def is_refused(answer, error="invalid_grant", code=400):
    assert (answer.status_code, answer.json["error"]) == (code, error), answer.json
    assert answer.mimetype == "application/json"
    assert set(answer.json) - {"detail"} == ERRORS
    assert re.fullmatch("[0-9a-f]{8}", answer.json["reference"])
    assert answer.json["error_description"].isascii()
    assert "no-store" in answer.headers["Cache-Control"]
    return True


def test_a_code_gives_tokens_which_open_the_status_and_nobody_keeps_the_answer(phone, status_service):
    answer = phone.redeem(phone.code())
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    tokens = answer.json
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert phone.status(tokens["access_token"]).json["state"] == "ready"
    assert status_service.asked[0][0].user == "ada"


def test_a_token_opens_the_widget_as_the_guide_says(phone, status_service):
    address = "/widget/demo/sessions/CE-1"
    assert 'data-state="login"' in phone.http.get(address).text
    page = phone.http.get(address, headers=bearer(phone.log_in()["access_token"]))
    assert 'data-state="ready"' in page.text
    assert status_service.asked[-1][0].user == "ada"


def test_the_body_may_be_json(phone):
    body = {
        "grant_type": "authorization_code",
        "code": phone.code(),
        "redirect_uri": REDIRECT,
        "code_verifier": phone.verifier,
    }
    assert phone.http.post(URL, json=body).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"", "content_type": "text/plain"},
        {"data": b"grant_type=refresh_token", "content_type": "text/plain"},
        {"data": b"{", "content_type": "application/json"},
        {"data": b"[]", "content_type": "application/json"},
        {"data": b'{"grant_type": ["refresh_token"]}', "content_type": "application/json"},
        {"data": b'{"grant_type": "refresh_token", "grant_type": "x"}', "content_type": "application/json"},
        {"data": b"[" * 9000, "content_type": "application/json"},
        {"data": b"\xff\xfe", "content_type": "application/json"},
        {"data": b"grant_type=refresh_token&refresh_token=a&refresh_token=b", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"grant_type": "authorization_code"}},
        {"data": {"grant_type": "refresh_token"}},
        {"data": {"grant_type": JWT}},
        {"data": {"grant_type": EXCHANGE, "subject_token": "x"}},
        {"data": {"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}},
        {"data": {"grant_type": PASSWORD, "username": "x"}},
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_told_so(phone, sent):
    assert is_refused(phone.http.post(URL, **sent), "invalid_request")


REFUSED = {
    "a code that is none": lambda phone: phone.redeem("cac_" + "x" * 43),
    "a code used twice": lambda phone: [phone.redeem(code) for code in [phone.code()] * 2][1],
    "no grant of ours": lambda phone: phone.token(grant_type="password"),
    "no implementation": lambda phone: phone.http.post(URL.replace("demo", "none"), data={"grant_type": JWT}),
    "nothing to revoke": lambda phone: phone.http.post(URL.replace("token", "revoke"), data={"x": "y"}),
    "an assertion that is none": lambda phone: phone.token(grant_type=JWT, assertion="x"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_every_refusal_has_a_reference_by_which_support_finds_it(phone, store, what, caplog):
    caplog.set_level(logging.INFO)
    answer = REFUSED[what](phone)
    reference = answer.json["reference"]
    ((_, noted),) = store.errors.find(reference)
    assert noted.status in {answer.status_code, 401}
    assert noted.implementation == ("none" if what == "no implementation" else "demo")
    assert f"ref={reference}" in caplog.text
    if what == "a code used twice":
        assert (noted.what, noted.code) == ("app_tokens.token", "code used again")


def test_a_refusal_while_the_store_is_away_has_its_reference_in_the_log(own_phone, own_store, monkeypatch, caplog):
    def away(*_, **__):
        raise StoreAway("ConnectionError")

    monkeypatch.setattr(own_store.attempts, "hit", away)
    answer = own_phone.token(grant_type="refresh_token", refresh_token="x")
    assert is_refused(answer, "temporarily_unavailable", 503)
    assert f"the store does not answer ref={answer.json['reference']} error=" in caplog.text


@pytest.mark.parametrize(
    "grant", ["", "password", "client_credentials", "AUTHORIZATION_CODE", "implicit", JWT + "x", "\0"]
)
def test_a_grant_which_is_none_of_ours_is_refused(phone, grant):
    assert is_refused(phone.token(grant_type=grant, username="ada", password="x"), "unsupported_grant_type")


def test_an_oversized_body_is_413_before_it_is_read(phone):
    assert phone.token(grant_type="refresh_token", refresh_token="x" * 20_000).status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_tokens_are_never_given_for_an_address_alone(phone, method):
    answer = getattr(phone.http, method)(URL, query_string={"grant_type": "authorization_code", "code": phone.code()})
    assert answer.status_code in {403, 405}


def test_fields_in_the_address_are_not_looked_at(phone):
    query = {"grant_type": "authorization_code", "code": phone.code(), "redirect_uri": REDIRECT}
    assert is_refused(
        phone.http.post(URL, query_string=query, data={"code_verifier": phone.verifier}), "unsupported_grant_type"
    )


def test_a_thief_of_the_code_has_one_guess_at_the_verifier_and_the_owner_is_logged_out(phone, app):
    code, thief = phone.code(), Phone(app)
    assert is_refused(thief.redeem(code))
    assert is_refused(phone.redeem(code))
    assert is_refused(thief.redeem(code))


def test_a_stolen_code_that_was_redeemed_before_ends_what_it_gave(phone):
    code = phone.code()
    tokens = phone.redeem(code).json
    assert phone.status(tokens["access_token"]).status_code == 200
    assert is_refused(phone.redeem(code))
    assert phone.status(tokens["access_token"]).status_code == 200  # the stub desk does not look
    assert phone.session(tokens["access_token"]).status_code == 401
    assert is_refused(phone.refresh(tokens["refresh_token"]))


def test_tokens_from_before_the_implementation_are_of_a_removed_one_with_the_same_slug(phone):
    early = visitor(since=int(time.time()) - 24 * 3600)
    tokens = phone.log_in(early)
    assert phone.session(tokens["access_token"]).status_code == 401
    assert is_refused(phone.refresh(tokens["refresh_token"]))


def test_a_code_or_token_is_worth_nothing_in_another_implementation(phone, app):
    other = Phone(app, "other")
    other.verifier = phone.verifier
    assert is_refused(other.redeem(phone.code()))
    tokens = phone.log_in()
    assert is_refused(other.refresh(tokens["refresh_token"]))
    assert other.status(tokens["access_token"]).status_code == 401
    assert other.session(tokens["access_token"]).status_code == 401
    assert other.revoke(tokens["access_token"]).status_code == 200
    assert other.revoke(tokens["refresh_token"]).status_code == 200
    assert phone.session(tokens["access_token"]).status_code == 200
    assert phone.refresh(tokens["refresh_token"]).status_code == 200


def test_a_stolen_refresh_token_costs_the_thief_the_login_as_soon_as_both_have_used_it(own_phone, own_app, own_store):
    tokens = own_phone.log_in()
    stolen = tokens["refresh_token"]
    own_store.tokens._clock = lambda: now[0]
    now = [10**9 * 2]
    now[0] = visitor().since
    thief = Phone(own_app).refresh(stolen).json
    now[0] += GRACE_S + 1
    assert is_refused(own_phone.refresh(stolen))
    assert own_phone.session(thief["access_token"]).status_code == 401
    assert is_refused(own_phone.refresh(thief["refresh_token"]))


def test_two_threads_of_an_app_which_refresh_at_once_go_on_with_the_same_tokens(phone, app):
    token, got, together = phone.log_in()["refresh_token"], [], threading.Barrier(6)

    def one():
        client = Phone(app)
        together.wait()
        got.append(client.refresh(token))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in got} == {200}
    assert len({(answer.json["access_token"], answer.json["refresh_token"]) for answer in got}) == 1
    assert phone.refresh(got[0].json["refresh_token"]).status_code == 200


def test_logging_out_in_the_app_ends_all_its_tokens_at_once_and_twice_is_fine(phone):
    tokens = phone.log_in()
    newer = phone.refresh(tokens["refresh_token"]).json
    for _ in range(2):
        answer = phone.revoke(tokens["refresh_token"])
        assert (answer.status_code, answer.data) == (200, b"")
    for each in (tokens, newer):
        assert phone.session(each["access_token"]).status_code == 401
        assert is_refused(phone.refresh(each["refresh_token"]))


@pytest.mark.parametrize(
    "body", [{"token": "x"}, {"token": "cat_" + "x" * 43}, {"token": "\0"}, {"token": "x", "x": "y"}]
)
def test_revoking_what_nobody_knows_is_200_as_well(phone, body):
    assert phone.http.post("/api/v1/implementations/demo/auth/revoke", data=body).status_code == 200


@pytest.mark.parametrize("body", [None, {}, {"token": ""}, {"x": "y"}, "token=x&token=y"])
def test_revoking_without_a_token_is_no_success_of_which_an_app_could_be_sure(phone, body):
    assert is_refused(phone.http.post("/api/v1/implementations/demo/auth/revoke", data=body), "invalid_request")


@pytest.mark.parametrize("slug", ["nobody", "a.b"])
def test_revoking_elsewhere_is_200_as_well(phone, slug):
    assert phone.http.post(f"/api/v1/implementations/{slug}/auth/revoke", data={"token": "x"}).status_code == 200


def test_a_cookie_gives_no_tokens_and_revokes_nothing(phone, app, store):
    logins, ada = app.extensions["auth services"].logins, visitor()
    client = app.test_client()
    client.set_cookie(logins.cookie, logins.sign(ada), domain="status.example.org")
    assert is_refused(client.post(URL, data={"grant_type": ""}), "unsupported_grant_type")
    assert is_refused(client.post("/api/v1/implementations/demo/auth/revoke", data={}), "invalid_request")
    assert logins.is_active(ada)


def test_the_session_says_who_it_is_with_which_roles_and_until_when(phone, app):
    access = phone.log_in()["access_token"]
    answer = phone.session(access)
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.json
    assert said["implementation"] == "demo"
    assert said["user"] == {
        "id": "ada", "username": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace",
        "user_type": "attendee", "badge_id": "B-17",
    }  # fmt: skip
    assert said["roles"] == ["attendee"]
    assert said["expires_at"].endswith("+00:00")


def test_the_session_of_a_browser_is_told_to_its_pages_too(app):
    logins, client = app.extensions["auth services"].logins, app.test_client()
    client.set_cookie(logins.cookie, logins.sign(visitor()), domain="status.example.org")
    assert client.get("/api/v1/implementations/demo/auth/session").json["user"]["id"] == "ada"


@pytest.mark.parametrize("headers", [{}, bearer("x"), bearer("cat_" + "x" * 43), bearer("")])
def test_the_session_of_nobody_is_401_and_says_how(phone, headers):
    answer = phone.http.get("/api/v1/implementations/demo/auth/session", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def lock_out(database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.disable(db, users.find(db, demo, "ada"), "left")


def test_who_is_locked_out_gets_no_new_tokens_and_loses_the_old(own_phone, own_database):
    tokens = own_phone.log_in()
    lock_out(own_database)
    assert own_phone.session(tokens["access_token"]).status_code == 401
    assert is_refused(own_phone.refresh(tokens["refresh_token"]))
    with own_database.session() as db:
        users.enable(db, users.find(db, implementations.find(db, "demo"), "ada"))
    assert is_refused(own_phone.refresh(tokens["refresh_token"]))
    assert own_phone.session(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(("source", "stays"), [("saml", False), ("jwt", True)])
def test_whose_provider_was_replaced_gets_no_new_tokens(own_phone, own_database, source, stays):
    tokens = own_phone.log_in(visitor("demo", source=source))
    with own_database.session() as db:
        users.find(db, implementations.find(db, "demo"), "ada").provider = "https://replaced.example/metadata"
    answer = own_phone.refresh(tokens["refresh_token"])
    assert answer.status_code == 200 if stays else is_refused(answer)
    assert own_phone.session(tokens["access_token"]).status_code == (200 if stays else 401)


def test_the_end_of_all_logins_of_a_user_ends_the_apps(phone, store):
    tokens = phone.log_in()
    store.ended_logins.end_all("demo", "ada")
    assert phone.session(tokens["access_token"]).status_code == 401
    assert is_refused(phone.refresh(tokens["refresh_token"]))


def test_a_signed_assertion_gives_tokens_once(phone):
    assertion = token(body=claims())
    answer = phone.token(grant_type=JWT, assertion=assertion)
    assert answer.status_code == 200
    who = phone.session(answer.json["access_token"]).json["user"]
    assert who["id"] == "member-17"
    assert phone.refresh(answer.json["refresh_token"]).status_code == 200
    assert is_refused(phone.token(grant_type=JWT, assertion=assertion))


def test_a_forged_assertion_gives_a_neutral_refusal_with_a_reference(phone, caplog):
    answer = phone.token(grant_type=JWT, assertion=token(body=claims(), key=OTHER_EC))
    assert is_refused(answer)
    assert answer.json["detail"] == "That login did not work. Please try again."
    assert answer.json["reference"] in caplog.text
    assert "member-17" not in caplog.text


@pytest.mark.parametrize(
    "fields",
    [
        {"grant_type": PASSWORD, "username": "B-17", "password": "Lovelace"},
        {"grant_type": EXCHANGE, "subject_token": "x", "subject_token_type": ACCESS_TOKEN},
    ],
)
def test_a_way_in_which_the_implementation_has_not_is_not_offered(phone, fields):
    assert is_refused(phone.token(**fields), "unauthorized_client")


def test_an_unknown_implementation_is_404_in_the_same_words(app):
    assert is_refused(Phone(app, "nobody").token(grant_type=JWT, assertion="x"), "invalid_request", 404)


def test_an_app_in_a_loop_is_told_to_slow_down_and_others_are_not(phone, app):
    codes = [phone.refresh(f"crt_{'l' * 32}.{'m' * 22}.{'s' * 43}").status_code for _ in range(21)]
    assert codes == [400] * 20 + [429]
    refused = phone.refresh(f"crt_{'l' * 32}.{'m' * 22}.{'s' * 43}")
    assert is_refused(refused, "slow_down", 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert Phone(app).log_in()


def test_without_the_store_nobody_is_let_in_and_the_app_may_try_again(own_phone, own_store):
    tokens = own_phone.log_in()
    for part in (
        own_store.one_time_states,
        own_store.tokens,
        own_store.ended_logins,
        own_store.attempts,
        own_store.replays,
    ):
        part._redis = connect("redis://127.0.0.1:1")
    own_store.attempts._hit.registered_client = own_store.attempts._redis
    answers = [
        own_phone.refresh(tokens["refresh_token"]),
        own_phone.token(grant_type=JWT, assertion=token(body=claims())),
    ]
    for answer in answers:
        assert is_refused(answer, "temporarily_unavailable", 503)
        assert int(answer.headers["Retry-After"]) > 0
    assert own_phone.start().status_code == 503
    assert own_phone.revoke(tokens["refresh_token"]).status_code == 503


def test_no_secret_reaches_the_log(phone, caplog):
    with caplog.at_level("DEBUG"):
        code = phone.code()
        tokens = phone.redeem(code).json
        newer = phone.refresh(tokens["refresh_token"]).json
        phone.redeem(code)
        phone.refresh(newer["refresh_token"])
        phone.revoke(tokens["access_token"])
    told = caplog.text
    assert "code=code used again" in told
    for secret in (
        code,
        phone.verifier,
        phone.state,
        *(each[name] for each in (tokens, newer) for name in ("access_token", "refresh_token")),
    ):
        assert secret not in told
    assert json.dumps("ada") not in told
