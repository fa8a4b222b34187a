"""Health: alive without anything else, ready only with everything, and no secret in between."""

import pytest

from tests.web.stub_desk import StubDesk
from web.app import create_app


@pytest.fixture
def parts():
    return {"store": True, "database": True, "worker": True}


@pytest.fixture
def http(settings, parts, store):
    checks = {name: lambda name=name: parts[name] for name in parts}
    return create_app(settings, desk=StubDesk(), database=None, checks=checks, store=store, outreach=None).test_client()


def test_alive_whatever_the_host_and_whatever_is_missing(http, parts):
    parts.update(store=False, database=False)
    answer = http.get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_with_all_parts(http):
    answer = http.get("/readyz", headers={"Host": "10.1.2.3"})
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "parts": ["store", "database", "worker"]})


@pytest.mark.parametrize("part", ["store", "database", "worker"])
def test_not_ready_names_the_missing_part(http, parts, part):
    parts[part] = False
    answer = http.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.json["missing"] == [part]
    assert answer.headers["Cache-Control"] == "no-store"
