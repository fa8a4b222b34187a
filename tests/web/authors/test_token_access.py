"""Who gets into the authors' endpoints: each route with every kind of token that must not, and with every permission."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Response

from records.audit import AuditContext
from records.changes.scripts import author_tokens as changes
from records.people import grants, users
from records.roles import Permission
from records.scripts import author_tokens
from tests.support.author_house import author_house, author_token_headers
from tests.support.eventually import eventually
from web.authors import token_access
from web.authors.token_access import author_blueprint, token_need_of
from web.permissions import needs

PREFIX = "/api/v1/implementations/<implementation>/"


@pytest.fixture
def routes(app):
    """(method, address below the implementation, needed permission) of every view for author tokens."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("author_"):
            below = re.sub(r"<(int:)?\w+>", "1", rule.rule.removeprefix(PREFIX))
            need = token_need_of(app.view_functions[rule.endpoint])
            found += [(method, below, need) for method in rule.methods - {"HEAD", "OPTIONS"}]
    assert len(found) == 10
    return found


def ask(http, house, method, below, headers):
    return http.open(f"{house.path}/{below}", method=method, json={} if method == "POST" else None, headers=headers)


def test_without_a_token_every_route_asks_for_one(http, house, routes):
    for method, below, _ in routes:
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}):
            answer = ask(http, house, method, below, headers)
            assert answer.status_code == 401, below
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="session-status"'
            assert answer.mimetype == "application/problem+json"


def revoked(house):
    text = house.token()
    with house.database.session() as db:
        author_tokens.revoke(db, author_tokens.every(db, house.owner(db))[0], "tests")
    return text


def locked_out(house):
    text = house.token()
    with house.database.session() as db:
        users.disable(db, users.find(db, house.owner(db), "ann"), "left")
    return text


def without_the_role(house):
    text = house.token()
    with house.database.session() as db:
        for grant in grants.every(db, house.owner(db)):
            grants.remove(db, house.owner(db), grant.id)
    return text


#: A token that does not count, by what is wrong with it.
WRONG = {
    "garbage": lambda _: "sst_garbage",
    "too long": lambda _: "sst_" + "s" * 5000,
    "not ASCII": lambda _: "sst_\u00e4",
    "cut": lambda house: house.token()[:-1],
    "of another implementation": lambda house: author_house(house.database).token(),
    "ended": lambda house: house.token(lasts=timedelta(seconds=-1)),
    "revoked": revoked,
    "of a person who is locked out": locked_out,
    "of a person without the role": without_the_role,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_does_not_count_opens_no_route(http, house, routes, wrong):
    text = WRONG[wrong](house)
    for method, below, _ in routes:
        answer = ask(http, house, method, below, author_token_headers(text))
        assert answer.status_code == 401, (wrong, below, answer.text)
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        assert text not in answer.text


def test_an_access_token_of_the_app_is_no_author_token(http, house, routes, bearer):
    for method, below, _ in routes:
        assert ask(http, house, method, below, bearer()).status_code == 401


def test_an_unknown_or_archived_implementation_is_not_there(http, house, routes, database):
    headers = house.headers()
    for method, below, _ in routes:
        answer = http.open(f"/api/v1/implementations/nowhere/{below}", method=method, headers=headers)
        assert (answer.status_code, "no such implementation" in answer.text) == (404, True)
    with database.session() as db:
        house.owner(db).archived_at = datetime.now(UTC)
    assert ask(http, house, "GET", "scripts/token", headers).status_code == 404


@pytest.mark.parametrize("permission", sorted(author_tokens.PERMISSIONS))
def test_a_token_opens_the_routes_that_it_allows_and_no_other(http, house, routes, permission):
    headers = house.headers(permission)
    for method, below, need in routes:
        answer = ask(http, house, method, below, headers)
        entered = need in (permission, Permission.ANYONE)
        assert (answer.status_code != 403) == entered, (below, answer.text)
        assert answer.status_code != 401


def test_a_login_in_a_browser_is_no_author_token(http, house, routes, log_in):
    log_in(house.slug, "ann")
    for method, below, _ in routes:
        assert ask(http, house, method, below, {}).status_code == 401


def test_a_view_that_does_not_say_what_its_token_must_allow_is_refused(app, house):
    blueprint = author_blueprint("author_careless", "/careless")

    @blueprint.get("")
    @needs(Permission.ANYONE)
    def careless(implementation):
        return Response("entered")

    app.register_blueprint(blueprint)
    assert app.test_client().get(f"{house.path}/careless", headers=house.headers()).status_code == 403


def test_a_client_that_guesses_tokens_must_wait_and_locks_nobody_out(http, house):
    good = house.headers()
    for _ in range(token_access.MOST_INVALID):
        answer = http.get(f"{house.path}/scripts/token", headers=author_token_headers("sst_guess"))
        assert answer.status_code == 401
    answer = http.get(f"{house.path}/scripts/token", headers=author_token_headers("sst_guess"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= token_access.WINDOW_S
    assert http.get(f"{house.path}/scripts/token", headers=good).status_code == 200


def test_a_token_that_asks_too_often_must_wait_and_another_need_not(http, house, monkeypatch):
    monkeypatch.setattr(token_access, "MOST_REQUESTS", 3)
    busy, calm = house.headers(), house.headers()
    told = [http.get(f"{house.path}/scripts/token", headers=busy).status_code for _ in range(4)]
    assert told == [200, 200, 200, 429]
    assert http.get(f"{house.path}/scripts/token", headers=calm).status_code == 200


def test_a_use_is_noted_once_a_minute_and_other_requests_write_nothing(app, http, house, monkeypatch):
    headers = house.headers()
    http.get(f"{house.path}/scripts/token", headers=headers)
    with house.database.reading() as db:
        assert author_tokens.every(db, house.owner(db))[0].last_used_at is not None
    opened = []
    monkeypatch.setattr(type(house.database), "session", opened.append)
    assert http.get(f"{house.path}/scripts/token", headers=headers).status_code == 200
    assert opened == []


def test_a_token_tells_what_it_is_and_not_its_text(http, house):
    text = house.token(Permission.SEE_SCRIPTS)
    answer = http.get(f"{house.path}/scripts/token", headers=author_token_headers(text))
    assert answer.json | {"name": "", "ends_at": ""} == {
        "implementation": house.slug,
        "name": "",
        "person": f"{house.slug}/ann",
        "allows": ["SEE_SCRIPTS"],
        "ends_at": "",
    }
    assert text not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_token_that_is_revoked_while_it_is_used_opens_nothing_from_then_on(app, house, database):
    headers = house.headers()
    name = token_name(database, house)
    revoked, ended = threading.Event(), threading.Event()
    used, start = [], threading.Barrier(4)

    def use():
        client = app.test_client()
        start.wait(10)
        while not ended.is_set():
            late = revoked.is_set()
            used.append((late, client.get(f"{house.path}/scripts/versions", headers=headers).status_code))

    with ThreadPoolExecutor(3) as pool:
        users = [pool.submit(use) for _ in range(3)]
        start.wait(10)
        assert eventually(lambda: len(used) > 6)
        with database.session() as db:
            changes.revoke(db, house.owner(db), name, AuditContext(f"{house.slug}/ann"))
        revoked.set()
        assert eventually(lambda: sum(late for late, _ in used) > 6)
        ended.set()
        for each in users:
            each.result(30)
    late = {status for is_late, status in used if is_late}
    assert 401 in late
    assert late <= {401, 429}  # who goes on for long is told to wait
    assert {status for _, status in used} <= {200, 401, 429}


def token_name(database, house):
    with database.reading() as db:
        (token,) = author_tokens.every(db, house.owner(db))
        return token.name
