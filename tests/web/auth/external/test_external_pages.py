"""The pages of External Authentication: the badge form, the organizer's page and back, and logins that are not one's own."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from records.people import users
from records.tenants import implementations
from runner.logins.attempt_limits import FREE
from tests.support.jwt_signing import claims, token
from tests.support.stub_status_service import PUBLIC_URL
from tests.support.vendors import reply
from tests.web.auth.external.registrants import FIELDS, PASSWORD, PERSON
from web.auth.external import login_methods

FORM = "/ext/demo/login"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://members.example.org"}
NEXT = "/app/demo/sessions/CE-1"
REFUSED = "That login did not work"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(login_methods, "LEAST_S", 0.0)
    monkeypatch.setattr(login_methods, "SPREAD_S", 0.0)


@pytest.fixture
def vendor(save_external, start_vendor):
    started = start_vendor(reply(PERSON))
    save_external("password", {"url": started.url} | FIELDS)
    return started


def field(page, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)
    return found[1] if found else None


def fill(browser, page, username="B-4711", password=PASSWORD, headers=SAME_ORIGIN, **changes):
    fields = {"csrf_token": field(page, "csrf_token"), "state": field(page, "state"), "username": username}
    fields |= {"password": password} | changes
    return browser.post(FORM, data={k: v for k, v in fields.items() if v is not None}, headers=headers)


def logged_in(app, browser, slug="demo"):
    """Who the browser is logged in as."""
    logins = app.extensions["auth services"].logins
    cookie = browser.get_cookie(logins.cookie, domain="status.example.org")
    visitor = logins.read(cookie.value) if cookie else None
    return visitor.subject if visitor and visitor.implementation == slug else None


# -- badge form -----------------------------------------------------------------------------------------------------


def test_the_form_logs_in_and_leads_back_to_the_session(app, browser, vendor, database):
    page = browser.get(f"{FORM}?{urlencode({'next': NEXT})}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    done = fill(browser, page)
    assert (done.status_code, done.headers["Location"]) == (303, NEXT)
    assert logged_in(app, browser) == "4711"
    with database.reading() as db:
        user = users.find(db, implementations.find(db, "demo"), "4711")
        assert (user.first_name, user.badge_id, user.provider) == ("Ada", "B-4711", "password:127.0.0.1")


def test_the_form_is_made_for_thumbs_and_password_managers(browser, save_external, start_vendor, vendor):
    page = browser.get(FORM).text
    assert re.search(r'<label for="username">Badge ID</label>', page)
    assert 'autocomplete="username"' in page
    assert 'autocomplete="family-name"' in page
    assert "<script" not in page
    save_external(
        "password", {"url": vendor.url} | FIELDS | {"username_label": 'E-mail "or" <b>', "password_label": "PIN"}
    )
    page = browser.get(FORM).text
    assert "E-mail &#34;or&#34; &lt;b&gt;" in page
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page


def test_a_wrong_name_keeps_what_was_typed_except_the_password(app, browser, vendor):
    vendor.answer = reply({"result": "NO"})
    page = browser.get(f"{FORM}?{urlencode({'next': NEXT})}")
    wrong = fill(browser, page, username='B-"><script>')
    assert wrong.status_code == 401
    assert "do not match a registration" in wrong.text
    assert 'value="B-&#34;&gt;&lt;script&gt;"' in wrong.text
    assert PASSWORD not in wrong.text
    assert 'role="alert"' in wrong.text
    assert logged_in(app, browser) is None
    vendor.answer = reply(PERSON)
    assert fill(browser, wrong).headers["Location"] == NEXT  # and the way back was not lost


def test_each_refusal_has_its_status_and_its_words(browser, vendor):
    page = browser.get(FORM)
    vendor.answer = reply({**PERSON, "registrant": PERSON["registrant"] | {"type": "Exhibitor"}})
    excluded = fill(browser, page)
    assert (excluded.status_code, FIELDS["excluded_text"] in excluded.text) == (403, True)
    vendor.answer = reply(status=503)
    away = fill(browser, page)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "15")
    assert "does not answer at the moment" in away.text
    vendor.answer = reply(b"<html>")
    assert fill(browser, page).status_code == 502
    empty = fill(browser, page, password=" ")
    assert (empty.status_code, "fill in both" in empty.text) == (400, True)


def test_too_many_attempts_say_when_to_try_again(browser, vendor):
    vendor.answer = reply({"result": "NO"})
    page = browser.get(FORM)
    for _ in range(FREE):
        fill(browser, page)
    late = fill(browser, page)
    assert late.status_code == 429
    assert 0 < int(late.headers["Retry-After"]) <= 15
    assert "Too many attempts" in late.text


def test_a_reference_on_the_page_stands_in_the_log(browser, vendor, caplog):
    vendor.answer = reply({"result": "NO"})
    wrong = fill(browser, browser.get(FORM))
    reference = re.search(r"Reference ([0-9a-f]{8})", wrong.text)[1]
    assert f"login refused ref={reference} implementation=demo code=vendor did not accept" in caplog.text


@pytest.mark.parametrize(
    "headers", [CROSS_SITE, {}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://status.example.org.evil.example"}]
)
def test_another_site_cannot_log_somebody_in_as_itself(app, browser, vendor, headers):
    done = fill(browser, browser.get(FORM), headers=headers)
    assert done.status_code == 403
    assert vendor.requests == []
    assert logged_in(app, browser) is None


def test_a_form_without_its_token_is_refused(app, browser, vendor):
    page = browser.get(FORM)
    assert fill(browser, page, csrf_token=None).status_code == 403
    assert fill(browser, page, csrf_token="x" * 50).status_code == 403
    assert vendor.requests == []


@pytest.mark.parametrize("state", [None, "", "x" * 43, "{login}:once:form"])
def test_a_form_that_was_open_for_too_long_is_shown_anew_and_asks_nobody(browser, vendor, state):
    stale = fill(browser, browser.get(FORM), state=state)
    assert stale.status_code == 400
    assert "open for too long" in stale.text
    assert field(stale, "username") == "B-4711"
    assert vendor.requests == []
    assert fill(browser, stale).status_code == 303


def test_the_state_of_one_implementation_is_none_of_another(browser, vendor, save_external, start_vendor):
    save_external("password", {"url": vendor.url} | FIELDS, slug="other")
    foreign = field(browser.get("/ext/other/login"), "state")
    assert fill(browser, browser.get(FORM), state=foreign).status_code == 400


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/a\r\nX: y",
    ],
)
def test_nobody_is_led_to_another_site(browser, vendor, wanted):
    page = browser.get(f"{FORM}?{urlencode({'next': wanted})}")
    assert "evil" not in page.text
    assert fill(browser, page).headers["Location"] == "/login/demo"


def test_somebody_who_was_locked_out_stays_out(app, browser, vendor, database):
    fill(browser, browser.get(FORM))
    with database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "demo"), "4711"), "left")
    browser.delete_cookie(app.extensions["auth services"].logins.cookie, domain="status.example.org")
    done = fill(browser, browser.get(FORM))
    assert done.status_code == 403
    assert REFUSED in done.text
    assert logged_in(app, browser) is None


def test_a_subject_of_another_provider_is_not_taken_over(app, browser, vendor, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.remember(db, demo, "4711", users.UserProfile("root"), provider="https://idp.example/metadata")
    done = fill(browser, browser.get(FORM))
    assert (done.status_code, logged_in(app, browser)) == (403, None)


@pytest.mark.parametrize("path", ["/ext/empty/login", "/ext/nobody/login", "/ext/staff/login", "/ext/..%2Fdemo/login"])
def test_where_nothing_is_offered_there_is_nothing(browser, vendor, path):
    assert browser.get(path).status_code in {400, 404}


# -- the organizer's page ---------------------------------------------------------------------------------------------


@pytest.fixture
def login_page_set(signed):
    signed(login_url="https://members.example.org/login?for=app")


def begin(browser, query="", slug="demo"):
    """Open the login address; return the nonce that the organizer's page receives."""
    away = browser.get(f"/ext/{slug}/login{query}")
    assert away.status_code == 303
    address = urlsplit(away.headers["Location"])
    assert (address.netloc, address.path) == ("members.example.org", "/login")
    told = parse_qs(address.query)
    assert told["return_to"] == [f"{PUBLIC_URL}/ext/{slug}/jwt"]
    assert told["for"] == ["app"]
    return told["nonce"][0]


def post(browser, assertion, slug="demo"):
    """What the organizer's page sends: from another site, so without any Lax cookie."""
    kept = list(browser._cookies.items())
    browser._cookies.clear()
    done = browser.post(f"/ext/{slug}/jwt", data={"assertion": assertion}, headers=CROSS_SITE)
    assert "Set-Cookie" not in done.headers
    browser._cookies.update(kept)
    return done


def with_nonce(nonce, **changes):
    return token(body=claims(nonce=nonce, **changes))


def test_over_the_organizers_page_and_back_to_the_session(app, browser, login_page_set):
    nonce = begin(browser, f"?{urlencode({'next': NEXT})}")
    posted = post(browser, with_nonce(nonce))
    assert posted.status_code == 303
    assert logged_in(app, browser) is None
    done = browser.get(posted.headers["Location"])
    assert (done.status_code, done.headers["Location"]) == (303, NEXT)
    assert logged_in(app, browser) == "member-17"


def test_an_attacker_cannot_log_a_victim_in_as_the_attacker(app, browser, make_browser, login_page_set):
    attacker = make_browser()
    posted = post(attacker, with_nonce(begin(attacker)))
    lured = browser.get(posted.headers["Location"])  # a link, or a form of the attacker's page
    assert (lured.status_code, REFUSED in lured.text) == (400, True)
    assert logged_in(app, browser) is None
    begin(browser)  # also when the victim has begun a login of their own
    assert browser.get(posted.headers["Location"]).status_code == 400
    assert logged_in(app, browser) is None
    attacker.get(posted.headers["Location"])  # the victim's visit has burnt nothing
    assert logged_in(app, attacker) == "member-17"


def test_an_assertion_without_a_nonce_of_ours_is_refused(app, browser, login_page_set):
    nonce = begin(browser)
    for wrong in (token(), with_nonce("x" * 43), with_nonce(nonce + "x"), with_nonce(nonce[:-1])):
        refused = post(browser, wrong)
        assert (refused.status_code, REFUSED in refused.text) == (401, True)
    assert post(browser, with_nonce(nonce)).status_code == 303


def test_a_nonce_works_once_and_so_does_its_handle(app, browser, login_page_set):
    nonce = begin(browser)
    posted = post(browser, with_nonce(nonce))
    assert post(browser, with_nonce(nonce)).status_code == 401
    assert browser.get(posted.headers["Location"]).status_code == 303
    assert browser.get(posted.headers["Location"]).status_code == 400


def test_an_assertion_with_a_nonce_is_no_use_to_an_app(app, browser, login_page_set):
    made = with_nonce(begin(browser))
    body = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": made}
    path = "/api/v1/implementations/demo/auth/token"
    if path in {str(rule).replace("<implementation>", "demo") for rule in app.url_map.iter_rules()}:
        assert browser.post(path, data=body).status_code == 400
    with app.test_request_context(), pytest.raises(login_methods.ExternalLoginRefused) as outcome:
        login_methods.by_assertion("demo", made)
    assert outcome.value.code == "nonce"


def test_the_nonce_of_one_implementation_is_none_of_another(app, browser, signed, login_page_set):
    signed(slug="other", login_url="https://members.example.org/login?for=app")
    nonce = begin(browser)
    other = claims(nonce=nonce, aud="https://status.example.org/ext/other")
    assert post(browser, token(body=other), "other").status_code == 401
    posted = post(browser, with_nonce(begin(browser)))
    assert browser.get(posted.headers["Location"].replace("demo", "other")).status_code == 400
    assert browser.get(posted.headers["Location"]).status_code == 303


@pytest.mark.parametrize("data", [{}, {"assertion": ""}, {"assertion": ["a", "b"]}, {"assertion": "x" * 15_000}])
def test_what_is_no_single_assertion_is_refused(browser, login_page_set, data):
    refused = browser.post("/ext/demo/jwt", data=data, headers=CROSS_SITE)
    assert (refused.status_code, REFUSED in refused.text) == (401, True)


def test_an_assertion_in_an_address_is_never_read(browser, login_page_set):
    made = with_nonce(begin(browser))
    assert browser.get(f"/ext/demo/jwt?assertion={made}").status_code == 405
    assert browser.post(f"/ext/demo/jwt?assertion={made}", headers=CROSS_SITE).status_code == 401


def test_two_tabs_do_not_disturb_each_other(app, browser, login_page_set):
    first, second = begin(browser, "?next=/app/demo/sessions/A"), begin(browser, "?next=/app/demo/sessions/B")
    landed = [
        browser.get(post(browser, with_nonce(n)).headers["Location"]).headers["Location"] for n in (second, first)
    ]
    assert landed == ["/app/demo/sessions/B", "/app/demo/sessions/A"]


def test_the_binding_cookie_is_lax_and_hidden_from_scripts(browser, login_page_set):
    away = browser.get(FORM)
    cookie = away.headers["Set-Cookie"]
    for part in ("__Host-", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie


def test_in_the_store_there_is_no_nonce_and_no_cookie(browser, login_page_set, redis):
    nonce = begin(browser)
    whole = "".join(repr(key) + repr(redis.get(key)) for key in redis.keys("*once*") or redis.keys("*"))
    assert nonce not in whole
    assert browser.get_cookie("__Host-login-way", domain="status.example.org").value not in whole


@pytest.mark.parametrize("kind", ["jwt", "introspection"])
def test_where_only_the_app_logs_in_the_page_says_so(browser, signed, save_external, kind):
    if kind == "jwt":
        signed()
    else:
        save_external("introspection", {"url": "https://members.example.org/introspect", "client_id": "app"}, "secret")
    page = browser.get(FORM)
    assert (page.status_code, "in the app" in page.text) == (200, True)
    assert browser.post(FORM, headers=SAME_ORIGIN).status_code in {403, 404}


def test_without_the_store_the_pages_say_so(app, browser, login_page_set, monkeypatch):
    from runner.logins import LoginStore
    from runner.store.clients import connect_brief

    away = LoginStore(connect_brief("unix:///nonexistent/store.sock"))
    for part in ("one_time_states", "pending_logins"):
        monkeypatch.setattr(app.extensions["auth services"].store, part, getattr(away, part))
    assert browser.get(FORM).status_code == 503
