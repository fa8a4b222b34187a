"""The OpenAPI document is valid, complete, and true: real answers of every state fit its schemas."""

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from records import DatabaseUnavailable
from records.tenants import implementations
from tests.support.people import visitor
from tests.support.stub_status_service import CLAIM, HIDDEN, SAME_ORIGIN, STATUS, UNAVAILABLE, checking, ready
from web.openapi.operations import OPERATIONS

#: The parts of the application which apps and operators' programs meet. The rest is for people and providers.
DESCRIBED = {
    "status",
    "returns",
    "scans",
    "scan_people",
    "hooks",
    "widget",
    "app_login",
    "app_tokens",
    "health",
    "openapi",
} | {
    *("author_submissions", "author_versions", "author_runs", "author_token"),
}


def test_the_document_is_valid_openapi_3_1(document):
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_described_and_every_description_has_a_route(app, document):
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in DESCRIBED}
    assert routes == set(OPERATIONS)
    described = {op["operationId"] for path in document["paths"].values() for op in path.values()}
    assert described == {name.replace(".", "_") for name in OPERATIONS}


def test_every_operation_has_the_words_of_its_view(document):
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"].endswith(".")
    shown = document["paths"]["/api/v1/implementations/{implementation}/sessions/{session_id}/status"]["get"]
    assert "Prefer: wait=N" in shown["description"]


PATH = "/api/v1/implementations/{implementation}/sessions/{session_id}/status"


@pytest.mark.parametrize(
    "status", [ready(CLAIM), ready(), ready(stale=True), checking(CLAIM), checking(), HIDDEN, UNAVAILABLE]
)
def test_the_answer_of_every_state_fits(http, status_service, bearer, fits, status):
    status_service.status = status_service.after_return = status
    fits(http.get(STATUS, headers=bearer() | {"Prefer": "wait=0.1"}), PATH)
    fits(http.post(f"{STATUS}/returned", headers=bearer()), f"{PATH}/returned", "post")
    etag = http.get(STATUS, headers=bearer()).headers["ETag"]
    unchanged = http.get(STATUS, headers=bearer() | {"If-None-Match": etag})
    assert unchanged.status_code == 304
    fits(unchanged, PATH)


def test_the_answers_without_a_login_fit(http, fits):
    fits(http.get(STATUS), PATH)
    refused = http.get(STATUS, headers={"Authorization": "Bearer x"})
    assert refused.status_code == 401
    fits(refused, PATH)


def test_every_refusal_fits(http, status_service, bearer, fits):
    fits(http.get(STATUS.replace("CE-1", "a b")), PATH)
    fits(http.get(STATUS.replace("CE-1", "NONE"), headers=bearer()), PATH)
    returned = f"{STATUS}/returned"
    for sent in (
        {"headers": {}},
        {"headers": bearer(), "data": b"x" * 20_000},
        {"headers": bearer(), "data": b"x", "content_type": "text/plain"},
    ):
        fits(http.post(returned, **sent), f"{PATH}/returned", "post")
    for _ in range(7):
        answer = http.post(returned, headers=bearer())
    assert answer.status_code == 429
    fits(answer, f"{PATH}/returned", "post")
    status_service.fails_with = DatabaseUnavailable("away")
    fits(http.get(STATUS, headers=bearer()), PATH)


def test_the_other_answers_fit(http, app, status_service, fits):
    fits(http.get("/healthz"), "/healthz")
    fits(http.get("/readyz"), "/readyz")
    app.extensions["health checks"] = {"store": lambda: True, "workers": lambda: False}
    fits(http.get("/readyz"), "/readyz")
    app.extensions["health checks"] = {"store": lambda: False}
    fits(http.get("/readyz"), "/readyz")
    fits(http.get("/api/openapi.json"), "/api/openapi.json")
    fits(http.get("/widget/demo/sessions/CE-1"), "/widget/{implementation}/sessions/{session_id}")
    fits(http.get("/widget/demo/sessions/x y"), "/widget/{implementation}/sessions/{session_id}")
    again = http.post("/widget/demo/sessions/CE-1", headers=SAME_ORIGIN)
    fits(again, "/widget/{implementation}/sessions/{session_id}", "post")
    fits(http.get("/widget/tints/006109.css"), "/widget/tints/{color}.css")
    fits(http.get("/app/demo/sessions/CE-1"), "/app/{implementation}/sessions/{session_id}")
    fits(http.get("/r/forged"), "/r/{token}")
    fits(http.get(f"/r/{status_service.tokens.make('demo', 'ada', 'CE-1')}"), "/r/{token}")


AUTH = "/api/v1/implementations/{implementation}/auth"


def test_the_answers_of_the_apps_login_fit(http, store, bearer, fits):
    here = AUTH.replace("{implementation}", "demo")
    tokens = store.tokens.issue(visitor())
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    for sent in (refresh, {"grant_type": "refresh_token", "refresh_token": "x"}, {"grant_type": "x"}, {}):
        fits(http.post(f"{here}/token", data=sent), f"{AUTH}/token", "post")
    fits(http.post(f"{here.replace('demo', 'nobody')}/token", data=refresh), f"{AUTH}/token", "post")
    fits(http.post(f"{here}/token", data={"x": "x" * 20_000}), f"{AUTH}/token", "post")
    fits(http.get(f"{here}/session", headers=bearer()), f"{AUTH}/session")
    fits(http.get(f"{here}/session"), f"{AUTH}/session")
    fits(http.get(f"{here}/session", headers=bearer("other", "bob")), f"{AUTH}/session")
    fits(http.get(f"{here.replace('demo', 'a.b')}/session"), f"{AUTH}/session")
    for token in (tokens.access, "x"):
        fits(http.post(f"{here}/revoke", data={"token": token}), f"{AUTH}/revoke", "post")
    for _ in range(21):
        answer = http.post(f"{here}/token", data={"grant_type": "refresh_token", "refresh_token": "x"})
    assert answer.status_code == 429
    fits(answer, f"{AUTH}/token", "post")


#: Bodies that satisfy no operation which requires one: absent, empty, of another type, or with members of other types.
NO_BODIES = {
    "nothing": {},
    "an empty form": {"data": b"", "content_type": "application/x-www-form-urlencoded"},
    "an empty JSON text": {"data": b"", "content_type": "application/json"},
    "an empty object": {"json": {}},
    "a list": {"json": []},
    "a text": {"json": "token"},
    "null": {"json": None},
    "broken JSON": {"data": b"{", "content_type": "application/json"},
    "no UTF-8": {"data": b"\xff\xfe", "content_type": "application/json"},
    "deep JSON": {"data": b"[" * 5000, "content_type": "application/json"},
    "a field twice": {
        "data": "token=x&token=y&grant_type=x&grant_type=y",
        "content_type": "application/x-www-form-urlencoded",
    },
    "fields without values": {"data": {"token": "", "grant_type": ""}},
    "another type": {"data": b"token=x&grant_type=x", "content_type": "text/plain"},
    "no type": {"data": b"token=x&grant_type=x", "content_type": ""},
    "a multipart form": {"data": {"token": "x"}, "content_type": "multipart/form-data"},
    **{
        f"members that are {name}": {"json": {"token": value, "grant_type": value}}
        for name, value in (("numbers", 1), ("null", None), ("lists", ["x"]), ("objects", {}))
    },
}


@pytest.mark.parametrize("sent", NO_BODIES)
def test_an_operation_that_requires_a_body_refuses_what_is_none_as_it_is_documented(http, document, fits, sent):
    required = [
        (path, method)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if operation.get("requestBody", {}).get("required")
    ]
    assert (f"{AUTH}/revoke", "post") in required
    for path, method in required:
        answer = http.open(path.replace("{implementation}", "demo"), method=method.upper(), **NO_BODIES[sent])
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        fits(answer, path, method)


def test_the_pages_of_the_apps_login_fit(http, database, fits):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, app_redirect_uris=["https://app.example.org/login"])
    asked = {"redirect_uri": "https://app.example.org/login", "state": "s" * 16}
    asked |= {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
    for query in (asked, {}):
        fits(http.get("/m/demo/start", query_string=query), "/m/{implementation}/start")
    fits(http.get("/m/nobody/start"), "/m/{implementation}/start")
    fits(http.get("/m/demo/done"), "/m/{implementation}/done")
    fits(http.get("/m/a.b/done"), "/m/{implementation}/done")


def test_what_a_login_needs_is_described(document):
    start = document["paths"]["/m/{implementation}/start"]["get"]
    assert {each["name"] for each in start["parameters"] if "name" in each} == {
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
    }
    token = document["paths"][f"{AUTH}/token"]["post"]
    assert set(token["requestBody"]["content"]) == {"application/x-www-form-urlencoded", "application/json"}
    assert "security" not in token
