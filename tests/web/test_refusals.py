"""Hostile and broken requests: named after the attack, and what it gets."""

import time
from io import BytesIO

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.tenants import implementations
from runner.logins import LoginStore
from runner.logins.app_tokens import ACCESS_S
from runner.settings.operator_settings import Settings, SettingsError
from runner.store.clients import connect
from tests.support.application import make_app, make_settings
from tests.support.people import visitor
from tests.support.stub_status_service import PUBLIC_URL, SAME_ORIGIN, STATUS, WIDGET, StubStatusService
from web.app import create_app
from web.auth.logins import LASTS
from web.permissions import BODY
from web.redirects import local_path

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    "host",
    ["evil.example", "status.example.org.evil.example", "status.example.org:1234", "", "status.example.org@evil"],
)
@pytest.mark.parametrize("path", [STATUS, WIDGET, "/login/demo", "/api/openapi.json", "/nowhere"])
def test_a_spoofed_host_is_refused(http, host, path):
    answer = http.get(path, environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 400
    assert b"evil" not in answer.data


def test_a_forwarded_host_from_a_stranger_changes_no_address(http):
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    assert http.get(STATUS, headers=headers).json["message"]["action"]["url"].startswith(PUBLIC_URL)


def test_the_public_host_counts_in_any_case_and_with_its_usual_port(http):
    for host in ("STATUS.example.org", "status.example.org:443"):
        assert http.get(STATUS, environ_overrides={"HTTP_HOST": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://status.example.org"},
        {"Referer": PUBLIC_URL},
    ],
)
def test_a_cross_site_post_with_the_cookie_is_refused(http, status_service, log_in, headers):
    log_in()
    answer = http.post(f"{STATUS}/returned", headers=headers)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    for path in (WIDGET, "/login/demo", "/login/demo/out"):
        assert http.post(path, headers=headers, data={"subject": "ada"}).status_code == 403
    assert status_service.came_back == []


@pytest.mark.parametrize(
    "session", ["a b", "..", "%2e%2e", "x" * 129, "é", "-a", "a%00b", "a;b", "<script>", "a%0d%0ab"]
)
def test_a_malformed_session_id_is_400_and_says_what_is_wrong(http, status_service, session):
    answer = http.get(f"/api/v1/implementations/demo/sessions/{session}/status")
    assert (answer.status_code, answer.json["field"]) == (400, "session_id")
    assert "128" in answer.json["detail"]
    assert http.get(f"/widget/demo/sessions/{session}").status_code == 400


@pytest.mark.parametrize("implementation", ["a.b", "x" * 65, "a b", "ü", "a%00"])
def test_a_malformed_implementation_is_400(http, implementation):
    answer = http.get(f"/api/v1/implementations/{implementation}/sessions/CE-1/status")
    assert (answer.status_code, answer.json["field"]) == (400, "implementation")
    assert http.get(f"/login/{implementation}").status_code == 400


@RELAXED
@given(implementation=st.text(min_size=1, max_size=80), session=st.text(min_size=1, max_size=150))
def test_no_identifier_is_ever_a_server_error(http, bearer, implementation, session):
    quoted = [part.encode("utf-8", "surrogatepass").hex(" ").replace(" ", "%") for part in (implementation, session)]
    path = "/api/v1/implementations/%{}/sessions/%{}/status".format(*quoted)
    assert http.get(path, headers=bearer()).status_code in {308, 400, 401, 404}


@RELAXED
@given(token=st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=200))
def test_no_forged_login_counts(http_without_cookies, token):
    safe = token.encode("latin-1", "replace").decode("latin-1").translate(dict.fromkeys(range(32)))
    for headers in ({"Authorization": f"Bearer {safe}"}, {"Cookie": f"__Host-login={safe}"}):
        assert http_without_cookies.get(STATUS, headers=headers).json["state"] == "login"


@RELAXED
@given(place=st.integers(min_value=0, max_value=200), flip=st.integers(min_value=1, max_value=127))
def test_a_login_with_one_changed_byte_does_not_count(http, logins, place, flip):
    token = logins.sign(visitor())
    place %= len(token)
    changed = token[:place] + chr((ord(token[place]) ^ flip) & 0x7F) + token[place + 1 :]
    # The last character of base64 has bits which nobody reads.
    if place != len(token) - 1:
        assert logins.read(changed) is None


def test_an_old_login_has_ended(http, log_in, bearer, monkeypatch):
    headers = bearer()
    log_in()
    assert http.get(STATUS, headers=headers).status_code == 200
    later = time.time() + ACCESS_S + 2
    monkeypatch.setattr(time, "time", lambda: later)
    assert http.get(STATUS, headers=headers).status_code == 401
    assert http.get(STATUS).status_code == 200
    later += LASTS.total_seconds()
    assert http.get(STATUS).status_code == 401


def test_a_cookie_is_no_bearer_token_and_a_token_no_cookie(http, logins, store):
    ada = visitor()
    assert http.get(STATUS, headers={"Authorization": f"Bearer {logins.sign(ada)}"}).status_code == 401
    http.set_cookie(logins.cookie, store.tokens.issue(ada).access, domain="status.example.org")
    assert http.get(STATUS).status_code == 401


def test_a_refresh_token_or_a_code_is_no_access_token(http, store):
    ada = visitor()
    code = store.tokens.code(ada, redirect_uri="https://app.example.org/", challenge="c" * 43)
    for token in (store.tokens.issue(ada).refresh, code):
        assert http.get(STATUS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_without_the_store_an_unknown_token_is_503_and_a_known_one_still_has_something_to_show(
    http, status_service, bearer, store
):
    known, unknown = bearer(), bearer()
    assert http.get(STATUS, headers=known).status_code == 200
    store.close()
    store.ended_logins._redis = store.tokens._redis = connect("redis://127.0.0.1:1")
    assert http.get(STATUS, headers=known).status_code == 200
    answer = http.get(STATUS, headers=unknown)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_login_signed_for_another_purpose_does_not_count(http, status_service, database):
    token = status_service.tokens.make("demo", "ada", "CE-1")
    assert http.get(STATUS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_key_that_was_rotated_out_still_reads_and_no_longer_signs(status_service, database, store):
    old, new = "o" * 40, "n" * 40

    def logins(key, *earlier):
        made = make_settings(secret_key=key, secret_keys_old=earlier)
        return make_app(database, store, made, status_service=status_service).extensions["status services"].logins

    ada = visitor()
    token = logins(old).sign(ada)
    assert logins(new, old).read(token) == ada
    assert logins(new).read(token) is None
    assert logins(old).read(logins(new, old).sign(ada)) is None


def test_a_remember_me_cookie_is_no_login_and_no_error(http_without_cookies):
    for cookie in ("remember_token=ada|abc", "=ada|abc", "remember_token="):
        answer = http_without_cookies.get(STATUS, headers={"Cookie": cookie})
        assert (answer.status_code, answer.json["state"]) == (200, "login")
        page = http_without_cookies.get("/login/demo", headers={"Cookie": cookie})
        assert page.status_code == 200
        assert "You are logged in" not in page.text


@pytest.mark.parametrize("token", ["forged", "a.b.c", "x" * 3000, "ä", "AAAA"])
def test_a_forged_return_token_is_a_friendly_page(http, status_service, token):
    answer = http.get(f"/r/{token}")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "go back to the app" in answer.text
    assert status_service.came_back == []


@RELAXED
@given(token=st.text(alphabet="abcXYZ019-_.=", min_size=1, max_size=300))
def test_no_made_up_return_token_does_anything(http, status_service, token):
    assert http.get(f"/r/{token}").status_code == 400
    assert status_service.came_back == []


@pytest.mark.parametrize("path", [f"{STATUS}/returned", WIDGET, "/login/demo"])
def test_an_oversized_body_is_413(http, log_in, path):
    log_in()
    answer = http.post(path, headers=SAME_ORIGIN, data=b"x" * (BODY + 1))
    assert answer.status_code == 413


def test_an_endless_body_of_unknown_length_is_refused_without_reading_on(http, status_service, bearer):
    stream = BytesIO(b" " * BODY * 100)
    headers = bearer() | {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    chunked = {"wsgi.input_terminated": True}
    answer = http.post(f"{STATUS}/returned", headers=headers, input_stream=stream, environ_overrides=chunked)
    assert answer.status_code == 411  # the web server itself collects such a body, and tells its length
    assert stream.tell() == 0
    assert status_service.came_back == []


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"data": {"a": "b"}}, 415),
        ({"data": b"x", "content_type": "text/plain"}, 415),
        ({"data": b"<x/>", "content_type": "application/xml"}, 415),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"json": {"state": "ready"}}, 400),
    ],
)
def test_a_body_where_none_belongs_is_refused(http, status_service, bearer, sent, code):
    answer = http.post(f"{STATUS}/returned", headers=bearer(), **sent)
    assert (answer.status_code, answer.json["status"]) == (code, code)
    assert status_service.came_back == []


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_wrong_method_is_405_and_names_the_right_ones(http, bearer, method):
    answer = getattr(http, method)(STATUS, headers=bearer())
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


def test_an_unknown_address_is_a_problem_for_programs_and_a_page_for_people(http):
    problem, page = http.get("/api/v2/nothing"), http.get("/nothing")
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")
    assert set(problem.json) == {"type", "title", "status", "detail", "reference"}
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_a_bug_is_a_500_that_the_log_has_and_the_answer_has_not(app, http, status_service, bearer, caplog):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    status_service.fails_with = RuntimeError("secret detail")
    answer = http.get(STATUS, headers=bearer())
    assert (answer.status_code, answer.json["title"]) == (500, "Internal Server Error")
    assert b"secret detail" not in answer.data
    assert "secret detail" in caplog.text
    page = http.get(WIDGET, headers=bearer())
    assert (page.status_code, page.mimetype) == (500, "text/html")


OPEN_REDIRECTS = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    " /evil",
    "evil",
    "/" + "x" * 2000,
    "///evil.example",
    "/é",
]


@pytest.mark.parametrize("wanted", OPEN_REDIRECTS)
def test_an_open_redirect_is_no_local_path_and_reaches_no_page(http, wanted):
    assert local_path(wanted) is None
    assert "evil" not in http.get("/login/demo", query_string={"next": wanted}).text


@given(st.text(alphabet="/\\:@.?#%a\t\n \u2044", max_size=12))
@settings(max_examples=300)
def test_whatever_is_taken_for_a_local_path_stays_here(wanted):
    path = local_path(wanted)
    assert path is None or (path.startswith("/") and path[1:2] not in {"/", "\\"} and "\\" not in path)


@pytest.mark.parametrize("template", ["javascript:alert(1)//{session_id}", "data:text/html,x", "//evil.example", ""])
def test_a_dangerous_way_back_to_the_app_is_not_taken(http, status_service, database, template, monkeypatch):
    found = implementations.find

    def with_template(db, slug):
        implementation = found(db, slug)
        db.expunge(implementation)
        implementation.session_url = template
        return implementation

    monkeypatch.setattr(implementations, "find", with_template)
    answer = http.get(f"/r/{status_service.tokens.make('demo', 'ada', 'CE-1')}")
    assert (answer.status_code, answer.headers["Location"]) == (303, WIDGET)


def test_a_trusted_proxy_may_say_who_asked_but_not_who_we_are(status_service, database, store):
    made = make_settings(trusted_proxies=1)
    client = make_app(database, store, made, status_service=status_service).test_client()
    headers = {"Host": "status.example.org", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
    assert client.get(STATUS, headers=headers).json["message"]["action"]["url"].startswith(PUBLIC_URL)


@pytest.mark.parametrize(
    "frames", ["evil", "https://a.example; script-src *", "*", "https://*.example", "javascript:x"]
)
def test_a_setting_cannot_smuggle_a_directive_into_the_policy(frames):
    with pytest.raises(SettingsError, match="must be origins such as"):
        Settings.from_environment({"SESSION_STATUS_WIDGET_FRAMES": frames, "SESSION_STATUS_PUBLIC_URL": PUBLIC_URL})


@pytest.mark.parametrize("path", ["/m/One-Time", "/saml/demo/One-Time", "/r/One-Time%0aERROR%20forged%20line"])
def test_a_bug_is_logged_once_without_an_address_that_is_a_secret_or_forges_a_line(app, http, caplog, path):
    def fail():
        raise RuntimeError("a bug")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.before_request_funcs[None].append(fail)
    assert http.get(path).status_code == 500
    assert caplog.text.count("Traceback") == 1
    assert "One-Time" not in caplog.text
    assert "forged" not in caplog.text


def test_every_answer_has_the_protecting_headers(http, bearer):
    for path in (STATUS, WIDGET, "/login/demo", "/nothing", "/api/nothing", "/healthz", "/r/x", "/static/widget.js"):
        with http.get(path, headers=bearer()) as answer:
            headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert ("frame-ancestors 'self'" if path == WIDGET else "frame-ancestors 'none'") in policy


def test_the_widget_may_be_framed_by_whom_the_settings_name(status_service, database, store):
    made = make_settings(widget_frames=("https://app.example.org",))
    client = make_app(database, store, made, status_service=status_service).test_client()
    policy = client.get(WIDGET, headers={"Host": "status.example.org"}).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://app.example.org")


def test_building_the_application_reads_no_environment_and_opens_nothing(settings, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = create_app(
        settings,
        status_service=StubStatusService(),
        database=None,
        checks={},
        store=LoginStore(connect("redis://127.0.0.1:1")),
        outbound=None,
    )
    assert isinstance(app, Flask)
    assert not app.debug
