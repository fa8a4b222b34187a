"""A recorded run as a case: it can be read and run again, and says nothing about the person."""

import io
import json
import zipfile

import pytest

from records import Implementation, Run
from runner.powers import parse_answers
from runner.trials.run_case import BODY_MISSING, case_files, zipped
from runner.trials.trial_input import parse_input

PUBLIC = "https://live.example"
USER = {
    "id": "165",
    "username": "mei.chen@clinic.org",
    "user_type": "attendee",
    "first_name": "Mei",
    "last_name": "Chen",
    "badge_id": "B-100165",
    "attributes": {"mail": "mei.chen@clinic.org", "other": "someone.else@clinic.org", "track": "A"},
}
CALL = {
    "connection": "ethosce",
    "method": "GET",
    "path": "/users/165/credits",
    "query": "uid=165&nid=393&q=Meier",
    "status": 200,
}


def run(**changes):
    row = {
        "id": "019af1d2c3b4-5e6f00000001",
        "reference": "3f9ca71e",
        "outcome": "returned",
        "message": {
            "text": "Claim it, Mei",
            "color": "#9b3900",
            "action": {"kind": "link", "url": "https://cme.example.org/c?to=https%3A%2F%2Flive.example%2Fr%2FeyJ.secret-token"},
        },
        "calls": [CALL, {**CALL, "fault": "timeout", "status": None}, {**CALL, "fault": "not json"}],
        "error": None,
        "given": {"user": USER, "session": {"id": "393", "title": "Chen on Sepsis"}, "now": "2026-05-04T14:10:00-05:00", "settings": {"u": 1}, "scans": [], "return_url": ""},
    }  # fmt: skip
    return Run(**(row | changes))


@pytest.fixture
def owner():
    return Implementation(slug="demo", link_hosts=["cme.example.org"], default_color="#005d8a")


def files_of(found, owner, source="x = 1\n", kept=None):
    return case_files(found, owner, public_url=PUBLIC, source=source, kept=kept)


def test_answers_that_were_kept_are_in_the_case_with_the_stand_in_of_the_person(owner):
    kept = [{"connection": "ethosce", "method": "GET", "path": "/u/165", "status": 200, "json": {"for": "165"}}]
    user = {**USER, "id": "165"}
    given = {**run().given, "user": user}
    files = files_of(run(given=given), owner, kept=kept)
    (answer,) = json.loads(files["answers.json"])
    assert (answer["path"], answer["json"]) == ("/u/user-1", {"for": "user-1"})
    assert "look through it" in files["README.md"]
    assert BODY_MISSING not in "".join(files.values())


def test_the_files_are_those_that_the_test_command_reads(owner):
    files = files_of(run(), owner)
    trial_input = parse_input(json.loads(files["input.json"]))
    assert trial_input.unknown == ()
    assert (trial_input.link_hosts, trial_input.now) == (("cme.example.org",), "2026-05-04T14:10:00-05:00")
    answers = parse_answers(json.loads(files["answers.json"]))
    assert (answers[0].path, answers[0].query, answers[0].fault) == (
        *("/users/user-1/credits", (("nid", "393"), ("q", "Meier"), ("uid", "user-1"))),
        None,
    )
    assert [one.fault.value if one.fault else None for one in answers] == [None, "timeout", "connection"]
    assert BODY_MISSING in files["answers.json"]
    assert json.loads(files["expected.json"]) == {
        "outcome": "returned",
        "message": {
            "text": "Claim it, Ada",
            "link": "https://cme.example.org/c?to=https%3A%2F%2Fstatus.example.org%2Fr%2Freturn-token",
            "color": "#9b3900",
        },
    }


def test_nothing_in_the_files_names_the_person_or_holds_the_return_token(owner):
    whole = "\n".join(files_of(run(), owner).values())
    for part in ("Mei ", '"Mei"', "Chen", "165", "clinic.org", "secret-token", "live.example"):
        assert part not in whole, part
    assert "Meier" in whole, "another word is left alone"


def test_a_run_that_failed_expects_its_error_and_one_that_hid_expects_nothing(owner):
    failed = files_of(run(outcome="raised", error={"type": "KeyError", "line": 4, "text": "'x'", "chain": []}), owner)
    assert json.loads(failed["expected.json"]) == {"outcome": "raised", "error": {"type": "KeyError", "line": 4}}
    assert json.loads(files_of(run(message=None), owner)["expected.json"]) == {"outcome": "returned", "message": None}


@pytest.mark.parametrize("given", [{}, {"user": {}}, {"user": {"id": ""}}, {"user": {"id": "("}}], ids=str)
def test_a_run_that_was_refused_before_it_was_given_anything_is_a_case_too(owner, given):
    assert set(files_of(run(given=given, calls=[], message=None), owner, None)) == {
        *("input.json", "answers.json", "expected.json", "README.md"),
    }


def test_the_archive_has_one_folder():
    with zipfile.ZipFile(io.BytesIO(zipped("run-1", {"a.txt": "ä"}))) as archive:
        assert archive.namelist() == ["run-1/a.txt"]
        assert archive.read("run-1/a.txt").decode() == "ä"
