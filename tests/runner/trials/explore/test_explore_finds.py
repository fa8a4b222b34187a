"""An exploration finds every message: of the examples, and of scripts with branches that are hard to reach."""

import re
from pathlib import Path

import pytest

from runner.trials.explore.explorer import ExplorePlan, explore
from runner.trials.explore.starting_scenes import starting_scenes
from tests.support import ROOT

#: Runs in which an exploration finds everything, and for the scripts with the rarest branches.
RUNS, RUNS_FOR = (
    400,
    {
        "annual_meeting": 1000,
        "deadlines_of_a_vendor": 1500,
        "paging": 1500,
        "scans": 1000,
        "watch_live": 1000,
        "workshop_registration": 1000,
    },
)
SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
EXAMPLES = {
    "annual_meeting": {
        *("{…} CE when it ends", "Credit claimed", "Claim {…} CE credit", "You have a seat", "You are on the waitlist"),
        *(
            "Register for this workshop",
            "The live stream opens at the start",
            "Watch live",
            "Watch the recording",
            None,
        ),
        *("Scan your badge at the door", "Checked in", "Attended {…} of {…} min", "Attended {…} min - claim {…} CE"),
    },
    "attendance_credit": {
        *("Checked in", "Attended {…} of {…} min", "Credit claimed", "Attended {…} min - claim {…} CE"),
        *("Scan your badge at the door", None),
    },
    "ce_credit": {"{…} CE when it ends", "Credit claimed", "Claim {…} CE credit", None},
    "credit_facts": {"{…} CE when it ends", "Credit claimed", "Claim {…} CE credit", None},
    "members_only": {"Get the handouts", "Join to get the handouts", None},
    "session_survey": {"Thank you for your rating", "Rate this session", None},
    "watch_live": {"Live at {…}", "Watch live", "Watch the recording", "Recording available soon", None},
    "workshop_registration": {
        *("You have a seat", "You are on the waitlist", "Registration has closed", "Register for this workshop", None),
    },
}


def templates(found):
    return {one["template"] for one in found["messages"]}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_all_messages_of_a_script_with_rare_branches_are_found(bench, path):
    source = path.read_text()
    expected = {None if text == "hidden" else text for text in re.findall(r"^# shows: (.*)$", source, re.MULTILINE)}
    plan = ExplorePlan(starting_scenes(()), runs=RUNS_FOR.get(path.stem, RUNS), seconds=600)
    found = explore(bench, source, plan).as_json(path.name)
    assert templates(found) == expected
    assert found["lines_unreached"] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_messages_of_an_example_are_found_without_its_cases(bench, name):
    source = (ROOT / "scripts" / "examples" / name / "script.py").read_text()
    found = explore(
        bench, source, ExplorePlan(starting_scenes(()), runs=RUNS_FOR.get(name, RUNS), seconds=600)
    ).as_json(name)
    assert templates(found) == EXAMPLES[name]
    assert found["lines_unreached"] == []
