"""The event loop and the application give the same response, whatever is asked; or the loop leaves it to the application."""

import asyncio
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import DatabaseUnavailable
from runner.pressure.token_buckets import TokenBuckets
from runner.status.status_request import StatusRequest
from tests.support.event_loop import awaited
from tests.support.people import visitor
from tests.support.rsgi import Protocol, scope
from tests.support.stub_status_service import CLAIM, HIDDEN, STATUS, UNAVAILABLE, checking, ready
from web.server.request_body import RequestBodies
from web.server.wsgi_bridge import WsgiBridge
from web.status.loop_responses import LoopResponses

STATUSES = [ready(CLAIM), ready(), ready(stale=True), checking(CLAIM), checking(), HIDDEN, UNAVAILABLE]
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOST = ("host", "status.example.org")


def answer_of(app, in_loop, fields, head):
    """What the server sends, with and without the loop's own answers."""

    async def once():
        bridge = WsgiBridge(
            app,
            bodies=RequestBodies(lambda _method, _path: 100),
            threads=1,
            public_url="https://status.example.org",
            in_loop=in_loop,
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
def answers(status_service):
    """What the loop answers, which a test may change."""
    return status_service.loop_answers()


@pytest.fixture
def in_loop(app, answers):
    return LoopResponses(app.extensions["status services"], answers)


@pytest.fixture
def both_paths(app, in_loop):
    """Ask the application, then the loop before it; return what each answers."""

    def ask(*fields, host=HOST, path=STATUS, **head):
        sent = [*([host] if host else []), *fields]
        return [answer_of(app, each, sent, {"path": path} | head) for each in (None, in_loop)]

    return ask


@pytest.fixture
def from_loop(in_loop):
    """What the loop answers by itself."""

    def ask(*fields, host=HOST, path=STATUS, **head):
        return awaited(in_loop.response(scope(path=path, **head), [host, *fields]))

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


RETURNED = f"{STATUS}/returned"
BACK = {"method": "POST", "path": RETURNED}


@pytest.fixture
def both_returns(app, both_paths, status_service):
    """Report a return, in both ways; nobody has come back too often."""

    def come_back(*fields, **head):
        app.extensions["status services"].rate_limits.clear()
        return both_paths(*fields, **BACK | head)

    return come_back


@pytest.mark.parametrize("after", [checking(CLAIM), checking(), ready(CLAIM), HIDDEN, UNAVAILABLE])
def test_every_state_after_a_return_is_the_same_both_ways(both_returns, status_service, bearer, after):
    status_service.after_return = after
    login = bearer()
    for more in ([], [("prefer", "wait=0.2")], [("if-none-match", f'W/"{after.etag}"')], [("content-length", "0")]):
        whole, loop = both_returns(*login, *more)
        assert loop == whole, more
    assert status_service.return_waits == [0, 0, 0.2, 0.2, 0, 0, 0, 0]


def test_every_credential_of_a_return_is_the_same_both_ways(both_returns, credentials):
    for login in credentials:
        for more in ([], [("sec-fetch-site", "same-origin")], [("sec-fetch-site", "cross-site")]):
            whole, loop = both_returns(*login, *more)
            assert loop == whole, (login, more)


@pytest.mark.parametrize(
    "head",
    [
        {"method": "GET"},
        {"method": "PUT"},
        {"path": RETURNED + "/"},
        {"path": RETURNED + "\n"},
        {"path": f"{STATUS}/return"},
        {"path": RETURNED.replace("CE-1", "NONE")},
        {"query_string": "a=b"},
        {"authority": "evil.example"},
        {"host": ("host", "evil.example")},
    ],
)
def test_every_odd_return_is_the_same_both_ways(both_returns, bearer, head):
    whole, loop = both_returns(*bearer(), **head)
    assert loop == whole


@pytest.mark.parametrize(
    "more",
    [
        [("content-length", "2")],
        [("content-length", "00")],
        [("content-length", "0"), ("content-length", "0")],
        [("transfer-encoding", "chunked")],
        [("content-length", "0"), ("transfer-encoding", "chunked")],
        [("expect", "100-continue"), ("content-length", "0")],
        [("content-type", "text/plain"), ("content-length", "0")],
    ],
)
def test_every_odd_body_of_a_return_is_the_same_both_ways(both_returns, bearer, more):
    whole, loop = both_returns(*bearer(), *more)
    assert loop == whole


def test_a_return_is_answered_by_the_loop_for_a_token_and_left_to_the_application_for_a_cookie(
    from_loop, credentials, both_paths, status_service
):
    both_paths(*credentials[1])
    assert from_loop(*credentials[1], ("content-length", "0"), **BACK).code == 200
    assert from_loop(*credentials[6], ("content-length", "0"), **BACK) is None
    assert len(status_service.came_back) == 1


def test_who_asks_too_often_is_refused_both_ways_and_starts_nothing(app, both_paths, from_loop, status_service, bearer):
    login = bearer()
    both_paths(*login)
    limits = app.extensions["status services"].rate_limits
    limits.asks = TokenBuckets(allowance=2, seconds_each=3600)
    status_service.status = checking()
    assert [from_loop(*login) is None for _ in range(4)] == [False, False, True, True]
    asked = len(status_service.asked)
    whole, loop = both_paths(*login)
    assert whole[0] == loop[0] == 429
    assert len(status_service.asked) == asked


def test_who_comes_back_too_often_is_refused_both_ways_and_starts_nothing(
    both_paths, from_loop, status_service, bearer
):
    login = bearer()
    both_paths(*login)
    assert [from_loop(*login, **BACK) is None for _ in range(8)] == [False] * 6 + [True] * 2
    whole, loop = both_paths(*login, **BACK)
    assert whole[0] == loop[0] == 429
    assert len(status_service.came_back) == 6


@pytest.fixture
def silent(answers, monkeypatch):
    """A loop that finds no answer, as in an outage."""
    for question in ("cached", "ask", "returned"):
        monkeypatch.setattr(answers, question, lambda *_: asyncio.sleep(0))


@pytest.mark.usefixtures("silent")
def test_what_the_loop_leaves_to_the_application_is_counted_once(app, from_loop, both_paths, bearer):
    """Otherwise a user who may come back six times would be told so after three."""
    login = bearer()
    both_paths(*login)
    limits = app.extensions["status services"].rate_limits
    limits.asks = TokenBuckets(allowance=2, seconds_each=3600)
    assert [from_loop(*login, **head) for head in ({}, BACK) * 20] == [None] * 40
    assert limits.asks.wait(("demo", "ada")) == limits.returns.wait(StatusRequest("demo", "ada", "CE-1")) == 0


def test_a_login_that_is_new_here_is_not_looked_for_in_the_cache_before_the_claim(
    from_loop, bearer, answers, store, monkeypatch
):
    answers.stored, looked, cached = store.redis.get, [], answers.cached
    monkeypatch.setattr(answers, "cached", lambda asker: looked.append(asker) or cached(asker))
    login = bearer()
    assert [from_loop(*login).code for _ in range(3)] == [200] * 3
    assert len(looked) == 2


def test_the_commonest_requests_are_answered_by_the_loop(app, from_loop, credentials, both_paths):
    both_paths(*credentials[1])  # a token is looked up once, in a thread
    for login in (credentials[1], credentials[6], credentials[7]):
        assert from_loop(*login).code == 200


def test_a_token_that_was_not_looked_up_is_left_to_a_thread_if_the_store_does_not_answer(from_loop, bearer, both_paths):
    login = bearer()
    assert from_loop(*login) is None
    both_paths(*login)
    assert from_loop(*login).code == 200


def test_a_token_is_looked_up_once_by_the_loop(from_loop, bearer, answers, store):
    login, asked = bearer(), []
    answers.stored = lambda key: asked.append(key) or store.redis.get(key)
    assert [from_loop(*login).code for _ in range(2)] == [200, 200]
    assert len(asked) == 1


@pytest.mark.parametrize("token", ["", "garbage", "cat_" + "x" * 43, "crt_" + "x" * 43])
def test_what_is_no_token_opens_nothing(from_loop, answers, store, status_service, token):
    answers.stored = store.redis.get
    assert from_loop(("authorization", f"Bearer {token}")) is None
    assert status_service.asked == []


def test_a_token_that_has_expired_is_not_believed_although_the_store_still_has_it(from_loop, bearer, answers, store):
    def expired(key):
        return json.dumps(json.loads(store.redis.get(key)) | {"ends": 1}).encode()

    answers.stored = expired
    assert from_loop(*bearer()) is None


def test_a_token_whose_record_was_not_written_by_us_is_refused_both_ways(app, both_paths, answers, store, bearer):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answers.stored = store.redis.get
    login = bearer()
    (key,) = store.redis.keys("{login}:access:*")
    store.redis.set(key, "[]")
    whole, loop = both_paths(*login)
    assert loop == whole
    assert loop[0] == 500


def test_the_login_of_another_implementation_opens_nothing(from_loop, credentials, status_service):
    assert from_loop(*credentials[6], path=STATUS.replace("demo", "other")) is None
    assert from_loop(*credentials[18]) is None  # ended
    assert not [asker for asker, _ in status_service.asked if asker.implementation == "other"]
