"""The app's login over External Authentication, from its start in a browser to tokens, and back from the token endpoint."""

import re

import pytest

from records.tenants import implementations
from tests.support.jwt_signing import claims, token
from tests.support.phone import EXCHANGE, JWT, REDIRECT, SCHEME, Phone, answered
from tests.support.phone import PASSWORD as GRANT
from tests.support.vendors import reply
from tests.web.auth.external.registrants import FIELDS, PASSWORD, PERSON
from tests.web.auth.external.test_external_pages import begin, fill, logged_in, post
from web.auth.external import login_methods


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(login_methods, "LEAST_S", 0.0)
    monkeypatch.setattr(login_methods, "SPREAD_S", 0.0)


@pytest.fixture
def phone(app, database):
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), app_redirect_uris=[REDIRECT, SCHEME])
    return Phone(app)


@pytest.fixture
def vendor(save_external, start_vendor):
    started = start_vendor(reply(PERSON))
    save_external("password", {"url": started.url} | FIELDS)
    return started


def led_on(page):
    """The address to which a page leads by itself."""
    return re.search(r'content="0;url=([^"]+)"', page.text)[1].replace("&amp;", "&")


@pytest.mark.parametrize("redirect", [REDIRECT, SCHEME])
def test_by_the_badge_form_the_app_gets_its_code_and_the_browser_no_login(app, browser, phone, vendor, redirect):
    phone.redirect_uri = redirect
    form = browser.get(f"/login/demo?m={phone.handle()}", follow_redirects=True)
    vendor.answer = reply({"result": "NO"})
    wrong = fill(browser, form)  # a wrong name does not lose the way back to the app
    vendor.answer = reply(PERSON)
    address = led_on(fill(browser, wrong))
    assert address.startswith(redirect + "?")
    assert answered(address)["state"] == phone.state
    assert logged_in(app, browser) is None
    tokens = phone.redeem(answered(address)["code"]).get_json()
    assert phone.session(tokens["access_token"]).get_json()["user"]["id"] == "4711"


def test_by_the_organizers_page_the_app_gets_its_code(browser, phone, signed):
    signed(login_url="https://members.example.org/login?for=app")
    nonce = begin(browser, f"?m={phone.handle()}")
    posted = post(browser, token(body=claims(nonce=nonce)))
    done = browser.get(posted.headers["Location"])
    address = done.headers.get("Location") or led_on(done)
    assert phone.redeem(answered(address)["code"]).status_code == 200


def test_an_assertion_for_an_app_is_good_once(phone, signed):
    signed()
    made = token()
    assert phone.token(grant_type=JWT, assertion=made).status_code == 200
    again = phone.token(grant_type=JWT, assertion=made)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")


def test_who_logs_in_externally_is_never_staff_whatever_the_assertion_says(phone, signed):
    signed()
    told = claims(
        roles=["administrator", "reviewer", "organizer"], user_type="administrator", username="root@ativ.example"
    )
    access = phone.token(grant_type=JWT, assertion=token(body=told)).get_json()["access_token"]
    assert set(phone.session(access).get_json()["roles"]) <= {"attendee", "scanner"}


def test_an_excluded_registrant_reads_why_in_the_app(phone, vendor):
    vendor.answer = reply({**PERSON, "registrant": PERSON["registrant"] | {"type": "Exhibitor"}})
    refused = phone.token(grant_type=GRANT, username="B-4711", password=PASSWORD)
    assert refused.status_code == 400
    assert FIELDS["excluded_text"] in refused.text
    assert PASSWORD not in refused.text


def test_a_vendor_that_is_away_is_no_wrong_password_in_the_app(phone, vendor):
    vendor.answer = reply(status=503)
    refused = phone.token(grant_type=GRANT, username="B-4711", password=PASSWORD)
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)


def test_guessing_through_the_app_meets_the_same_limits_as_the_form(phone, browser, vendor):
    vendor.answer = reply({"result": "NO"})
    for count in range(3):
        assert phone.token(grant_type=GRANT, username="B-4711", password=f"x{count}").status_code == 400
    form = browser.get("/ext/demo/login")
    for count in range(2):
        assert fill(browser, form, password=f"y{count}").status_code == 401
    late = phone.token(grant_type=GRANT, username="b-4711", password="z")
    assert (late.status_code, int(late.headers["Retry-After"]) > 0) == (429, True)


@pytest.mark.parametrize("grant", [JWT, EXCHANGE, GRANT])
def test_a_way_that_is_not_offered_is_said_so_and_nothing_is_asked(phone, grant):
    fields = {"assertion": token(), "subject_token": "x", "username": "a", "password": "b"}
    fields["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
    assert phone.token(grant_type=grant, **fields).get_json()["error"] == "unauthorized_client"
