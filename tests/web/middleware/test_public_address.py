"""Nothing that a request says about the server comes out again, and no search engine keeps what does."""

import dataclasses
import re

import pytest

from tests.support import ROOT
from tests.support.application import make_app
from tests.support.stub_status_service import PUBLIC_URL

HOSTILE = {
    "X-Forwarded-Proto": "javascript",
    "X-Forwarded-Scheme": "javascript",
    "X-Forwarded-Ssl": "javascript",
    "X-Url-Scheme": "javascript",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-Url": "/evil",
    "X-Rewrite-Url": "/evil",
    "X-Script-Name": "/evil",
    "Forwarded": "for=evil;host=evil.example;proto=javascript",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
    "Sec-Fetch-Site": "same-origin",  # or posts would come no further than the gate
}
TOLD = re.compile(r"evil|javascript:|:666")
ARGUMENTS = {"implementation": "demo", "session_id": "CE-1", "filename": "console.css", "number": "1"}


@pytest.fixture
def behind_proxy(settings, status_service, database, store):
    trusting = dataclasses.replace(settings, trusted_proxies=1)
    return make_app(database, store, trusting, status_service=status_service)


def requests(app):
    """Host and path: every route at both hosts, and at ours with mistyped slashes."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", lambda found: ARGUMENTS.get(found[1], "x"), rule.rule)
        doubled = path[0] + path[1:].replace("/", "//")
        mistyped = {path.rstrip("/") or "/", path + "/", "/" + path, doubled, path.replace("/", "\\", 2)}
        yield from (("status.example.org", each) for each in sorted({path} | mistyped))
        yield "evil.example", path


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_answer_is_built_from_the_requests_host_scheme_or_forwarded_headers(behind_proxy, method):
    client = behind_proxy.test_client()
    redirected = 0
    for host, path in requests(behind_proxy):
        given = {
            "PATH_INFO": path,
            "HTTP_HOST": host,
            "SERVER_NAME": "evil.example",
            "wsgi.url_scheme": "javascript",
        }
        answer = client.open(method=method, headers=HOSTILE, environ_overrides=given, buffered=True)
        told = f"{answer.headers} {answer.get_data(as_text=True)}"
        assert not TOLD.search(told), f"{method} {path} tells {TOLD.search(told)}"
        where = answer.headers.get("Location", "/")
        redirected += answer.status_code == 308
        assert where.startswith((f"{PUBLIC_URL}/", "/")), f"{method} {path} leads to {where}"
        assert not where.startswith("//")
        assert answer.headers["X-Robots-Tag"] == "noindex", f"{method} {path} may be indexed"
    assert redirected > 10, "no address was built at all"


def test_crawlers_are_asked_to_fetch_nothing(http):
    answer = http.get("/robots.txt")
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", "User-agent: *\nDisallow: /\n")


def test_a_cached_status_may_not_be_indexed_either(http, bearer):
    answer = http.get("/api/v1/implementations/demo/sessions/CE-1/status", headers=bearer())
    assert (answer.status_code, answer.headers["X-Robots-Tag"]) == (200, "noindex")


def test_no_code_of_the_service_asks_the_request_for_our_own_address():
    """What stands in for others (the demo, the development provider) knows no public address."""
    web = ROOT / "web"
    asked = re.compile(r"request\.(url|base_url|url_root|host_url|root_url|host|scheme|is_secure)\b|_external=")
    files = [file for file in web.rglob("*.py") if not {"demo", "devidp"} & set(file.parts)]
    assert [str(file) for file in (*files, *web.rglob("templates/**/*.html")) if asked.search(file.read_text())] == []
