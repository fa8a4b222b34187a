"""`script test`: results, differences, coverage, unused answers, messages and exit statuses."""

import json

import pytest
from click.testing import CliRunner

from tests.support import ROOT
from web.cli import main

pytestmark = pytest.mark.usefixtures("command_jail")

EXAMPLES = ROOT / "scripts" / "examples"
SCRIPT = """
def status(user, session, api):
    if api.now() < session.ends_at:
        return hidden()
    answer = api.get("lms", "/claims", params={"u": user.id})
    if answer.json()["claimed"]:
        return message("Claimed")
    return message("Claim", link="https://cme.example.org/claim")
"""
INPUT = {
    "user": {"id": "1"},
    "session": {"id": "2", "ends_at": "2026-05-04T14:00:00-05:00"},
    "now": "2026-05-04T15:00:00-05:00",
}
CLAIM = {"outcome": "returned", "message": {"text": "Claim", "link": "https://cme.example.org/claim", "color": None}}


def answer(claimed, **more):
    return {"connection": "lms", "method": "GET", "path": "/claims", "json": {"claimed": claimed}, **more}


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / ("script.py" if name == "script" else f"{name}.json")).write_text(text)
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["script", "test", *map(str, arguments)], catch_exceptions=False)


def told(*folders):
    done = run(*folders, "--json")
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, script=SCRIPT, input=INPUT, answers=[answer(claimed=False)], expected=CLAIM)
    return tmp_path


def test_all_examples_pass_in_one_call():
    status, scripts = told(EXAMPLES)
    assert status == 0
    assert [one["failed"] for one in scripts] == [0] * len(list(EXAMPLES.glob("*/script.py")))
    assert all(one["passed"] == len(one["cases"]) for one in scripts)
    assert all(one["unused_answers"] == [] for one in scripts)


def test_a_case_that_passes(folder):
    status, (one,) = told(folder)
    assert status == 0
    assert one["file"] == str(folder / "script.py")
    assert (one["passed"], one["failed"]) == (1, 0)
    assert one["cases"] == [
        {
            "name": ".",
            "passed": True,
            "expected": CLAIM,
            "got": {**CLAIM, "error": None},
            "difference": [],
            "error": None,
        }
    ]
    assert one["messages"] == [{**CLAIM["message"], "cases": ["."]}]
    assert one["unused_answers"] == []


def test_lines_and_branches_that_no_case_reaches_are_listed(folder):
    _, (one,) = told(folder)
    assert one["coverage"] == {"lines": [2, 3, 4, 5, 6, 7, 8], "missed": [4, 7], "branches_missed": [[3, 4], [6, 7]]}
    write(folder / "before", input={**INPUT, "now": "2026-05-04T13:00:00-05:00"}, expected={"message": None})
    write(folder / "claimed", answers=[answer(claimed=True)], expected={"message": {"text": "Claimed"}})
    status, (one,) = told(folder)
    assert status == 0
    assert one["coverage"]["missed"] == []
    assert one["coverage"]["branches_missed"] == []
    assert [case["name"] for case in one["cases"]] == [".", "before", "claimed"]


def test_what_differs_is_listed_with_both_values(folder):
    write(folder, expected={"outcome": "returned", "message": {"text": "Claim now"}})
    status, (one,) = told(folder)
    assert status == 1
    (case,) = one["cases"]
    assert not case["passed"]
    assert case["difference"] == [
        {"what": "message.link", "expected": None, "got": "https://cme.example.org/claim"},
        {"what": "message.text", "expected": "Claim now", "got": "Claim"},
    ]
    assert "message.text" in run(folder).stdout


def test_an_expected_error_needs_to_name_only_what_matters(folder):
    write(
        folder, answers=[answer(claimed=False, json={})], expected={"outcome": "raised", "error": {"type": "KeyError"}}
    )
    assert told(folder)[0] == 0
    write(folder, expected={"outcome": "raised", "error": {"type": "KeyError", "line": 7}})
    status, (one,) = told(folder)
    assert status == 1
    assert one["cases"][0]["difference"] == [{"what": "error.line", "expected": 7, "got": 6}]


def test_a_hidden_widget_where_a_message_is_expected_differs(folder):
    write(folder, input={**INPUT, "now": "2026-05-04T13:00:00-05:00"})
    _, (one,) = told(folder)
    assert [different["what"] for different in one["cases"][0]["difference"]] == ["message"]


def test_an_answer_that_no_case_uses_is_told_and_fails_nothing(folder):
    write(folder, answers=[answer(claimed=False), {"connection": "lms", "path": "/other", "text": "x"}])
    status, (one,) = told(folder)
    assert status == 0
    assert one["unused_answers"] == [{"connection": "lms", "method": "GET", "path": "/other"}]
    assert "no case asked for this recorded answer: lms GET /other" in run(folder).stdout


def test_an_answer_that_another_case_uses_is_not_unused(folder):
    write(folder, answers=[answer(claimed=False, query={"u": "1"}), answer(claimed=True, query={"u": "9"})])
    write(folder / "other", input={**INPUT, "user": {"id": "9"}}, expected={"message": {"text": "Claimed"}})
    assert told(folder)[1][0]["unused_answers"] == []


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("input.json", "{"),
        ("input.json", '{"user": {"id": 1}}'),
        ("answers.json", '[{"connection": "lms"}]'),
        ("answers.json", "[1"),
        ("expected.json", "[]"),
        ("expected.json", '{"mesage": null}'),
        ("expected.json", "NaN"),
    ],
)
def test_a_case_that_cannot_be_read_fails_with_its_file_named_and_the_others_run(folder, file, content):
    broken = folder / "broken"
    broken.mkdir()
    (broken / file).write_text(content)
    if file != "expected.json":
        write(broken, expected=CLAIM)
    status, (one,) = told(folder)
    assert status == 1
    assert (one["passed"], one["failed"]) == (1, 1)
    case = next(case for case in one["cases"] if case["name"] == "broken")
    assert str(broken / file) in case["error"]
    assert case["got"] is None


def test_a_script_that_the_check_refuses_cannot_be_run(folder):
    write(folder, script="import os\n" + SCRIPT)
    status, (one,) = told(folder)
    assert status == 2
    assert "the check refuses it: line 1" in one["cases"][0]["error"]
    assert one["coverage"]["lines"] == []


def test_a_refused_script_beside_a_good_one_is_a_failure_only(folder, tmp_path):
    other = write(tmp_path / "other", script="import os\n", input=INPUT, expected=CLAIM)
    assert told(folder, other)[0] == 1


@pytest.mark.parametrize("arguments", [("nowhere",), (".",)])
def test_a_folder_without_cases_is_named(tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert arguments[0] in done.stderr


def test_a_case_that_is_named_twice_runs_once(folder):
    write(folder / "inner", expected=CLAIM)
    _, (one,) = told(folder, folder / "inner")
    assert [case["name"] for case in one["cases"]] == [".", "inner"]


def test_people_read_what_passed_and_what_is_not_covered(folder):
    text = run(folder).stdout
    assert "1 of 1 case passed" in text
    assert "[ Claim ]" in text
    assert "covered  5 of 7 lines" in text
    assert "no case reaches lines 4, 7" in text


def test_a_script_that_never_ends_fails_its_case_only(folder):
    write(folder / "endless", script="def status(user, session, api):\n    while True:\n        pass\n", expected=CLAIM)
    status, scripts = told(folder)
    assert status == 1
    assert [one["failed"] for one in scripts] == [0, 1]
    assert scripts[1]["cases"][0]["got"]["outcome"] == "timed out"


def test_control_characters_of_a_file_name_do_not_reach_the_terminal(folder):
    write(folder / "a\x1b[31m", expected={"message": None})
    assert "\x1b[31m" not in run(folder).stdout


def test_the_call_chain_of_an_error_can_be_expected(folder):
    write(
        folder,
        answers=[answer(claimed=False, json={})],
        expected={"error": {"type": "KeyError", "chain": [["status", 6]]}},
    )
    assert told(folder)[0] == 0


def test_control_characters_of_a_path_do_not_reach_the_terminal_in_an_error(tmp_path):
    done = run(tmp_path / "a\x1b]0;owned\x07")
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b]0;owned\\x07" in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"user": {"id": "1", "attributes": {"n": 1e999}}}', "1e999 is too large for a number"),
        ('{"user": {"id": "1", "attributes": {"n": ' + "[" * 900 + "]" * 900 + "}}}", "nested too deeply"),
        ('{"user": {"id": "1", "attributes": {"n": ' + "[" * 98 + "]" * 98 + "}}}", "must not nest deeper than 100"),
    ],
)
def test_numbers_and_depths_that_no_run_can_take_are_told(folder, text, why):
    (folder / "input.json").write_text(text)
    status, (one,) = told(folder)
    assert status == 2
    assert why in one["cases"][0]["error"]


def test_input_may_nest_as_deep_as_is_said(folder):
    deep = json.loads("[" * 97 + "]" * 97)
    write(folder, input={**INPUT, "user": {"id": "1", "attributes": {"n": deep}}})
    assert told(folder)[0] == 0


def test_names_in_the_input_that_are_not_known_are_told_with_those_that_are(folder):
    write(folder, input=INPUT | {"session": INPUT["session"] | {"kind": "workshop"}, "setting": {}})
    status, [one] = told(folder)
    assert status == 0
    whole, kind = one["cases"][0]["ignored"]
    assert (
        whole
        == "setting. INPUT has: user, session, now, settings, link_hosts, scans, minutes, facts, facts_at, return_url."
    )
    assert kind.startswith("session.kind. session has: id, title, starts_at")
    assert kind.endswith("What else a session has belongs in session.attributes.")
    assert f"ignored in INPUT: {kind}" in run(folder).stdout


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (CLAIM | {"outcome": "call_failed"}, "outcome must be one of returned, refused, raised, timed out"),
        (
            {"outcome": "returned", "message": {"text": "Claim", "colour": None}},
            "message has no 'colour'; it has text, link, color",
        ),
    ],
)
def test_an_expectation_that_no_run_can_meet_is_told_with_what_can_be_expected(folder, expected, words):
    write(folder, expected=expected)
    _, [one] = told(folder)
    assert words in one["cases"][0]["error"]


def test_a_way_that_no_case_takes_in_a_line_of_its_own_is_told_as_one_line(folder):
    write(
        folder,
        script="def status(user, session, api):\n    if user.id == '7': return hidden()\n    return message('a')\n",
    )
    shown = run(folder).stdout
    assert "no case takes one of the two ways in line 2" in shown
    assert "from line 2 to line 2" not in shown
