"""What the authors' endpoints answer is what the OpenAPI document says."""

import pytest

from tests.support.author_house import ANOTHER, BROKEN, GOOD
from tests.web.authors.recorded_runs import record_runs

BASE = "/api/v1/implementations/{implementation}"


@pytest.fixture
def asked(http, house, fits):
    """Ask, and hold the answer against the document."""
    headers = house.headers()

    def ask(described, status, method="get", **values):
        query = values.pop("query", "")
        body = values.pop("json", None)
        address = (BASE + described).format(implementation=house.slug, **values) + query
        answer = http.open(address, method=method, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        fits(answer, BASE + described, method)
        return answer

    return ask


def test_answers_about_submissions_and_versions_fit(asked):
    case = {"name": ".", "input": {}, "answers": [], "expected": {}}
    asked("/scripts/submissions", 201, "post", json={"source": GOOD, "note": "a", "scenarios": [case]})
    asked("/scripts/submissions", 201, "post", json={"source": ANOTHER})
    asked("/scripts/submissions", 422, "post", json={"source": BROKEN})
    asked("/scripts/submissions", 422, "post", json={"source": GOOD, "scenarios": [1]})
    asked("/scripts/submissions", 400, "post", json={})
    asked("/scripts/submissions", 200, query="?limit=2")
    asked("/scripts/submissions/{number}", 200, number=2)
    asked("/scripts/submissions/{number}", 404, number=3)
    asked("/scripts/submissions/{number}/withdraw", 200, "post", number=2)
    asked("/scripts/submissions/{number}/withdraw", 409, "post", number=2)
    asked("/scripts/versions", 200)
    asked("/scripts/versions/{number}", 200, number=1)
    asked("/scripts/versions/{number}/diff", 200, number=1, query="?to=2")
    asked("/scripts/token", 200)


def test_answers_about_runs_fit(asked, house):
    (run,) = record_runs(house, 1, calls=[{"connection": "cme", "method": "GET", "path": "/x", "status": 200}])
    asked("/runs", 200)
    asked("/runs", 400, query="?limit=0")
    asked("/runs/{run}", 200, run=run)
    asked("/runs/{run}", 404, run="nothing")


def test_refusals_fit(http, house, fits):
    fits(http.get(f"{house.path}/scripts/token"), BASE + "/scripts/token")
    fits(http.get(f"{house.path}/runs", headers={"Authorization": "Bearer x"}), BASE + "/runs")


def test_each_operation_says_that_it_needs_an_author_token_and_what_it_must_allow(document):
    found = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if operation["operationId"].startswith("author_")
    ]
    assert len(found) == 10
    for path, operation in found:
        assert operation["security"] == [{"author_token": []}], path
        assert path.endswith("/token") or "The token must allow you to" in operation["description"], path
