"""Where an app's login begins and ends: no address, state or challenge but what was registered and asked for."""

import re
import secrets
from pathlib import Path

import pytest

from records.people import grants
from records.tenants import implementations
from tests.support.people import visitor
from tests.support.phone import REDIRECT, SCHEME, Phone, answered, bearer
from tests.support.saml_browser import PROVIDERS, sp_of
from tests.support.stub_status_service import PUBLIC_URL
from web.auth.app import login_starts, rate_limits
from web.auth.login_choice.refusal_codes import APP_CODES, meaning_of
from web.problem_details import HttpProblem


def is_a_page(answer, code=400):
    """A page that leads nowhere."""
    return (answer.status_code, answer.mimetype, answer.location) == (code, "text/html", None)


def test_a_login_begins_at_the_way_in_and_ends_at_the_app_with_code_state_and_issuer(phone):
    begun = phone.start()
    assert begun.status_code == 303
    assert begun.location.startswith("/login/demo?m=")
    assert begun.headers["Referrer-Policy"] == "no-referrer"
    assert begun.headers["Cache-Control"] == "no-store"
    ended = phone.finish(answered(begun.location)["m"])
    assert ended.startswith(f"{REDIRECT}?code=cac_")
    said = answered(ended)
    assert (said["state"], said["iss"]) == (phone.state, f"{PUBLIC_URL}/m/demo")
    assert set(said) == {"code", "state", "iss"}


@pytest.mark.parametrize("typed", ["Demo", "DEMO"])
def test_an_id_that_somebody_typed_in_another_case_is_led_to_the_one_that_is_written(app, typed):
    phone = Phone(app, typed)
    led = phone.start()
    assert (led.status_code, led.location.partition("?")[0]) == (303, "/m/demo/start")
    begun = phone.http.get(led.location)
    assert begun.location.startswith("/login/demo?m=")
    assert answered(phone.finish(answered(begun.location)["m"], visitor("demo")))["iss"] == f"{PUBLIC_URL}/m/demo"
    login = phone.http.get(f"/login/{typed}", query_string={"next": "/app/demo/sessions/CE-1"})
    assert (login.status_code, login.location) == (303, "/login/demo?next=/app/demo/sessions/CE-1")


def test_an_id_of_nobody_in_any_case_is_not_there_and_leads_nowhere(app):
    for address in ("/m/NONE/start", "/login/NONE"):
        assert is_a_page(app.test_client().get(address), 404)


def test_an_app_with_a_scheme_of_its_own_is_opened_there(app):
    phone = Phone(app, redirect_uri=SCHEME)
    assert phone.finish(phone.handle()).startswith(f"{SCHEME}?code=cac_")


def test_a_web_view_ends_on_a_page_which_takes_nothing_and_tells_nobody(app, store):
    phone = Phone(app, redirect_uri=f"{PUBLIC_URL}/m/demo/done")
    address = phone.finish(phone.handle())
    shown = phone.http.get(address.removeprefix(PUBLIC_URL))
    assert shown.status_code == 200
    assert answered(address)["code"] not in shown.text
    assert phone.state not in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in shown.headers
    assert phone.redeem(answered(address)["code"]).status_code == 200


REDIRECTS = [
    None,
    "",
    "https://evil.example/login",
    REDIRECT + "/",
    REDIRECT + "/../evil",
    REDIRECT + "?x=1",
    REDIRECT + "#",
    REDIRECT + "#@evil.example",
    REDIRECT + "%2f",
    REDIRECT + "\n",
    REDIRECT + "\r\nSet-Cookie: a=b",
    REDIRECT + "\t",
    REDIRECT + ".evil.example",
    REDIRECT[:-1],
    REDIRECT.upper(),
    REDIRECT.replace("https", "HTTPS"),
    REDIRECT.replace("https", "http"),
    REDIRECT.replace("app.example.org", "APP.example.org"),
    REDIRECT.replace("app.example.org", "app.example.org."),
    REDIRECT.replace("app.example.org", "app.example.org:443"),
    REDIRECT.replace("app.example.org", "user@app.example.org"),
    REDIRECT.replace("app.example.org", "app.example.org@evil.example"),
    REDIRECT.replace("app.example.org", "app.example.org%40evil.example"),
    REDIRECT.replace("app.example.org", "evil.example\\app.example.org"),
    REDIRECT.replace("/login", "/Login"),
    REDIRECT.replace("/login", "/%6cogin"),
    REDIRECT.replace("/login", "//login"),
    REDIRECT.replace("e", "\N{CYRILLIC SMALL LETTER IE}"),
    " " + REDIRECT,
    "//app.example.org/login",
    "/login",
    "javascript:alert(1)//" + REDIRECT,
    "data:text/html,x",
    SCHEME + "/",
    SCHEME.upper(),
    "com.example.app:/",
    "com.evil.app:/login",
    f"{PUBLIC_URL}/m/other/done",
    "https://app.example.org/other",
]


@pytest.mark.parametrize("wanted", REDIRECTS)
def test_an_address_that_is_not_registered_is_never_gone_to(phone, wanted):
    answer = phone.start(redirect_uri=wanted)
    assert is_a_page(answer)
    assert "evil" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "state",
    [
        None,
        "",
        "short",
        "x" * 15,
        "x" * 257,
        "x" * 16 + " ",
        "x" * 16 + "\n",
        "x" * 16 + "\r\nLocation: https://evil.example",
        "x" * 16 + "\0",
        "x" * 16 + "é",
        "x" * 16 + "\x7f",
    ],
)
def test_a_state_that_is_no_secret_or_no_header_is_refused(phone, state):
    assert is_a_page(phone.start(state=state))


@pytest.mark.parametrize(
    "state",
    [
        "&code=evil&iss=evil1234",
        "#fragment-fragment",
        "%0d%0aX:y%00%00%00%00",
        '"><script>alert(1)',
        "+++ +++".replace(" ", "+") * 3,
    ],
)
def test_whatever_the_state_is_it_comes_back_the_same_and_changes_nothing_else(app, state):
    phone = Phone(app)
    phone.state = state
    address = phone.finish(phone.handle())
    assert "\n" not in address
    assert "#" not in address
    said = answered(address)
    assert said["state"] == state
    assert said["code"].startswith("cac_")
    assert said["iss"] == f"{PUBLIC_URL}/m/demo"
    assert set(said) == {"code", "state", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge_method": ""},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge": "x" * 42},
        {"code_challenge": "x" * 44},
        {"code_challenge": "x" * 42 + "="},
        {"code_challenge": "x" * 42 + "+"},
        {"code_challenge": "x" * 43 + "\n"},
        {"response_type": "token"},
        {"response_type": ""},
    ],
)
def test_a_login_without_a_real_challenge_does_not_begin(phone, changes):
    assert is_a_page(phone.start(**changes))


@pytest.mark.parametrize("name", ["redirect_uri", "state", "code_challenge", "code_challenge_method", "x"])
def test_a_parameter_that_comes_twice_is_refused(phone, name):
    query = [*phone.asked(x="1").items(), (name, "https://evil.example/login")]
    answer = phone.http.get("/m/demo/start", query_string=query)
    assert is_a_page(answer)


def test_what_libraries_send_besides_does_no_harm(phone):
    assert phone.start(response_type="code", client_id="app", scope="openid", nonce="n").status_code == 303


@pytest.mark.parametrize(("slug", "code"), [("nobody", 404), ("a.b", 400), ("x" * 65, 400), ("bare", 400)])
def test_an_implementation_without_an_app_begins_nothing(app, slug, code):
    assert is_a_page(Phone(app, slug).start(), code)


def test_staff_have_no_app_even_if_somebody_registers_one(own_app, own_database):
    with own_database.session() as db:
        implementations.update(db, implementations.staff(db), app_redirect_uris=[REDIRECT])
    assert is_a_page(Phone(own_app, "staff").start())


def test_an_apps_token_opens_no_console_whoever_it_belongs_to(own_app, own_database):
    with own_database.session() as db:
        demo = implementations.find(db, "demo")
        grants.add(db, demo, kind="username", value="ada@example.org", role="organizer", by="tests")
    ada, http = visitor(), own_app.test_client()
    services = own_app.extensions["auth services"]
    access = services.store.tokens.issue(ada).access
    assert "/console/in" in http.get("/console/implementations/demo/audit", headers=bearer(access)).location
    http.set_cookie(services.logins.cookie, services.logins.sign(ada), domain="status.example.org")
    assert http.get("/console/implementations/demo/audit").status_code == 200
    assert "/console/in" in http.get("/console/implementations/demo/audit", headers=bearer(access)).location


def test_a_flood_of_starts_does_not_fill_the_store(phone, redis, monkeypatch):
    monkeypatch.setattr(rate_limits, "STARTS_FROM_ADDRESS", 3)
    answers = [phone.start() for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 3 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(redis.keys("*once*")) == 3


def test_a_post_begins_nothing(phone):
    assert phone.http.post("/m/demo/start", data=phone.asked()).status_code in {403, 405}


def test_the_way_in_can_end_once(phone):
    handle = phone.handle()
    phone.finish(handle)
    with pytest.raises(HttpProblem, match="go back to the app"):
        phone.finish(handle)


@pytest.mark.parametrize(
    "handle", ["", "x", "\ud800", secrets.token_urlsafe(32)], ids=["empty", "x", "surrogate", "random"]
)
def test_a_handle_that_nobody_began_ends_nowhere(phone, handle):
    with pytest.raises(HttpProblem, match="go back to the app"):
        phone.finish(handle)


def test_a_login_of_another_implementation_gives_no_code(phone):
    with pytest.raises(HttpProblem, match="go back to the app"):
        phone.finish(phone.handle(), visitor("other"))


def test_an_address_which_was_taken_away_meanwhile_is_not_gone_to(own_phone, own_database):
    handle = own_phone.handle()
    with own_database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), app_redirect_uris=[SCHEME])
    with pytest.raises(HttpProblem, match="no longer registered"):
        own_phone.finish(handle)


def test_over_saml_the_browser_ends_at_the_app_and_has_no_login_of_its_own(app, browser):
    phone = Phone(app)
    started = browser.begin(query=f"m={phone.handle()}")
    message = PROVIDERS["demo"].response(sp_of(app, "demo"), started.request_id)
    arrived = browser.answer(message, started.relay_state)
    ended = browser.http.get(arrived.location)
    assert ended.status_code == 303
    assert ended.location.startswith(f"{REDIRECT}?code=")
    assert browser.visitor() is None
    tokens = phone.redeem(answered(ended.location)["code"]).json
    assert phone.status(tokens["access_token"]).json["state"] == "ready"
    assert phone.session(tokens["access_token"]).json["user"]["id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://evil.example/login"}, "app-redirect-not-registered"),
        ({"state": "short"}, "app-state"),
        ({"code_challenge_method": "plain"}, "app-challenge"),
        ({"response_type": "token"}, "app-response-type"),
        ({"state": ["x" * 16, "y" * 16]}, "app-parameter-twice"),
    ],
)
def test_the_reference_of_a_refused_start_has_its_reason(phone, store, changes, code):
    answer = phone.start(**changes)
    assert is_a_page(answer)
    reference = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)[1]
    ((_, error),) = store.errors.find(reference)
    assert (error.code, error.what) == (code, "app_login.start")
    assert meaning_of(error.code, error.what)


def test_every_reason_of_a_refused_start_is_explained():
    assert set(re.findall(r'"(app-[a-z-]+)"', Path(login_starts.__file__).read_text())) == set(APP_CODES)
