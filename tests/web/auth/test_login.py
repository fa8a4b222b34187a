"""A login by SAML over HTTP: what works, and that it ends where it began."""

from datetime import UTC, datetime, timedelta

import pytest

from records import SamlDraft
from records.agenda import sessions
from records.identity import saml_providers as saml
from records.people import users
from records.tenants import implementations
from tests.support.saml_browser import IDP, PROVIDERS, Browser, begun, connect, is_refused, sp_of
from tests.support.saml_forge import PERSISTENT, TRANSIENT, ForgedIdp


def test_without_a_login_the_status_says_so_and_after_it_the_person_is_back_at_the_same_session(browser):
    said = browser.status().json
    assert (said["state"], said["message"]["text"]) == ("login", "Log in for session status info")
    path, query = said["message"]["action"]["url"].removeprefix("https://status.example.org").split("?")
    assert path == "/login/demo"
    response = browser.log_in("demo", query, way="chooser")
    assert (response.status_code, response.location) == (303, "/app/demo/sessions/CE-1")
    assert browser.status().json["state"] == "ready"
    assert browser.app.extensions["status services"].status_service.asked[-1][0].user == "ada@example.org"


def test_the_request_is_ours_signed_and_says_nothing_of_where_the_person_was(browser):
    started = browser.begin(query="next=/app/demo/sessions/CE-1")
    assert started.address.startswith("https://idp.example/sso?SAMLRequest=")
    assert "Signature=" in started.address
    assert "app" not in started.relay_state
    assert len(started.relay_state) <= 80
    assert started.request.get("AssertionConsumerServiceURL") == "https://status.example.org/saml/demo/acs"
    assert started.request.get("ForceAuthn") is None


def test_the_cookies_are_lax_and_hidden_from_scripts_and_bound_to_the_host(browser):
    first = browser.http.get("/saml/demo/login")
    last = browser.log_in()
    for response, name in ((first, "__Host-login-way"), (last, "__Host-login")):
        cookie = next(said for said in response.headers.getlist("Set-Cookie") if said.startswith(f"{name}="))
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "SameSite=None" not in str(first.headers) + str(last.headers)


def test_what_the_provider_posts_is_answered_without_looking_at_a_cookie_and_logs_nobody_in(browser):
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    response = browser.answer(message, started.relay_state)
    assert response.status_code == 303
    assert response.location.startswith("/saml/demo/complete?o=")
    assert "Set-Cookie" not in response.headers
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" not in response.headers.get("Vary", "")


def test_two_implementations_share_a_provider_and_nothing_else(app):
    at_demo, at_other = Browser(app), Browser(app)
    assert at_demo.log_in("demo").status_code == 303
    assert at_other.log_in("other", nameid="bob@example.org").status_code == 303
    assert at_demo.status("demo").json["state"] == "ready"
    assert at_demo.status("other").status_code == 401
    assert at_other.status("other").json["state"] == "ready"


def test_several_tabs_log_in_at_the_same_time(browser):
    tabs = [browser.begin(query=f"next=/app/demo/sessions/CE-{number}") for number in range(3)]
    for number in (2, 0, 1):
        message = IDP.response(sp_of(browser.app, "demo"), tabs[number].request_id)
        came = browser.http.get(browser.answer(message, tabs[number].relay_state).location)
        assert came.location == f"/app/demo/sessions/CE-{number}"


def test_each_login_has_a_new_id_and_ends_the_one_before(browser):
    browser.log_in()
    first = browser.visitor()
    browser.log_in()
    second = browser.visitor()
    assert first.login != second.login
    logins = browser.app.extensions["auth services"].logins
    assert not logins.is_active(first)
    assert logins.is_active(second)


def test_what_the_provider_says_is_remembered_of_the_person(browser, database):
    browser.log_in(
        attributes={"mail": ["ada@example.org"], "givenName": ["Ada"], "sn": ["Lovelace"], "groups": ["a", "b"]}
    )
    with database.reading() as db:
        user = users.find(db, implementations.find(db, "demo"), "ada@example.org")
    assert (user.username, user.first_name, user.last_name) == ("ada@example.org", "Ada", "Lovelace")
    assert user.attributes["groups"] == ["a", "b"]
    assert user.provider == IDP.entity_id


def test_a_login_ends_when_its_provider_wants_it(browser):
    browser.log_in(session_for_s=600)
    visitor = browser.visitor()
    assert 590 <= visitor.until - visitor.since <= 600


@pytest.mark.parametrize(
    ("over_days_ago", "lasts_days"),
    [(-3, 17), (13, 1), (14, 0.5), (200, 0.5)],
    ids=["before", "after", "late", "next-year"],
)
def test_a_login_lasts_two_weeks_beyond_the_conference_and_half_a_day_when_that_is_over(
    browser, database, over_days_ago, lasts_days
):
    with database.session() as db:
        for session in sessions.every(db, implementations.find(db, "demo")):
            session.ends_at = datetime.now(UTC) - timedelta(days=over_days_ago)
            session.starts_at = session.ends_at - timedelta(hours=1)
    browser.log_in(session_for_s=None)
    visitor = browser.visitor()
    assert abs(visitor.until - visitor.since - lasts_days * 86_400) <= 30
    assert browser.status().json["state"] == "ready"


def test_a_provider_that_still_knew_the_person_does_not_make_the_login_a_fresh_one(browser):
    browser.log_in(authenticated_ago_s=3600)
    visitor = browser.visitor()
    assert 3590 <= visitor.since - visitor.proved <= 3610


def test_a_step_up_wants_the_person_asked_again_and_refuses_what_is_older(browser):
    started = browser.begin(query="fresh=1")
    assert started.request.get("ForceAuthn") == "true"
    assert browser.log_in(query="fresh=1", way="chooser").status_code == 303
    assert is_refused(browser.log_in(query="fresh=1", authenticated_ago_s=600))


@pytest.mark.parametrize("name_format", [PERSISTENT, "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"])
def test_other_names_that_stay_the_same_are_keys(browser, name_format):
    browser.log_in(nameid="p-4711", nameid_format=name_format)
    assert browser.visitor().subject == "p-4711"


def test_a_name_that_changes_each_time_is_no_key(browser, caplog):
    assert is_refused(browser.log_in(nameid="t-1", nameid_format=TRANSIENT))
    assert "transient" in caplog.text


def test_with_a_subject_attribute_a_changing_name_does_no_harm(browser, database, box):
    with database.session() as db:
        connect(db, box, "demo", IDP, subject_attribute="employeeNumber")
    more = {"nameid_format": TRANSIENT, "attributes": {"employeeNumber": ["e-7"]}}
    browser.log_in(nameid="t-1", **more)
    assert browser.visitor().subject == "e-7"
    assert is_refused(
        browser.log_in(nameid="t-2", nameid_format=TRANSIENT, attributes={"employeeNumber": ["e-7", "e-8"]})
    )
    assert is_refused(browser.log_in(nameid="t-3", nameid_format=TRANSIENT, attributes={"mail": ["ada@example.org"]}))


def test_a_login_that_nobody_asked_for_is_a_hint_where_the_implementation_allows_it(browser):
    sp = sp_of(browser.app, "hints")
    response = browser.answer(IDP.response(sp, None, in_response_to=None, subject_in_response_to=None), "", "hints")
    assert (response.status_code, response.location) == (303, "/saml/hints/login")
    assert browser.visitor() is None
    assert browser.log_in("hints").status_code == 303


def test_a_provider_rolls_its_key_over(browser, database, box):
    old, new = IDP, ForgedIdp(IDP.entity_id, name="the next key")
    with database.session() as db:
        implementation = implementations.find(db, "demo")
        saml.save(
            db, box, implementation, SamlDraft(new.entity_id, new.sso_url, new.slo_url, (new.certificate,)), by="t"
        )
    sp = sp_of(browser.app, "demo")
    for idp in (old, new):
        started = browser.begin()
        assert browser.answer(idp.response(sp, started.request_id), started.relay_state).status_code == 303
    with database.session() as db:
        provider = saml.find(db, implementations.find(db, "demo"))
        saml.retire(db, provider, saml.certificates(db, provider)[0].sha256, "tests")
    started = browser.begin()
    assert is_refused(browser.answer(old.response(sp, started.request_id), started.relay_state))


def test_metadata_is_there_before_any_provider_is_known(browser):
    response = browser.http.get("/saml/empty/metadata")
    assert response.mimetype == "application/samlmetadata+xml"
    assert 'entityID="https://status.example.org/saml/empty/metadata"' in response.text
    assert "max-age=300" in response.headers["Cache-Control"]
    assert browser.http.get("/saml/empty/metadata").text == response.text
    assert browser.http.get("/saml/nowhere/metadata").status_code == 404


def test_a_staff_login_leaves_an_audit_entry_and_an_attendees_does_not(app, database):
    from records import audit

    Browser(app).log_in("demo")
    Browser(app).log_in("staff", attributes={"mail": ["root@ativ.example"]})
    with database.reading() as db:
        entries = audit.recent(db)
    assert [(entry.action, entry.implementation) for entry in entries] == [("login", "staff")]
    assert entries[0].detail["roles"] == ["administrator", "attendee"] or "administrator" in entries[0].detail["roles"]


def test_the_provider_is_told_where_to_answer_whatever_the_host_header_says(browser):
    refused = browser.http.get("/saml/demo/login", base_url="https://evil.example")
    assert refused.status_code == 400
    forwarded = browser.http.get("/saml/demo/login", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in begun(forwarded.location).request.get("AssertionConsumerServiceURL")
    assert PROVIDERS["demo"].sso_url in forwarded.location
