"""Logging out, here and at the provider, and logins that an attacker cannot end."""

import zlib
from base64 import b64encode
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from records import SamlDraft
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logins import LoginStore, TokenRefused
from runner.logins.app_tokens import challenge_of
from runner.store.clients import connect as connect_store
from tests.support.application import make_app
from tests.support.saml_browser import IDP, SAME_ORIGIN, STRANGER, Browser, begun, sp_of
from tests.support.saml_forge import PERSISTENT, ForgedIdp, logout_request_xml

NOT_ACCEPTED = "That logout did not work"


def slo(browser, query, slug="demo"):
    return browser.elsewhere.get(f"/saml/{slug}/slo?{query}")


def is_refused(response):
    return response.status_code == 400 and NOT_ACCEPTED in response.text and "Set-Cookie" not in response.headers


def leading_away(response):
    """Where the page leads that answers a form."""
    assert response.status_code == 200
    start = response.text.index('content="0;url=') + len('content="0;url=')
    return response.text[start : response.text.index('"', start)].replace("&amp;", "&")


def test_a_logout_ends_the_login_here_before_the_provider_is_asked(browser):
    browser.log_in()
    visitor = browser.visitor()
    response = browser.log_out()
    address = leading_away(response)
    assert address.startswith("https://idp.example/slo?SAMLRequest=")
    assert browser.visitor() is None
    assert not browser.app.extensions["auth services"].logins.is_active(visitor)
    asked = begun(address)
    assert asked.request.findtext("{*}NameID") == "ada@example.org"
    assert asked.request.find("{*}NameID").get("Format").endswith("emailAddress")
    assert asked.request.findtext("{*}SessionIndex") == "_session1"
    answer = IDP.logout_response(sp_of(browser.app, "demo"), asked.request_id, relay_state=asked.relay_state)
    response = browser.http.get(f"/saml/demo/slo?{answer}")
    assert (response.status_code, response.location) == (303, "/login/demo/out")
    assert "You are logged out" in browser.http.get("/login/demo/out").text


def test_the_form_of_a_logout_leads_to_no_other_site_but_its_page_does(browser):
    browser.log_in()
    page = browser.http.get("/login/demo/out")
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    response = browser.log_out()
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert 'href="https://idp.example/slo' in response.text  # a link, if nothing happens by itself


def test_after_a_logout_the_person_is_where_they_wanted_to_be(browser):
    browser.log_in()
    address = leading_away(browser.log_out(next="/app/demo/sessions/CE-1"))
    asked = begun(address)
    answer = IDP.logout_response(sp_of(browser.app, "demo"), asked.request_id, relay_state=asked.relay_state)
    assert browser.http.get(f"/saml/demo/slo?{answer}").location == "/app/demo/sessions/CE-1"


def test_a_provider_without_a_logout_address_is_not_asked(browser, database, box):
    with database.session() as db:
        draft = SamlDraft(IDP.entity_id, IDP.sso_url, "", (IDP.certificate,))
        saml.save(db, box, implementations.find(db, "demo"), draft, by="tests")
    browser.log_in()
    response = browser.log_out(next="//evil.example")
    assert (response.status_code, response.location) == (303, "/login/demo/out")
    assert not browser.is_logged_in()


def test_a_form_that_lay_open_logs_out_of_the_implementation_it_names_alone(browser):
    browser.log_in("demo")
    token = browser.form_token()
    browser.log_in("other")
    response = browser.http.post("/logout/demo", data={"csrf_token": token}, headers=SAME_ORIGIN)
    assert (response.status_code, response.location) == (303, "/login/demo/out")
    assert browser.visitor() is None


def test_a_foreign_page_cannot_log_anybody_out(browser):
    browser.log_in()
    assert browser.http.post("/logout/demo", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.http.post("/logout/demo", headers=SAME_ORIGIN).status_code == 403  # without a form token
    assert browser.is_logged_in()


def test_the_provider_ends_the_login_it_names_and_no_other(app):
    at_home, at_work, somebody = Browser(app), Browser(app), Browser(app)
    at_home.log_in(session_index="_home")
    at_work.log_in(session_index="_work")
    somebody.log_in(nameid="bob@example.org", session_index="_home")
    query = IDP.logout_request(sp_of(app, "demo"), indexes=("_home",), relay_state="theirs")
    response = at_home.http.get(f"/saml/demo/slo?{query}")
    assert response.status_code == 303
    assert not at_home.is_logged_in()
    assert at_work.is_logged_in()
    assert somebody.is_logged_in()
    answer = urlsplit(response.location)
    assert response.location.startswith("https://idp.example/slo?SAMLResponse=")
    assert parse_qs(answer.query)["RelayState"] == ["theirs"]
    assert "Signature" in parse_qs(answer.query)
    assert any(said.startswith("__Host-login=;") for said in response.headers.getlist("Set-Cookie"))


def test_without_an_index_all_logins_of_the_name_end_also_from_another_browser(app):
    first, second, elsewhere = Browser(app), Browser(app), Browser(app)
    first.log_in(session_index="_1")
    second.log_in(session_index="_2")
    slo(elsewhere, IDP.logout_request(sp_of(app, "demo"), indexes=()))
    assert not first.is_logged_in()
    assert not second.is_logged_in()


def test_a_logout_at_one_implementation_leaves_the_other_alone(app):
    at_demo, at_other = Browser(app), Browser(app)
    at_demo.log_in("demo")
    at_other.log_in("other")
    slo(at_demo, IDP.logout_request(sp_of(app, "demo")))
    assert not at_demo.is_logged_in("demo")
    assert at_other.is_logged_in("other")


def test_the_provider_ends_what_an_app_got_by_this_login(browser, database, store):
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), app_redirect_uris=["https://app.example/back"])
    verifier = "v" * 43
    asked = {"redirect_uri": "https://app.example/back", "state": "s" * 16, "code_challenge_method": "S256"}
    start = browser.http.get("/m/demo/start", query_string={**asked, "code_challenge": challenge_of(verifier)})
    way = urlsplit(start.location)
    back = urlsplit(
        browser.log_in("demo", way.query, way="chooser" if way.path.startswith("/login") else "saml").location
    )
    assert back.geturl().startswith("https://app.example/back?code=")
    assert browser.visitor() is None  # the app has the login, the browser has none
    code = parse_qs(back.query)["code"][0]
    pair = store.tokens.redeem("demo", code, redirect_uri="https://app.example/back", verifier=verifier)
    slo(browser, IDP.logout_request(sp_of(browser.app, "demo")))
    with pytest.raises(TokenRefused):
        store.tokens.refresh("demo", pair.refresh)
    address = "/api/v1/implementations/demo/auth/session"
    assert browser.elsewhere.get(address, headers={"Authorization": f"Bearer {pair.access}"}).status_code == 401


def test_a_logout_of_nobody_is_answered_all_the_same(browser):
    response = slo(browser, IDP.logout_request(sp_of(browser.app, "demo"), nameid="nobody@example.org"))
    assert response.location.startswith("https://idp.example/slo?SAMLResponse=")


def bomb(sp):
    xml = logout_request_xml(IDP, sp, extra="<samlp:Extensions>" + " " * 20_000_000 + "</samlp:Extensions>")
    return IDP.redirect_query("SAMLRequest", xml)


ATTACKS = {
    "unsigned": lambda sp: IDP.logout_request(sp, signed=False),
    "another key": lambda sp: IDP.logout_request(sp, key=ForgedIdp("https://other.example").key),
    "another provider": STRANGER.logout_request,
    "in another's name": lambda sp: STRANGER.logout_request(sp, issuer=IDP.entity_id),
    "another address": lambda sp: IDP.logout_request(sp, destination="https://status.example.org/saml/other/slo"),
    "too old": lambda sp: IDP.logout_request(sp, issued_ago_s=3600),
    "over": lambda sp: IDP.logout_request(sp, issued_ago_s=500, expires_in_s=-200),
    "without a name": lambda sp: IDP.logout_request(sp, nameid=None),
    "changed afterwards": lambda sp: IDP.logout_request(sp, relay_state="a").replace("RelayState=a", "RelayState=b"),
    "twice": lambda sp: IDP.logout_request(sp) + "&" + IDP.logout_request(sp),
    "bomb": bomb,
    "bomb unsigned": lambda sp: (
        "SAMLRequest=" + quote_plus(b64encode(zlib.compress(b" " * 10_000_000, 9)[2:-4]).decode())
    ),
    "nothing": lambda sp: "",
    "rubbish": lambda sp: "SAMLRequest=%01%ff&SigAlg=x&Signature=x",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_logout_ends_nothing(browser, attack):
    browser.log_in()
    query = ATTACKS[attack](sp_of(browser.app, "demo"))
    assert is_refused(slo(browser, query))
    assert browser.is_logged_in()


def test_a_logout_request_is_used_once(browser):
    query = IDP.logout_request(sp_of(browser.app, "demo"))
    assert slo(browser, query).status_code == 303
    browser.log_in()
    assert is_refused(slo(browser, query))
    assert browser.is_logged_in()


def test_an_answer_to_a_logout_that_nobody_began_is_refused(browser):
    sp = sp_of(browser.app, "demo")
    for relay_state in (None, "made-up"):
        assert is_refused(slo(browser, IDP.logout_response(sp, "_made-up", relay_state=relay_state)))


def test_an_answer_counts_once_and_for_its_own_request(browser):
    browser.log_in()
    asked = begun(leading_away(browser.log_out()))
    sp = sp_of(browser.app, "demo")
    assert is_refused(slo(browser, IDP.logout_response(sp, "_another", relay_state=asked.relay_state)))
    right = IDP.logout_response(sp, asked.request_id, relay_state=asked.relay_state)
    assert is_refused(slo(browser, right))  # the wrong answer has used it up


def test_an_answer_by_post_changes_nothing_and_leads_to_the_truth(browser):
    browser.log_in()
    response = browser.elsewhere.post("/saml/demo/slo", data={"SAMLResponse": "whatever"})
    assert (response.status_code, response.location) == (303, "/login/demo/out")
    assert browser.is_logged_in()


def test_a_request_by_post_is_refused(browser):
    browser.log_in()
    assert is_refused(browser.elsewhere.post("/saml/demo/slo", data={"SAMLRequest": "whatever"}))
    assert browser.is_logged_in()


def test_without_the_store_a_logout_is_not_claimed_to_have_happened(settings, database, status_service, browser):
    browser.log_in()
    query = IDP.logout_request(sp_of(browser.app, "demo"))
    away = LoginStore(connect_store("redis://127.0.0.1:1"))
    app = make_app(database, away, settings, status_service=status_service)
    assert Browser(app).elsewhere.get(f"/saml/demo/slo?{query}").status_code == 503


def test_a_name_that_is_no_address_goes_back_to_the_provider_as_it_came(browser):
    browser.log_in(nameid="p<4>&711", nameid_format=PERSISTENT, session_index=None)
    asked = begun(leading_away(browser.log_out()))
    assert asked.request.findtext("{*}NameID") == "p<4>&711"
    assert asked.request.find("{*}SessionIndex") is None
