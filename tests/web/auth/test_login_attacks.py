"""Attacks on a login over HTTP. Whatever is wrong, the person sees the same page, and no one is logged in."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import SecretBox, audit
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect as connect_store
from tests.support.application import make_app
from tests.support.saml_browser import (
    IDP,
    PROVIDERS,
    SAME_ORIGIN,
    STAFF_IDP,
    STRANGER,
    Browser,
    connect,
    is_refused,
    sp_of,
)
from web.auth.login_choice.refusal_codes import EVERY_CODE
from web.auth.login_steps import rate_limits, refusals


def believed(browser, slug="demo", query="", **changes):
    """An accepted message: the address of its completion."""
    started = browser.begin(slug, query)
    message = PROVIDERS[slug].response(sp_of(browser.app, slug), started.request_id, **changes)
    return started, message, browser.answer(message, started.relay_state, slug).location


def test_somebody_elses_login_cannot_be_completed_in_my_browser(browser, other_browser):
    other_browser.begin()  # has a binding cookie of its own
    _, _, address = believed(browser)
    assert is_refused(other_browser.http.get(address))
    assert other_browser.visitor() is None


def test_a_stolen_address_of_completion_is_worth_nothing_and_the_owner_still_gets_in(browser, other_browser):
    _, _, address = believed(browser)
    assert is_refused(other_browser.http.get(address))
    assert browser.http.get(address).status_code == 303
    assert browser.visitor().subject == "ada@example.org"


def test_a_message_for_somebody_elses_request_is_completed_only_in_the_browser_that_asked(browser, other_browser):
    mine, theirs = browser.begin(), other_browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), theirs.request_id)
    assert is_refused(browser.answer(message, mine.relay_state))  # answers another request
    address = browser.answer(message, theirs.relay_state).location
    assert is_refused(browser.http.get(address))


def test_a_message_is_used_once(browser):
    started, message, address = believed(browser)
    browser.http.get(address)
    assert is_refused(browser.answer(message, started.relay_state))
    again = browser.begin()
    assert is_refused(browser.answer(message, again.relay_state))


def test_the_log_names_a_replayed_assertion_and_whoever_it_is_about_stays_out(browser, caplog):
    caplog.set_level("INFO")
    sp, changes = sp_of(browser.app, "demo"), {"assertion_id": "_seen-before", "attributes": {"sn": ["Lovelace"]}}
    for again in (False, True):
        started = browser.begin()
        answer = browser.answer(IDP.response(sp, started.request_id, **changes), started.relay_state)
        assert is_refused(answer) if again else answer.status_code == 303
    assert f"accepted issuer={IDP.entity_id} assertion=_seen-before" in caplog.text
    assert "code=replay detail='assertion _seen-before'" in caplog.text
    assert "ada@" not in caplog.text
    assert "Lovelace" not in caplog.text


def test_a_refused_login_is_kept_once_for_those_who_connect_the_provider(browser):
    recent = browser.app.extensions["auth services"].store.refused_logins.recent
    before = recent("demo")
    assert is_refused(browser.answer("!", browser.begin().relay_state))
    assert [one["code"] for one in recent("demo")[: len(recent("demo")) - len(before)]] == ["not-base64"]


def test_the_same_assertion_is_not_believed_for_a_second_request_with_a_forged_frame(browser):
    first, second = browser.begin(), browser.begin()
    sp = sp_of(browser.app, "demo")
    assert browser.answer(IDP.response(sp, first.request_id, assertion_id="_one"), first.relay_state).status_code == 303
    assert is_refused(browser.answer(IDP.response(sp, second.request_id, assertion_id="_one"), second.relay_state))


def test_a_completion_is_used_once(browser):
    _, _, address = believed(browser)
    assert browser.http.get(address).status_code == 303
    first = browser.visitor()
    assert is_refused(browser.http.get(address))
    assert browser.visitor() == first


def test_going_back_and_sending_again_logs_nobody_out(browser):
    started, message, address = believed(browser)
    browser.http.get(address)
    assert is_refused(browser.answer(message, started.relay_state))
    assert browser.is_logged_in()


def test_a_message_of_another_implementation_is_refused(browser):
    started = browser.begin("demo")
    assert is_refused(
        browser.answer(IDP.response(sp_of(browser.app, "other"), started.request_id), started.relay_state)
    )
    elsewhere = browser.begin("other")
    message = IDP.response(sp_of(browser.app, "demo"), elsewhere.request_id)
    assert is_refused(browser.answer(message, elsewhere.relay_state, "demo"))
    assert is_refused(browser.answer(message, elsewhere.relay_state, "other"))


def test_a_completion_of_another_implementation_is_refused(browser):
    _, _, address = believed(browser, "demo")
    assert is_refused(browser.http.get(address.replace("/saml/demo/", "/saml/other/")))
    assert browser.http.get(address).status_code == 303


def test_another_provider_is_nobody(browser):
    started = browser.begin()
    sp = sp_of(browser.app, "demo")
    assert is_refused(browser.answer(STRANGER.response(sp, started.request_id), started.relay_state))
    claimed = STRANGER.response(sp, started.request_id, issuer=IDP.entity_id, response_issuer=IDP.entity_id)
    assert is_refused(browser.answer(claimed, started.relay_state))


def test_a_person_of_one_provider_is_not_taken_over_by_the_next(browser, database, box, caplog):
    browser.log_in()
    with database.session() as db:
        connect(db, box, "demo", STRANGER)
    started = browser.begin()
    message = STRANGER.response(sp_of(browser.app, "demo"), started.request_id)
    address = browser.answer(message, started.relay_state).location
    assert is_refused(browser.http.get(address), 403)
    assert "code=other-provider" in caplog.text


def test_who_was_locked_out_stays_out(browser, database):
    browser.log_in()
    with database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "demo"), "ada@example.org"), "left the company")
    assert is_refused(browser.log_in(), 403)


def test_a_login_planted_in_a_browser_is_ended_by_the_next(browser, other_browser):
    other_browser.log_in(nameid="mallory@example.org")
    planted = other_browser.visitor()
    logins = browser.app.extensions["auth services"].logins
    browser.http.set_cookie(logins.cookie, logins.sign(planted), domain="status.example.org")
    browser.log_in()
    assert browser.visitor().subject == "ada@example.org"
    assert browser.visitor().login != planted.login
    assert not logins.is_active(planted)


def test_a_login_that_nobody_asked_for_is_refused(browser):
    message = IDP.response(sp_of(browser.app, "demo"), None, in_response_to=None, subject_in_response_to=None)
    for relay_state in ("", "made-up", "https://evil.example"):
        assert is_refused(browser.answer(message, relay_state))


@pytest.mark.parametrize("changes", [{"assertion_id": "_hint"}, {}])
def test_a_hint_logs_nobody_in_and_its_copy_is_refused(browser, changes):
    sp = sp_of(browser.app, "hints")
    hint = IDP.response(sp, None, in_response_to=None, subject_in_response_to=None, **changes)
    response = browser.answer(hint, "https://evil.example/", "hints")
    assert response.location == "/saml/hints/login"
    assert "Set-Cookie" not in response.headers
    assert is_refused(browser.answer(hint, "", "hints"))
    stripped = IDP.response(sp, "_somebodys", in_response_to=None)
    assert is_refused(browser.answer(stripped, "", "hints"))


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"RelayState": "x"},
        {"SAMLResponse": ["one", "two"]},
        {"SAMLResponse": "x", "RelayState": ["one", "two"]},
        {"SAMLResponse": "x", **{f"field{number}": "x" for number in range(30)}},
    ],
)
def test_a_form_that_says_something_twice_or_nothing_is_refused(browser, form):
    assert is_refused(browser.elsewhere.post("/saml/demo/acs", data=form))


def test_other_kinds_of_bodies_and_methods_are_refused(browser):
    assert is_refused(browser.elsewhere.post("/saml/demo/acs", json={"SAMLResponse": "x"}))
    assert is_refused(
        browser.elsewhere.post(
            "/saml/demo/acs", data={"SAMLResponse": (b"x", "f")} and "x=1", content_type="text/plain"
        )
    )
    assert browser.elsewhere.get("/saml/demo/acs").status_code == 405
    assert browser.elsewhere.post("/saml/demo/acs", data={"SAMLResponse": "A" * 600_000}).status_code == 413


def test_an_expired_state_is_refused_and_leads_back_to_the_login(browser, redis):
    started = browser.begin(query="next=/app/demo/sessions/CE-1")
    redis.flushall()
    response = browser.answer(IDP.response(sp_of(browser.app, "demo"), started.request_id), started.relay_state)
    assert is_refused(response)
    assert 'href="/login/demo"' in response.text


def test_a_refusal_leads_back_to_where_the_person_was(browser):
    started = browser.begin(query="next=/app/demo/sessions/CE-1")
    response = browser.answer(IDP.response(sp_of(browser.app, "demo"), "_other"), started.relay_state)
    assert is_refused(response)
    assert "/login/demo?next=%2Fapp%2Fdemo%2Fsessions%2FCE-1" in response.text


def test_a_browser_without_cookies_gets_no_login(app):
    browser = Browser(app)
    browser.http = browser.elsewhere
    _, _, address = believed(browser)
    assert is_refused(browser.http.get(address))


@given(
    wanted=st.text(st.characters(exclude_characters="\0"), max_size=60)  # the gate refuses NUL
    | st.sampled_from(
        [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil",
            "javascript:alert(1)",
            "/%0d%0aX: y",
            "/app?x=//evil",
        ]
    )
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wherever_a_login_was_told_to_lead_it_stays_with_us(browser, wanted):
    location = browser.log_in(query=f"next={quote(wanted.encode('utf-8', 'surrogatepass'))}").location
    assert re.match(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*$", location), location


def test_the_relay_state_of_a_provider_is_no_address(browser):
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    assert is_refused(browser.answer(message, "https://evil.example/"))
    assert is_refused(browser.answer(message, started.relay_state + "x"))


def test_without_the_store_nobody_is_let_in(settings, database, status_service, browser):
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id)
    away = LoginStore(connect_store("redis://127.0.0.1:1"))
    app = make_app(database, away, settings, status_service=status_service)
    cut_off = Browser(app)
    assert cut_off.http.get("/saml/demo/login").status_code == 503
    assert cut_off.answer(message, started.relay_state).status_code == 503
    assert cut_off.http.get("/saml/demo/complete?o=x").status_code == 503


def test_why_a_login_was_refused_stands_in_the_log_alone(browser, caplog):
    started = browser.begin()
    message = IDP.response(sp_of(browser.app, "demo"), started.request_id, destination="https://other.example/acs")
    response = browser.answer(message, started.relay_state)
    reference = re.search(r"<b>([0-9a-f]{8})</b>", response.text)[1]
    assert f"ref={reference} implementation=demo code=destination" in caplog.text
    assert "destination" not in response.text
    assert "ada@example.org" not in caplog.text
    assert message[:40] not in caplog.text


def test_refused_logins_of_staff_are_in_the_audit_but_cannot_fill_it(browser, database, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_ENTRIES", 3)
    for _ in range(5):
        started = browser.begin("staff")
        is_refused(browser.answer("AAAA", started.relay_state, "staff"))
    with database.reading() as db:
        entries = audit.recent(db, limit=100)
    assert {entry.action for entry in entries} == {"login.refused"}
    assert len(entries) == 3
    assert STAFF_IDP.entity_id not in str(entries[0].detail)


def test_a_flood_from_one_address_is_slowed_down_and_other_addresses_are_not(browser, monkeypatch):
    monkeypatch.setattr(rate_limits, "FROM_ADDRESS", 3)
    for _ in range(3):
        assert browser.http.get("/saml/demo/login").status_code == 303
    slowed = browser.http.get("/saml/demo/login")
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["Retry-After"]) <= 60
    assert browser.answer("AAAA", "").status_code == 429
    assert browser.http.get("/saml/demo/login", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 303


def test_with_a_key_that_does_not_open_nobody_logs_in_and_everybody_can_log_out(browser):
    browser.log_in()
    token = browser.form_token()
    extensions = browser.app.extensions
    extensions["auth services"] = replace(
        extensions["auth services"], box=SecretBox(["another key of at least 32 characters"])
    )
    assert is_refused(browser.http.get("/saml/demo/login"))
    assert is_refused(browser.http.get("/saml/demo/metadata"))
    response = browser.http.post("/logout/demo", data={"csrf_token": token}, headers=SAME_ORIGIN)
    assert response.location == "/login/demo/out"
    assert browser.visitor() is None


def test_made_up_implementations_leave_nothing_in_the_store(browser, redis):
    for path in ("complete?o=x", "login", "metadata", "slo?SAMLRequest=x", "slo?SAMLResponse=x"):
        assert browser.elsewhere.get(f"/saml/made-up/{path}").status_code == 404
    assert browser.elsewhere.post("/saml/made-up/acs", data={}).status_code == 404
    assert browser.elsewhere.get("/ext/made-up/complete?o=x").status_code == 404
    assert [key for key in redis.scan_iter() if b"refused" in key or b"once" in key] == []


def test_every_code_is_explained():
    source = "".join(path.read_text() for path in Path("web/auth").rglob("*.py") if "external" not in path.parts)
    raised = set(re.findall(r'(?:LoginFailed|NotAdmitted|Rejected)\(\s*"([a-z-]+)"', source))
    assert {"subject-many", "subject-missing"} | raised <= EVERY_CODE.keys()
