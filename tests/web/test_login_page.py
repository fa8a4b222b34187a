"""The login page of development: what it shows, what it gives, and that production has none."""

import logging

import pytest

from runner.settings import Settings
from tests.logins.people import visitor
from tests.web.stub_desk import PUBLIC_URL, SAME_ORIGIN, STATUS, WIDGET
from web.app import create_app


def log_in(http, **data):
    return http.post("/login/demo", headers=SAME_ORIGIN, data={"subject": "ada"} | data)


def test_the_page_lists_the_implementations_own_users_and_warns(http):
    page = http.get("/login/demo", query_string={"next": WIDGET})
    assert page.status_code == 200
    assert "For development only" in page.text
    assert "Ada Lovelace" in page.text
    assert "Bob" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_an_implementation_without_users_says_what_would_be_here(http):
    assert "no sample users yet" in http.get("/login/empty").text


def test_logging_in_gives_a_guarded_cookie_and_leads_on(http, desk):
    answer = log_in(http, next=WIDGET)
    assert (answer.status_code, answer.headers["Location"]) == (303, WIDGET)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-login=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert http.get(STATUS).json["state"] == "ready"
    assert desk.asked[0][0].user == "ada"


def test_on_plain_http_in_development_the_cookie_works_without_the_prefix(desk, database, store):
    made = Settings(environment="development", public_url="http://127.0.0.1:8000", secret_key="k" * 40)
    client = create_app(made, desk=desk, database=database, checks={}, store=store, outreach=None).test_client()
    answer = client.post("/login/demo", headers=SAME_ORIGIN, data={"subject": "ada"}, base_url="http://127.0.0.1:8000")
    assert answer.headers["Set-Cookie"].startswith("login=")
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_a_planted_login_is_replaced(http, logins, desk):
    http.set_cookie(logins.cookie, logins.sign(visitor("demo", "rtl")), domain="status.example.org")
    log_in(http)
    http.get(STATUS)
    assert desk.asked[-1][0].user == "ada"


def test_logging_out_takes_the_login_away(http):
    log_in(http)
    assert "You are logged in as" in http.get("/login/demo").text
    answer = http.post("/login/demo/out", headers=SAME_ORIGIN, data={"next": WIDGET})
    assert (answer.status_code, answer.headers["Location"]) == (303, WIDGET)
    assert http.get(STATUS).json["state"] == "login"


@pytest.mark.parametrize("subject", ["bob", "", "nobody", "x" * 9000, "ada\x00"])
def test_nobody_logs_in_as_somebody_whom_the_implementation_does_not_know(http, subject):
    answer = log_in(http, subject=subject)
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


def test_an_unknown_implementation_has_no_login_page(http):
    assert http.get("/login/nobody").status_code == 404
    assert http.post("/login/nobody", headers=SAME_ORIGIN, data={"subject": "ada"}).status_code == 404


def test_getting_the_login_or_logout_address_changes_nothing(http):
    assert http.get("/login/demo/out").status_code == 405
    assert "Set-Cookie" not in http.get("/login/demo?subject=ada").headers


def test_production_has_no_login_page(desk, database, store):
    made = Settings(environment="production", public_url=PUBLIC_URL, secret_key="k" * 40)
    client = create_app(made, desk=desk, database=database, checks={}, store=store, outreach=None).test_client()
    assert client.get("/login/demo", base_url=PUBLIC_URL).status_code == 404
    refused = client.post("/login/demo", base_url=PUBLIC_URL, headers=SAME_ORIGIN, data={"subject": "ada"})
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (404, False)


def test_production_answers_to_no_loopback_name(desk, database, store):
    made = Settings(environment="production", public_url=PUBLIC_URL, secret_key="k" * 40)
    client = create_app(made, desk=desk, database=database, checks={}, store=store, outreach=None).test_client()
    assert client.get(STATUS, base_url="https://localhost").status_code == 400


def test_the_stand_in_warns_when_it_is_built(settings, desk, database, store, caplog):
    with caplog.at_level(logging.WARNING):
        create_app(settings, desk=desk, database=database, checks={}, store=store, outreach=None)
    assert "anybody can log in as anybody" in caplog.text
