"""The login address: which login method it leads to, and what it shows if there is none."""

import pytest

from records import ExternalAuthDraft
from records.identity import external_auth as external
from records.tenants import implementations
from tests.support.saml_browser import Browser

JWT = {"issuer": "https://organizer.example", "algorithm": "HS256", "login_url": "https://organizer.example/login"}


@pytest.fixture
def with_external(database, box):
    def add(slug, kind="jwt", **fields):
        with database.session() as db:
            draft = ExternalAuthDraft(kind, fields or JWT, "s" * 40)
            external.save(db, box, implementations.find(db, slug), draft, by="tests")

    return add


def test_with_saml_alone_it_leads_there_with_everything_it_was_told(browser):
    response = browser.http.get("/login/demo?next=/app/demo/sessions/CE-1&m=handle&fresh=1")
    assert response.status_code == 303
    assert response.location == "/saml/demo/login?next=%2Fapp%2Fdemo%2Fsessions%2FCE-1&m=handle&fresh=1"
    assert response.headers["Cache-Control"] == "no-store"


def test_with_external_authentication_alone_it_leads_there(browser, with_external):
    with_external("empty")
    assert browser.http.get("/login/empty?next=/x").location == "/ext/empty/login?next=%2Fx"


def test_with_both_the_person_chooses(browser, with_external):
    with_external("demo")
    page = browser.http.get("/login/demo?next=/app/demo/sessions/CE-1")
    assert page.status_code == 200
    for way in ("/saml/demo/login?next=", "/ext/demo/login?next="):
        assert f'href="{way}%2Fapp%2Fdemo%2Fsessions%2FCE-1"' in page.text


INTROSPECTION = {"url": "https://organizer.example/introspect", "client_id": "app"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("introspection", INTROSPECTION), ("jwt", {**JWT, "login_url": ""})],
    ids=("token", "assertion"),
)
def test_a_way_in_for_the_app_alone_is_not_offered_in_a_browser(browser, with_external, kind, fields):
    with_external("demo", kind, **fields)
    assert browser.http.get("/login/demo?next=/x").location == "/saml/demo/login?next=%2Fx"


def test_a_step_up_leads_to_saml_because_staff_have_no_other_way(browser, with_external):
    with_external("demo")
    assert browser.http.get("/login/demo?fresh=1").location == "/saml/demo/login?fresh=1"


def test_staff_log_in_by_saml_alone(browser, with_external):
    with_external("staff")
    assert browser.http.get("/login/staff").location == "/saml/staff/login"


def test_with_none_it_says_what_is_missing_and_to_whom_to_turn(browser):
    page = browser.http.get("/login/empty?next=/app/empty/sessions/CE-1")
    assert page.status_code == 200
    assert "tell the organizer" in page.text
    assert "identity provider" in page.text
    assert browser.http.get("/saml/empty/login").location == "/login/empty"


def test_an_implementation_that_nobody_knows_is_not_there(browser):
    for address in ("/login/nowhere", "/login/nowhere/out", "/saml/nowhere/login", "/saml/nowhere/slo?SAMLRequest=x"):
        assert browser.http.get(address).status_code == 404
    assert browser.http.get("/login/no!where").status_code == 400
    assert browser.elsewhere.post("/saml/nowhere/acs", data={"SAMLResponse": "x"}).status_code == 404


def test_who_is_logged_in_is_told_and_can_switch(browser):
    browser.log_in(attributes={"givenName": ["Ada"], "sn": ["Lovelace"]})
    page = browser.http.get("/login/demo?next=/app/demo/sessions/CE-1")
    assert page.status_code == 200
    assert "Ada Lovelace" in page.text
    assert 'href="/app/demo/sessions/CE-1"' in page.text
    assert "/login/demo?next=%2Fapp%2Fdemo%2Fsessions%2FCE-1&amp;switch=1" in page.text
    assert browser.http.get("/login/demo?switch=1").location == "/saml/demo/login?switch=1"
    assert browser.begin("demo", "switch=1").request.get("ForceAuthn") == "true"  # else it would be the same person
    assert browser.begin("demo").request.get("ForceAuthn") is None
    assert browser.http.get("/login/other").location == "/saml/other/login"


def test_whose_login_was_ended_is_led_to_log_in(browser):
    browser.log_in()
    browser.app.extensions["auth services"].store.ended_logins.end(browser.visitor().login)
    assert browser.http.get("/login/demo").location == "/saml/demo/login"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "نور الهاشمي"])
def test_names_are_shown_as_they_are_and_do_nothing(app, name):
    browser = Browser(app)
    browser.log_in(attributes={"givenName": [name]})
    page = browser.http.get("/login/demo").text
    assert "<script" not in page
    assert "<bdi>" in page
