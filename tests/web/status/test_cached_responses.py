"""The event loop and the application give the same response, whatever is asked; or the loop leaves it to the application."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import DatabaseUnavailable
from tests.support.event_loop import awaited
from tests.support.people import visitor
from tests.support.rsgi import Protocol, scope
from tests.support.stub_status_service import CLAIM, HIDDEN, STATUS, UNAVAILABLE, checking, ready
from web.server.request_body import RequestBodies
from web.server.wsgi_bridge import WsgiBridge
from web.status.cached_responses import CachedResponses

STATUSES = [ready(CLAIM), ready(), ready(stale=True), checking(CLAIM), checking(), HIDDEN, UNAVAILABLE]
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOST = ("host", "status.example.org")


def answer_of(app, cached, fields, head):
    """What the server sends, with and without the loop's own answers."""

    async def once():
        bridge = WsgiBridge(
            app,
            bodies=RequestBodies(lambda _method, _path: 100),
            threads=1,
            public_url="https://status.example.org",
            cached=cached,
        )
        bridge.__rsgi_init__(asyncio.get_running_loop())
        protocol = Protocol()
        await bridge.__rsgi__(scope(*fields, **head), protocol)
        bridge._threads.shutdown()
        return protocol.answer

    status, headers, body = awaited(once())
    body = re.sub(rb'(?<="reference": ")[0-9a-f]{8}|(?<=<code>)[0-9a-f]{8}', b"", body)  # each has its own
    varied = {"Retry-After": "varied"} if status == 503 else {}
    return int(status), sorted((name, varied.get(name, value)) for name, value in headers), body


@pytest.fixture
def cached(app):
    services = app.extensions["status services"]
    return CachedResponses(services, services.status_service.cached_reads())


@pytest.fixture
def both_paths(app, cached):
    """Ask the application, then the loop before it; return what each answers."""

    def ask(*fields, host=HOST, path=STATUS, **head):
        sent = [*([host] if host else []), *fields]
        return [answer_of(app, each, sent, {"path": path} | head) for each in (None, cached)]

    return ask


@pytest.fixture
def from_cache(cached):
    """What the loop answers by itself."""

    def ask(*fields, host=HOST, path=STATUS, **head):
        return awaited(cached.response(scope(path=path, **head), [host, *fields]))

    return ask


@pytest.fixture
def bearer(bearer):
    return lambda: [("authorization", bearer()["Authorization"])]


@pytest.fixture
def credentials(logins, store, status_service):
    good = logins.sign(visitor())
    other = logins.sign(visitor("other", "bob"))
    token = store.tokens.issue(visitor()).access
    elsewhere = store.tokens.issue(visitor("other", "bob")).access
    gone = visitor()
    status_service.ended.add(gone.login)
    name = logins.cookie
    return [
        [],
        [("authorization", f"Bearer {token}")],
        [("authorization", f"bearer  {token} ")],
        [("authorization", f"Bearer {elsewhere}")],
        [("authorization", "Bearer ")],
        [("authorization", "Basic YTpi"), ("cookie", f"{name}={good}")],
        [("cookie", f"{name}={good}")],
        [("cookie", f"a=b; {name}={good}; c=d")],
        [("cookie", f"x{name}={good}")],
        [("cookie", f"{name}={other}; {name}={good}")],
        [("cookie", f'{name}="{good}"')],
        [("cookie", f"{name}={good}x")],
        [("cookie", f"{name}=; {name}={good}")],
        [("cookie", f"{name}={other}"), ("authorization", f"Bearer {token}")],
        [("authorization", f"Bearer {token}=")],
        [("authorization", f"Bearer  {token}")],
        [("authorization", f"Bearer {good}")],
        [("cookie", f"{name}={token}")],
        [("cookie", f"{name}={logins.sign(gone)}")],
        [("authorization", f"Bearer {store.tokens.issue(gone).access}")],
        [("authorization", f"Bearer {store.tokens.issue(visitor()).refresh}")],
        [("cookie", f"{name}={other}"), ("cookie", f"{name}={good}")],
        [("cookie", "a=b"), ("cookie", f"{name}={good}")],
        [("authorization", f"Bearer {elsewhere}"), ("authorization", f"Bearer {token}")],
        [("cookie", f"\t {name}={good} ;=x")],
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_every_state_is_the_same_both_ways(both_paths, status_service, bearer, status):
    status_service.status = status
    login = bearer()
    for more in (
        [],
        [("prefer", "wait=0.2")],
        [("if-none-match", f'W/"{status.etag}"')],
        [("if-none-match", '"x", W/"y"')],
        [("if-none-match", '"x"'), ("if-none-match", f'W/"{status.etag}"')],
        [("prefer", "respond-async"), ("prefer", "wait=0.1")],
    ):
        whole, loop = both_paths(*login, *more)
        assert loop == whole, more


def test_every_credential_is_the_same_both_ways(both_paths, credentials):
    for login in credentials:
        whole, loop = both_paths(*login)
        assert loop == whole, login


@pytest.mark.parametrize(
    "asked",
    [
        {"path": STATUS.replace("CE-1", "NONE")},
        {"path": STATUS.replace("CE-1", "a b")},
        {"path": STATUS.replace("CE-1", "a\n")},
        {"path": STATUS + "\n"},
        {"path": STATUS + "/"},
        {"path": STATUS.replace("/api", "//api")},
        {"path": STATUS.replace("demo", "nobody")},
        {"path": STATUS.replace("demo", "d\u00e9mo")},
        {"path": STATUS.replace("CE-1", "CE-\uff11")},
        {"host": ("host", "evil.example")},
        {"host": ("host", "STATUS.example.org:443")},
        {"host": None},
        {"host": None, "http_version": "1"},
        {"authority": "evil.example"},
        {"authority": "status.example.org"},
        {"method": "HEAD"},
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"method": "get"},
        {"query_string": "a=b"},
        {"query_string": "a=%00"},
        {"http_version": "1"},
    ],
)
def test_every_odd_request_is_the_same_both_ways(both_paths, bearer, asked):
    whole, loop = both_paths(*bearer(), **asked)
    assert loop == whole


@pytest.mark.parametrize(
    "more",
    [
        ("host", "evil.example"),
        ("host", "status.example.org"),
        ("content-length", "0"),
        ("content-length", "3"),
        ("expect", "100-continue"),
        ("transfer_encoding", "chunked"),
        ("x-forwarded-host", "evil.example"),
        ("if_none_match", "*"),
        ("accept", "text/html"),
    ],
)
def test_every_odd_field_is_the_same_both_ways(both_paths, bearer, more):
    whole, loop = both_paths(*bearer(), more)
    assert loop == whole


@RELAXED
@given(
    which=st.integers(0, 24),
    status=st.sampled_from(STATUSES),
    prefer=st.none() | st.sampled_from(["wait=0.1", "wait=9", "wait", "respond-async"]),
    none_match=st.none() | st.sampled_from(["*", "", '""', "W/", *(f'"{one.etag}"' for one in STATUSES)]),
    host=st.sampled_from([HOST, ("host", "evil.example")]),
)
def test_any_mixture_is_the_same_both_ways(  # noqa: PLR0913, PLR0917 - a mixture
    both_paths, status_service, credentials, which, status, prefer, none_match, host
):
    status_service.status = status
    more = [("prefer", prefer), ("if-none-match", none_match)]
    whole, loop = both_paths(*credentials[which], *(field for field in more if field[1] is not None), host=host)
    assert loop == whole


def test_what_breaks_in_the_loop_is_answered_by_the_application(app, both_paths, status_service, bearer):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for error in (DatabaseUnavailable("away"), RuntimeError("a bug")):
        status_service.fails_with = error
        whole, loop = both_paths(*bearer())
        assert loop == whole
        assert loop[0] in {500, 503}


def test_the_commonest_requests_are_answered_by_the_loop(app, from_cache, credentials, both_paths):
    both_paths(*credentials[1])  # a token is looked up once, in a thread
    for login in (credentials[1], credentials[6], credentials[7]):
        assert from_cache(*login).code == 200


def test_a_token_that_was_not_looked_up_is_left_to_a_thread(from_cache, bearer, both_paths):
    login = bearer()
    assert from_cache(*login) is None
    both_paths(*login)
    assert from_cache(*login).code == 200


def test_the_login_of_another_implementation_opens_nothing(from_cache, credentials, status_service):
    assert from_cache(*credentials[6], path=STATUS.replace("demo", "other")) is None
    assert from_cache(*credentials[18]) is None  # ended
    assert not [asker for asker, _ in status_service.asked if asker.implementation == "other"]
