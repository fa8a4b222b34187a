"""`script explore`: its fields, its text, its options, and that `script run` shows an example again."""

import json

import pytest
from click.testing import CliRunner

from web.cli import main

pytestmark = pytest.mark.usefixtures("command_jail")

SCRIPT = """
def status(user, session, api):
    if user.user_type == "member" and api.settings.get("gold"):
        return message("Gold lounge", link=api.settings["lounge_url"], color="#006109")
    if api.get("reg", "/state").json()["state"] == "open":
        return message("Register, " + user.first_name)
    return hidden()
"""


def run(*arguments):
    return CliRunner().invoke(main, ["script", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT)
    return path


def test_the_result_has_the_agreed_fields(file):
    done = run("explore", file, "--runs", "300", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == ["file", "runs", "messages", "raised", "lines_unreached", "seconds"]
    assert (found["file"], found["runs"], found["lines_unreached"]) == (str(file), 300, [])
    messages = {one["template"]: one for one in found["messages"]}
    assert set(messages) == {"Gold lounge", "Register, {…}", None}
    names = ["text", "template", "link", "color", "hidden", "graphemes", "count", "example"]
    assert [list(one) for one in found["messages"]] == [names] * 3
    assert messages["Gold lounge"]["color"] == "#006109"
    assert messages["Gold lounge"]["link"].startswith("https://")
    assert messages["Gold lounge"]["graphemes"] == 11
    hidden = messages[None]
    assert (hidden["text"], hidden["link"], hidden["color"], hidden["hidden"]) == (None, None, None, True)
    assert [list(one) for one in found["raised"]] == [["type", "line", "text", "count", "example"]] * len(
        found["raised"]
    )
    assert ("KeyError", 5) in {(one["type"], one["line"]) for one in found["raised"]}


def test_an_example_is_shown_again_by_script_run(file, tmp_path):
    found = json.loads(run("explore", file, "--runs", "300", "--json").stdout)
    for number, entry in enumerate(found["messages"]):
        given, answers = (tmp_path / f"{name}{number}.json" for name in ("input", "answers"))
        given.write_text(json.dumps(entry["example"]["input"]))
        answers.write_text(json.dumps(entry["example"]["answers"]))
        done = run("run", file, "--json", "--input", given, "--answers", answers)
        shown = json.loads(done.stdout)["message"]
        assert (shown and shown["text"]) == entry["text"]
        assert (shown and shown["link"]) == entry["link"]


def test_the_same_seed_gives_the_same_result(file):
    one, two = (json.loads(run("explore", file, "--runs", "150", "--seed", "5", "--json").stdout) for _ in range(2))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


def test_people_read_messages_failures_and_reach(file):
    text = run("explore", file, "--runs", "300").stdout
    assert "2 messages in 300 runs" in text
    assert "[ Gold lounge ]" in text
    assert "Register, {…}" in text
    assert "KeyError: 'state'" in text
    assert "Every line was reached" in text
    assert "less than a live one may use" in text


def test_lines_that_were_not_reached_are_said_to_be_not_proved_dead(tmp_path):
    (tmp_path / "s.py").write_text(
        "def status(user, session, api):\n    if 1 > 2:\n        x = 1\n    return hidden()\n"
    )
    text = run("explore", tmp_path / "s.py", "--runs", "20").stdout
    assert "1 line never reached: line 3. That does not prove that" in text


def test_cases_are_where_it_starts_and_need_no_script(file, tmp_path):
    cases = tmp_path / "cases"
    cases.mkdir()
    given = {"user": {"id": "7", "user_type": "member", "first_name": "Zoe"}, "session": {"id": "8"}}
    given |= {"settings": {"gold": True, "lounge_url": "https://lounge.example.org/"}, "now": "2026-05-04T15:00:00Z"}
    (cases / "input.json").write_text(json.dumps(given))
    found = json.loads(run("explore", file, "--cases", cases, "--runs", "1", "--json").stdout)
    ((one,), runs) = found["messages"], found["runs"]
    assert (one["text"], one["link"], runs) == ("Gold lounge", "https://lounge.example.org/", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "not JSON"), ('{"user": {"id": 1}, "session": {"id": "1"}}', "INPUT cannot be used: user.id")],
)
def test_a_case_that_cannot_be_used_is_named(file, tmp_path, content, said):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "input.json").write_text(content)
    done = run("explore", file, "--cases", tmp_path / "cases")
    assert done.exit_code == 2
    assert said in done.stderr
    assert "input.json" in done.stderr


def test_a_refused_script_gets_its_findings_and_status_2(tmp_path):
    (tmp_path / "s.py").write_text("import os\ndef status(user, session, api):\n    return hidden()\n")
    done = run("explore", tmp_path / "s.py")
    assert done.exit_code == 2
    assert "s.py:1:" in done.stderr
    assert "the check refuses this script" in done.stderr


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_a_file_that_is_no_script_is_status_2(tmp_path, content):
    (tmp_path / "s.py").write_bytes(content)
    assert run("explore", tmp_path / "s.py").exit_code == 2


def test_the_time_stops_it_and_that_is_said(file):
    text = run("explore", file, "--runs", "1000000", "--seconds", "0.5").stdout
    assert "The time was up before all runs were made" in text


@pytest.mark.parametrize("option", [("--runs", "0"), ("--seconds", "0"), ("--seed", "x"), ("--cases", "nowhere")])
def test_an_impossible_option_is_refused(file, option):
    assert run("explore", file, *option).exit_code == 2
