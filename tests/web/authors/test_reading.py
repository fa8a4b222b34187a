"""What an author's command line reads: versions, their difference, and runs as they were recorded."""

import functools

import pytest

from tests.support.author_house import ANOTHER, GOOD
from tests.web.authors.recorded_runs import record_runs


@pytest.fixture
def read(http, house):
    headers = house.headers()

    def ask(below):
        return http.get(f"{house.path}/{below}", headers=headers)

    return ask


@pytest.fixture
def record(house):
    return functools.partial(record_runs, house)


def test_versions_are_listed_with_their_state_and_shown_with_their_text(read, hand_in):
    hand_in(GOOD)
    hand_in(ANOTHER)
    assert [(one["version"], one["state"]) for one in read("scripts/versions").json["versions"]] == [
        (2, "submitted"),
        (1, "superseded"),
    ]
    shown = read("scripts/versions/1").json
    assert (shown["source"], shown["findings"]) == (GOOD, [])
    assert read("scripts/versions/9").status_code == 404
    assert read("scripts/versions/99999999999999999999").status_code == 404


def test_the_difference_of_two_versions_is_a_unified_diff(read, hand_in):
    hand_in(GOOD)
    hand_in(ANOTHER)
    told = read("scripts/versions/1/diff?to=2").json
    assert (told["from"], told["to"], told["same"]) == (1, 2, False)
    assert '-    return message("Claim " + session.id)' in told["diff"]
    assert '+    return message("Please claim " + session.id)' in told["diff"]
    assert read("scripts/versions/1/diff?to=1").json["diff"] == ""
    assert read("scripts/versions/1/diff?to=9").status_code == 404
    assert read("scripts/versions/1/diff?to=x").json["field"] == "to"


def test_submissions_are_listed_the_newest_first(read, hand_in):
    hand_in(GOOD)
    hand_in(ANOTHER)
    found = read("scripts/submissions").json["submissions"]
    assert [(one["number"], one["state"]) for one in found] == [(2, "submitted"), (1, "superseded")]
    assert len(read("scripts/submissions?limit=1").json["submissions"]) == 1


def test_runs_are_listed_by_filter_and_those_of_others_are_not(read, record, other_house, http):
    record(1, 2)
    record(3, outcome="raised", user="bob")
    assert [one["outcome"] for one in read("runs").json["runs"]] == ["raised", "returned", "returned"]
    assert [one["user"] for one in read("runs?failed=1").json["runs"]] == ["bob"]
    assert len(read("runs?user=ann&limit=1").json["runs"]) == 1
    assert len(read("runs?since=2026-05-04T12:00:02Z&until=2026-05-04T12:00:03Z").json["runs"]) == 1
    assert read("runs").json["time_zone"] == "Europe/Berlin"
    assert read("runs").json["runs"][0]["user_name"] is None
    assert read("runs?user=ann").json["runs"][0]["user_name"] == "Ann Author"
    assert http.get(f"{other_house.path}/runs", headers=other_house.headers()).json["runs"] == []


def test_runs_after_a_run_include_those_that_were_recorded_late(read, record):
    first, second = record(0, 60)
    late, new = record(40, 70)
    assert [one["id"] for one in read(f"runs?after={second}").json["runs"]] == [new, late]
    assert first not in read(f"runs?after={second}").text
    assert read("runs?after=nothing").status_code == 404
    assert read("runs?after=%FF").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000", "limit=²", "since=yesterday", "until=2026-05-04T12:00:00", "outcome=odd"]
)
def test_a_parameter_that_cannot_be_used_is_refused(read, query):
    assert read(f"runs?{query}").status_code == 400


def test_a_run_is_shown_by_its_id_and_its_reference_of_the_own_implementation_only(read, record, other_house, http):
    (run,) = record(5, error={"type": "KeyError", "line": 3, "text": "list"}, log=["one"])
    shown = read(f"runs/{run}").json["runs"]
    assert (shown[0]["error"]["line"], shown[0]["log"]) == (3, ["one"])
    reference = shown[0]["reference"]
    assert run in [one["id"] for one in read(f"runs/{reference}").json["runs"]]
    for named in (run, reference):
        assert http.get(f"{other_house.path}/runs/{named}", headers=other_house.headers()).status_code == 404
    assert read("runs/nothing").status_code == 404
