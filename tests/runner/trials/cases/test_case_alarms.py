"""A script that attacks only while its coverage is measured, and runs with probes that break off."""

import pytest

from runner.trials.cases.case_folders import find_cases
from runner.trials.cases.case_runs import CaseRunner
from runner.trials.trial import TrialSandbox
from sandbox import Sandbox
from tests.runner.trials.cases.test_case_folders import write
from tests.sandbox.boxes import RAW
from web.cli.authors.case_files import CommandCaseReader

INPUT = '{"user": {"id": "1"}, "session": {"id": "2"}, "now": "2026-05-04T15:00:00-05:00"}'
#: Whether the run has probes shows in the functions that are being called.
TRACED = "import sys\nTRACED = any(name == 'execute_traced' for name in names())\n"
NAMES = """
def names():
    import sys
    frame = sys._getframe()
    while frame is not None:
        yield frame.f_code.co_name
        frame = frame.f_back
"""


@pytest.fixture(scope="module")
def raw_trials():
    """Trials without a language layer."""
    with Sandbox(launch=RAW) as sandbox:
        trials = TrialSandbox()
        trials._sandbox = sandbox
        yield trials


def results(trials, folder, attack):
    write(folder)
    steps = "".join(f"    {line}\n" for line in attack.splitlines())
    text = f"{NAMES}{TRACED}def status(user, session, api):\n{steps}    return message('a')\n"
    (folder / "script.py").write_text(text)
    (folder / "input.json").write_text(INPUT)
    (folder / "expected.json").write_text('{"message": {"text": "a"}}')
    cases = find_cases(folder)
    return CaseRunner(trials, CommandCaseReader()).run(cases[0].script, cases, map)


@pytest.mark.parametrize(
    "attack",
    [
        "if TRACED:\n    import socket\n    socket.socket()",
        "if TRACED:\n    frame(b'[1]')",
        "if TRACED:\n    forge(more=1)",
        "import threading, time\nif TRACED:\n    raw(b'abc')",
    ],
)
def test_an_attack_of_a_run_with_probes_fails_its_case(raw_trials, tmp_path, attack):
    told = results(raw_trials, tmp_path, attack).as_json()
    (case,) = told["cases"]
    assert not case["passed"]
    assert "Treat it as an attack" in case["error"]


def test_coverage_that_a_run_could_not_tell_is_named_as_incomplete(raw_trials, tmp_path):
    whole = results(raw_trials, tmp_path / "a", "x = 1").as_json()
    assert "incomplete" not in whole["coverage"]
    assert whole["passed"] == 1
    broken = results(raw_trials, tmp_path / "b", "if TRACED:\n    import os\n    os._exit(0)").as_json()
    assert broken["passed"] == 1
    assert broken["coverage"]["incomplete"] == ["."]
