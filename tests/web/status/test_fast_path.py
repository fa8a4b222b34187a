"""The short way and the whole application give the same answer, whatever is asked."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from records import DatabaseUnavailable
from tests.support.people import visitor
from tests.support.stub_status_service import CLAIM, HIDDEN, PUBLIC_URL, STATUS, UNAVAILABLE, checking, ready
from web.middleware.request_ids import RequestIds
from web.status.fast_path import FastPath

STATUSES = [ready(CLAIM), ready(), ready(stale=True), checking(CLAIM), checking(), HIDDEN, UNAVAILABLE]
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fast_path_of(app):
    """The fast path, around which only the ids of requests lie."""
    assert isinstance(app.wsgi_app, RequestIds)
    assert isinstance(app.wsgi_app._application, FastPath)
    return app.wsgi_app._application


@pytest.fixture
def both_paths(app):
    """Ask both ways; return what each answers."""
    fast = fast_path_of(app)

    def ask(path=STATUS, **asked):
        found = []
        for application in (fast, fast._application):
            answer = Client(application, use_cookies=False).open(path, **({"base_url": PUBLIC_URL} | asked))
            body = re.sub(
                rb'(?<="reference": ")[0-9a-f]{8}|(?<=<code>)[0-9a-f]{8}', b"", answer.data
            )  # each has its own
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) > 0
                answer.headers["Retry-After"] = "varied"
            found.append((answer.status_code, sorted(answer.headers.items()), body))
        return found

    return ask


@pytest.fixture
def credentials(logins, store, status_service):
    good = logins.sign(visitor())
    other = logins.sign(visitor("other", "bob"))
    token = store.tokens.issue(visitor()).access
    elsewhere = store.tokens.issue(visitor("other", "bob")).access
    gone = visitor()
    status_service.ended.add(gone.login)
    return [
        {},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer  {token} "},
        {"Authorization": f"Bearer {elsewhere}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi", "Cookie": f"{logins.cookie}={good}"},
        {"Cookie": f"{logins.cookie}={good}"},
        {"Cookie": f"a=b; {logins.cookie}={good}; c=d"},
        {"Cookie": f"x{logins.cookie}={good}"},
        {"Cookie": f"{logins.cookie}={other}; {logins.cookie}={good}"},
        {"Cookie": f'{logins.cookie}="{good}"'},
        {"Cookie": f"{logins.cookie}={good}x"},
        {"Cookie": f"{logins.cookie}=; {logins.cookie}={good}"},
        {"Cookie": f"{logins.cookie}={other}", "Authorization": f"Bearer {token}"},
        {"Authorization": f"Bearer {token}="},
        {"Authorization": f"Bearer  {token}"},
        {"Authorization": f"Bearer {good}"},
        {"Cookie": f"{logins.cookie}={token}"},
        {"Cookie": f"{logins.cookie}={logins.sign(gone)}"},
        {"Authorization": f"Bearer {store.tokens.issue(gone).access}"},
        {"Authorization": f"Bearer {store.tokens.issue(visitor()).refresh}"},
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_every_state_is_the_same_both_ways(both_paths, status_service, bearer, status):
    status_service.status = status
    for more in ({}, {"Prefer": "wait=0.2"}, {"If-None-Match": f'W/"{status.etag}"'}, {"If-None-Match": '"x", W/"y"'}):
        fast, whole = both_paths(headers=bearer() | more)
        assert fast == whole


def test_every_credential_is_the_same_both_ways(both_paths, credentials):
    for headers in credentials:
        fast, whole = both_paths(headers=headers)
        assert fast == whole, headers


@pytest.mark.parametrize(
    "asked",
    [
        {"path": STATUS.replace("CE-1", "NONE")},
        {"path": STATUS.replace("CE-1", "a%20b")},
        {"path": STATUS.replace("CE-1", "a%0a")},
        {"path": STATUS + "/"},
        {"path": STATUS.replace("/api", "//api")},
        {"path": STATUS.replace("demo", "nobody")},
        {"base_url": "https://evil.example"},
        {"base_url": "https://STATUS.example.org:443"},
        {"base_url": f"{PUBLIC_URL}/below"},
        {"method": "HEAD"},
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"query_string": "a=b"},
    ],
)
def test_every_odd_request_is_the_same_both_ways(both_paths, bearer, asked):
    fast, whole = both_paths(**({"path": STATUS} | asked), headers=bearer())
    assert fast == whole


@RELAXED
@given(
    which=st.integers(0, 20),
    status=st.sampled_from(STATUSES),
    prefer=st.none() | st.sampled_from(["wait=0.1", "wait=9", "wait", "respond-async"]),
    none_match=st.none() | st.sampled_from(["*", "", '""', "W/", *(f'"{one.etag}"' for one in STATUSES)]),
    host=st.sampled_from([PUBLIC_URL, "https://evil.example"]),
)
def test_any_mixture_is_the_same_both_ways(  # noqa: PLR0913, PLR0917 - a mixture
    both_paths, status_service, credentials, which, status, prefer, none_match, host
):
    status_service.status = status
    headers = credentials[which] | {"Prefer": prefer, "If-None-Match": none_match}
    fast, whole = both_paths(
        headers={name: value for name, value in headers.items() if value is not None}, base_url=host
    )
    assert fast == whole


def test_what_breaks_on_the_short_way_is_answered_by_the_application(app, both_paths, status_service, bearer):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for error in (DatabaseUnavailable("away"), RuntimeError("a bug")):
        status_service.fails_with = error
        fast, whole = both_paths(headers=bearer())
        assert fast == whole
        assert fast[0] in {500, 503}


def test_the_commonest_requests_do_not_reach_the_application(app, both_paths, status_service, credentials):
    fast_path_of(app)._application = None
    for headers in (credentials[1], credentials[6], credentials[7]):
        assert (
            Client(app.wsgi_app, use_cookies=False).get(STATUS, base_url=PUBLIC_URL, headers=headers).status_code == 200
        )
