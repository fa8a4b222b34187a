"""`session-status script rehearse`, on the people and sessions of a database."""

import json

import pytest

AGENDA = "ID,Title,Start Time,End Time\nS1,Sepsis,2026-05-04 09:00,2026-05-04 10:00\n"
SCRIPT = """def status(user, session, api):
    api.get("ethos", "/x")
    return message("Hello " + user.id)
"""
ANSWERS = [{"connection": "ethos", "method": "GET", "path": "/x", "json": {}}]


@pytest.fixture
def demo(cli, records, write_file):
    assert cli("implementation", "add", "demo", "--name", "Demo", env=records).exit_code == 0
    return records


def filled(cli, demo, write_file):
    for name in ("ann", "bob"):
        assert cli("users", "add", "demo", name, env=demo).exit_code == 0
    result = cli("sessions", "import", "demo", write_file("agenda.csv", AGENDA), env=demo)
    assert result.exit_code == 0, result.output
    return demo


def test_it_says_what_everybody_would_be_shown_and_the_load_on_vendors(cli, demo, write_file):
    env = filled(cli, demo, write_file)
    answers = write_file("answers.json", ANSWERS)
    result = cli("script", "rehearse", "demo", write_file("s.py", SCRIPT), "--answers", answers, env=env)
    assert result.exit_code == 0, result.output
    assert "6 runs: 1 message, 0 times nothing." in result.stdout
    assert "Hello {id}" in result.stdout, "what differs between people is one message"
    assert "ethos" in result.stdout
    told = json.loads(
        cli(
            "script",
            "rehearse",
            "demo",
            write_file("s.py", SCRIPT),
            "--answers",
            answers,
            "--at",
            "after",
            "--json",
            env=env,
        ).stdout
    )
    assert told["runs"] == 2


def test_a_call_without_an_answer_fails_and_the_command_says_what_to_give(cli, demo, write_file):
    env = filled(cli, demo, write_file)
    result = cli("script", "rehearse", "demo", write_file("s.py", SCRIPT), "--runs", "3", env=env)
    assert result.exit_code == 1
    assert "give ANSWERS with --answers" in result.stdout


def test_without_people_or_sessions_there_is_nothing_to_rehearse(cli, demo, write_file):
    result = cli("script", "rehearse", "demo", write_file("s.py", SCRIPT), env=demo)
    assert (result.exit_code, "nothing to rehearse" in result.stderr) == (2, True)


def test_answers_that_cannot_be_used_are_named(cli, demo, write_file):
    bad = write_file("answers.json", [{"connection": 5}])
    result = cli("script", "rehearse", "demo", write_file("s.py", SCRIPT), "--answers", bad, env=demo)
    assert (result.exit_code, "entry 1" in result.stderr) == (2, True)
