"""Credentials reach the vendor, and nothing else: no script, no trace, no log, no error."""

import base64
import json
import logging
import threading
import time
import traceback

import pytest

from runner.powers import (
    ApiKeyHeader,
    ApiKeyParameter,
    Basic,
    Bearer,
    NoAuth,
    OAuth2ClientCredentials,
    VendorConnection,
)
from runner.powers.redaction import redact
from sandbox import CallFault, CallNotMade
from tests.support.vendors import reply

SECRET = "s3cr3t/+Key&Value=42"
HEADER_SECRET = "s3cr3tHeaderKey42"
TOKEN = "granted-t0ken-0001"
BASIC = base64.b64encode(f"ada:{SECRET}".encode()).decode()

AUTHS = [
    Basic("ada", SECRET),
    Bearer(HEADER_SECRET),
    ApiKeyHeader("X-Api-Key", HEADER_SECRET),
    ApiKeyParameter("apikey", SECRET),
    OAuth2ClientCredentials("https://login.vendor.test/token", "client-7", SECRET, "read"),
]
KINDS = [type(auth).__name__ for auth in AUTHS]
#: What each kind must never see again (the vendor below also echoes what is another kind's secret).
OWN = dict(zip(KINDS, [(SECRET, BASIC), (HEADER_SECRET,), (HEADER_SECRET,), (SECRET,), (SECRET, TOKEN)], strict=True))
#: Every form in which one of these could show up somewhere.
TRACES = [SECRET, HEADER_SECRET, TOKEN, BASIC, "s3cr3t", "s3cr3t%2F%2BKey%26Value%3D42"]


def shows_a_secret(text):
    return [trace for trace in TRACES if trace in text]


def token_server(**answer):
    granted = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600} | answer
    return lambda _: reply(granted)


@pytest.fixture
def connect(client, start_vendor, names):
    """Connect to a vendor with any kind of credentials; OAuth2 gets a token server of its own."""

    def make(vendor, auth, **options):
        if isinstance(auth, OAuth2ClientCredentials):
            login = start_vendor(token_server(), tls="login.vendor.test")
            names["login.vendor.test"] = ["127.0.0.1"]
            auth = OAuth2ClientCredentials(f"{login.url}/token", auth.client_id, auth.client_secret, auth.scope)
        return client.connect(vendor, auth=auth, **options)

    return make


# -- what the vendor gets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (Basic("ada", SECRET), "authorization", f"Basic {BASIC}"),
        (Basic("zoë", "pässword"), "authorization", "Basic " + base64.b64encode("zoë:pässword".encode()).decode()),
        (Bearer(HEADER_SECRET), "authorization", f"Bearer {HEADER_SECRET}"),
        (ApiKeyHeader("X-Api-Key", HEADER_SECRET), "x-api-key", HEADER_SECRET),
    ],
)
def test_the_vendor_gets_the_credentials_in_a_header(client, start_vendor, auth, header, value):
    vendor = start_vendor(reply({}))
    client(client.connect(vendor, auth=auth))
    assert vendor.requests[0].headers[header] == value


def test_the_vendor_gets_the_key_as_a_parameter_and_the_trace_does_not(client, start_vendor):
    vendor = start_vendor(reply({}))
    client(client.connect(vendor, auth=ApiKeyParameter("apikey", SECRET)), params={"a": "1"})
    assert vendor.requests[0].target == "/?a=1&apikey=s3cr3t%2F%2BKey%26Value%3D42"
    assert client.record.query == "a=1"


def test_without_credentials_none_are_sent(client, start_vendor):
    vendor = start_vendor(reply({}))
    client(client.connect(vendor, auth=NoAuth()))
    assert {"authorization", "cookie"}.isdisjoint(vendor.requests[0].headers)


# -- what a script tries ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "X_Api_Key"])
def test_a_script_cannot_set_the_header_which_carries_the_key(client, start_vendor, name):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, auth=ApiKeyHeader("X-Api-Key", HEADER_SECRET))
    with pytest.raises(CallNotMade, match="carries the connection's key"):
        client(connection, headers={name: "mine"})
    assert not vendor.requests


@pytest.mark.parametrize(
    ("path", "params"), [("/", {"apikey": "mine"}), ("/?ApiKey=mine", {}), ("/?%61pikey=mine", {})]
)
def test_a_script_cannot_set_the_parameter_which_carries_the_key(client, start_vendor, path, params):
    vendor = start_vendor(reply({}))
    connection = client.connect(vendor, auth=ApiKeyParameter("apikey", SECRET))
    with pytest.raises(CallNotMade, match="carries the connection's key"):
        client(connection, path, params=params)
    assert not vendor.requests


def echo(request):
    """A vendor that repeats everything, as debugging endpoints and error pages do."""
    everything = request.head.decode("latin-1") + "|" + request.target
    headers = {
        "X-Echo": request.headers.get("authorization", "") + request.headers.get("x-api-key", "") + request.target
    }
    return reply({"echo": everything, "decoded": SECRET, "slashes": SECRET.replace("/", "\\/")}, headers=headers)


@pytest.mark.parametrize("auth", AUTHS, ids=KINDS)
def test_a_vendor_that_echoes_the_secret_does_not_give_it_to_the_script(client, start_vendor, connect, auth):
    answer = client(connect(start_vendor(echo), auth))
    everything = answer.text + json.dumps(dict(answer.headers)) + str(answer)
    for secret in OWN[type(auth).__name__]:
        assert secret not in everything
    assert "[redacted]" in everything


@pytest.mark.parametrize("form", [SECRET, "s3cr3t%2F%2BKey%26Value%3D42", "s3cr3t%2f%2bKey%26Value%3d42", "s3cr3t/%2BKey%26Value%3D42",
    r"s3cr3t\/+Key&Value=42", "s3cr3t/+Key&amp;Value=42", base64.b64encode(SECRET.encode()).decode()])  # fmt: skip
def test_a_secret_is_blanked_in_the_forms_in_which_vendors_escape_it(form):
    assert redact(f"before {form} after", [SECRET]).startswith("before [redacted]")


def test_a_short_secret_is_not_looked_for_because_it_would_blank_innocent_text():
    assert redact("a message", ["a", "", "mess"]) == "a message"


def test_a_user_name_is_blanked_when_it_is_the_key(client, start_vendor):
    vendor = start_vendor(
        lambda request: reply({"you": "sk_live_4242424242", "sent": request.headers["authorization"]})
    )
    answer = client(client.connect(vendor, auth=Basic("sk_live_4242424242", "")))
    assert "sk_live" not in answer.text
    assert base64.b64encode(b"sk_live_4242424242:").decode() not in answer.text


# -- what is left behind ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", AUTHS, ids=KINDS)
def test_no_repr_shows_a_secret(auth):
    connection = VendorConnection("demo", "cme", "https://vendor.test", auth=auth)
    for shown in (repr(auth), str(auth), f"{connection!r}", str(connection), f"{connection}", repr([connection])):
        assert not shows_a_secret(shown)


FAILURES = {
    "refused path": (reply({}), "/../x", {}),
    "hang-up": (lambda _: None, "/", {}),
    "garbage": (b"garbage\r\n\r\n", "/", {}),
    "broken headers": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nbroken header line\r\n: x\r\n\r\n", "/", {}),
    "broken length": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        "/",
        {},
    ),
    "too large": (reply("x" * 100), "/", {"room": 10}),
    "slow": (lambda _: time.sleep(0.4), "/", {"wall_s": 0.2}),
    "redirect away": (lambda r: reply("", 302, {"Location": f"https://evil.example/?{r.target}"}), "/", {}),
    "redirect outside": (lambda r: reply("", 302, {"Location": f"/out{r.target}"}), "/api/x", {}),
    "bad packing": (reply(b"x", headers={"Content-Encoding": "gzip"}), "/", {}),
    "answered": (reply({"error": "no"}, 500), "/", {}),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("auth", AUTHS, ids=KINDS)
def test_no_error_no_traceback_no_record_and_no_log_line_shows_a_secret(  # noqa: PLR0913, PLR0917 - fixtures
    client, start_vendor, connect, auth, failure, caplog
):
    caplog.set_level(logging.DEBUG)
    answer, path, options = FAILURES[failure]
    connection = connect(
        start_vendor(answer),
        auth,
        follow_redirects=True,
        path_prefixes=("/api", "/") if failure != "redirect outside" else ("/api",),
    )
    shown = [repr(client.vendors)]
    try:
        shown.append(repr(client(connection, path, **options)))
    except CallNotMade as error:
        seen = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += [
            str(error),
            repr(error),
            error.text,
            "".join(traceback.format_exception(error)),
            "".join(seen.format()),
        ]
        shown.append(repr(error.__context__) + repr(error.__cause__))
    shown += [repr(client.record), json.dumps(client.record.as_json()), caplog.text, repr(client.powers.__dict__)]
    for text in shown:
        assert not shows_a_secret(text), text


def test_a_secret_that_no_header_can_carry_is_a_faulty_connection_and_not_shown(client, start_vendor):
    vendor = start_vendor(reply({}))
    for secret in ("s3cr3t\r\nX: y", "s3cr3té", "", " s3cr3t"):
        with pytest.raises(CallNotMade) as caught:
            client(client.connect(vendor, auth=Bearer(secret)))
        assert caught.value.fault is CallFault.REFUSED
        assert "s3cr3t" not in caught.value.text
    assert not vendor.requests


def test_a_secret_which_a_vendor_puts_into_a_redirect_is_not_in_the_error(client, start_vendor):
    vendor = start_vendor(lambda _: reply("", 302, {"Location": f"/out/{HEADER_SECRET}"}))
    connection = client.connect(vendor, auth=Bearer(HEADER_SECRET), follow_redirects=True, path_prefixes=("/api",))
    with pytest.raises(CallNotMade, match=r"/out/\[redacted\]"):
        client(connection, "/api")


def test_values_of_telling_parameters_are_blanked_in_the_trace(client, start_vendor):
    connection = client.connect(start_vendor(reply({})))
    client(connection, "/?access_token=abc&q=1", params={"password": "hunter2", "api_key": "k", "monkey": "yes"})
    assert client.record.query == "access_token=[redacted]&q=1&password=[redacted]&api_key=[redacted]&monkey=yes"


# -- OAuth2 -------------------------------------------------------------------------------------------------------


@pytest.fixture
def oauth(client, start_vendor, names):
    """A vendor and its token server: `start(tokens, answer)` gives (login, vendor, connection)."""

    def start(tokens, answer, **options):
        login = start_vendor(tokens, tls="login.test")
        names["login.test"] = ["127.0.0.1"]
        vendor = start_vendor(answer)
        secret = options.pop("secret", SECRET)
        in_body = options.pop("secret_in_body", False)
        auth = OAuth2ClientCredentials(f"{login.url}/oauth/token", "client 7", secret, "read", in_body)
        return login, vendor, client.connect(vendor, auth=auth, **options)

    return start


def test_a_token_is_fetched_once_and_used_for_all_calls(client, oauth):
    login, vendor, connection = oauth(token_server(), reply({}))
    for _ in range(3):
        client(connection)
    assert [request.headers["authorization"] for request in vendor.requests] == [f"Bearer {TOKEN}"] * 3
    assert len(login.requests) == 1
    asked = login.requests[0]
    assert (asked.method, asked.target) == ("POST", "/oauth/token")
    assert asked.body == b"grant_type=client_credentials&scope=read"
    user, _, password = base64.b64decode(asked.headers["authorization"].split()[1]).decode().partition(":")
    assert (user, password) == ("client+7", "s3cr3t%2F%2BKey%26Value%3D42")


def test_a_token_server_may_want_the_secret_in_the_body(client, oauth):
    login, _, connection = oauth(token_server(), reply({}), secret_in_body=True)
    client(connection)
    assert login.requests[0].body.endswith(b"&client_id=client+7&client_secret=s3cr3t%2F%2BKey%26Value%3D42")
    assert "authorization" not in login.requests[0].headers


def test_many_calls_at_the_same_time_fetch_one_token(client, oauth):
    def slowly(_):
        time.sleep(0.1)
        return reply({"access_token": TOKEN, "token_type": "bearer", "expires_in": 60})

    login, vendor, connection = oauth(slowly, reply({}))
    threads = [threading.Thread(target=client, args=(connection,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(login.requests), len(vendor.requests)) == (1, 12)


def test_a_token_is_fetched_anew_before_it_ends(client, oauth):
    tokens = [reply({"access_token": f"token-{n}", "expires_in": 0.2}) for n in range(3)]
    _, vendor, connection = oauth(tokens, reply({}))
    client(connection)
    client(connection)
    time.sleep(0.25)
    client(connection)
    used = [request.headers["authorization"] for request in vendor.requests]
    assert used == ["Bearer token-0", "Bearer token-0", "Bearer token-1"]


def rejecting(*bad):
    return lambda request: reply({}, 401 if request.headers["authorization"][7:] in bad else 200)


def test_a_rejected_token_is_fetched_anew_and_a_get_is_repeated_once(client, oauth, monkeypatch):
    monkeypatch.setattr("runner.powers.oauth_tokens.YOUNG_S", 0.0)
    tokens = [reply({"access_token": f"token-{n}"}) for n in range(5)]
    login, vendor, connection = oauth(tokens, rejecting("token-0"))
    assert client(connection).status == 200
    assert (len(login.requests), len(vendor.requests), client.record.attempts) == (2, 2, 2)
    login, vendor, connection = oauth(tokens, rejecting("token-0", "token-1", "token-2"), name="other")
    assert client(connection).status == 401
    assert (len(login.requests), len(vendor.requests)) == (2, 2)


def test_a_rejected_token_is_dropped_but_a_post_is_not_repeated(client, oauth, monkeypatch):
    monkeypatch.setattr("runner.powers.oauth_tokens.YOUNG_S", 0.0)
    tokens = [reply({"access_token": f"token-{n}"}) for n in range(5)]
    login, vendor, connection = oauth(tokens, rejecting("token-0"))
    assert client(connection, method="POST", json={}).status == 401
    assert len(vendor.requests) == 1
    assert client(connection, method="POST", json={}).status == 200
    assert len(login.requests) == 2


def test_a_vendor_that_always_says_401_does_not_make_us_hammer_the_token_server(client, oauth):
    login, vendor, connection = oauth(token_server(), reply({}, 401))
    for _ in range(5):
        assert client(connection).status == 401
    assert (len(login.requests), len(vendor.requests)) == (1, 5)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (reply({"error": "invalid_client", "error_description": f"wrong secret {SECRET}"}, 401), CallFault.REFUSED),
        (reply({"error": SECRET}, 400), CallFault.REFUSED),
        (reply("oops", 500), CallFault.CONNECTION),
        (reply("not json"), CallFault.CONNECTION),
        (reply([1]), CallFault.CONNECTION),
        (reply({"access_token": "a\r\nX: y"}), CallFault.CONNECTION),
        (reply({"access_token": "x" * 9000}), CallFault.CONNECTION),
        (reply({"access_token": None}), CallFault.CONNECTION),
        (reply({"access_token": TOKEN, "token_type": "mac"}), CallFault.CONNECTION),
        (reply("", 302, {"Location": "https://evil.example/"}), CallFault.REFUSED),
        (reply("x" * 70_000), CallFault.TOO_LARGE),
        (lambda _: None, CallFault.CONNECTION),
        (reply("[" * 60_000), CallFault.CONNECTION),
    ],
)
def test_a_token_server_that_fails_is_a_failed_call_without_its_words(client, oauth, answer, fault):
    _, vendor, connection = oauth(answer, reply({}))
    with pytest.raises(CallNotMade) as caught:
        client(connection)
    assert caught.value.fault is fault
    assert not shows_a_secret(caught.value.text)
    assert not vendor.requests


@pytest.mark.parametrize("life", [None, "soon", -5, 0, float("1e400"), [], True, "3600", 10**400])
def test_an_odd_life_of_a_token_is_survived(client, oauth, life):
    body = json.dumps({"access_token": TOKEN, "expires_in": life})
    _, _, connection = oauth(reply(body), reply({}))
    assert client(connection).status == 200
    assert client(connection).status == 200


def test_a_refusal_of_the_token_server_is_not_asked_for_again_at_once(client, oauth):
    login, _, connection = oauth(reply({"error": "invalid_client"}, 401), reply({}))
    for _ in range(4):
        with pytest.raises(CallNotMade, match="invalid_client"):
            client(connection)
    assert len(login.requests) == 1


def test_a_token_server_at_a_private_address_is_refused(make_client, start_vendor, names):
    names |= {"login.test": ["10.0.0.1"], "vendor.test": ["8.8.8.8"]}
    client = make_client(allow_loopback=False)
    auth = OAuth2ClientCredentials("https://login.test/token", "c", SECRET)
    with pytest.raises(CallNotMade) as caught:
        client(VendorConnection("demo", "cme", "https://vendor.test", auth=auth))
    assert caught.value.fault is CallFault.REFUSED


def test_changed_credentials_never_find_the_old_token(client, oauth):
    login, _, connection = oauth(token_server(), reply({}))
    client(connection)
    changed = OAuth2ClientCredentials(connection.auth.token_url, "client 7", "another secret", "read")
    client(client.connect(None, base_url=connection.base_url, auth=changed))
    assert len(login.requests) == 2


def test_implementations_do_not_share_tokens(client, oauth):
    login, _, connection = oauth(token_server(), reply({}))
    client(connection)
    client(client.connect(None, base_url=connection.base_url, auth=connection.auth, implementation="other"))
    assert len(login.requests) == 2


def test_a_slow_token_server_costs_no_more_than_the_deadline(client, oauth):
    _, _, connection = oauth(lambda _: time.sleep(0.6), reply({}))
    started = time.monotonic()
    with pytest.raises(CallNotMade) as caught:
        client(connection, wall_s=0.3)
    assert caught.value.fault is CallFault.TIMEOUT
    assert time.monotonic() - started < 0.5
