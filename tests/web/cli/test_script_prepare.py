"""`script prepare`: the facts that a script would return for recorded answers; cases that expect facts; what goes wrong."""

import json
from pathlib import Path

import pytest

STATUS = "def status(user, session, api):\n    return message('Hello')\n\n"
LIST = STATUS + (
    "def prepare(session, api):\n    rows = api.get('v', '/list', params={'s': session.id}).json()\n"
    "    return {row['id']: {'n': row['n']} for row in rows}\n"
)
ANSWERS = [{"connection": "v", "path": "/list", "json": [{"id": "u1", "n": 1}, {"id": "u2", "n": 2}]}]


@pytest.fixture
def given(write_file, input_file):
    return "--input", input_file, "--answers", write_file("answers.json", json.dumps(ANSWERS))


def test_the_facts_are_printed_as_json_and_for_people(cli, write_file, given):
    script = write_file("a.py", LIST)
    done = cli("script", "prepare", script, *given, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["outcome"], told["facts"]) == (0, "returned", {"u1": {"n": 1}, "u2": {"n": 2}})
    drawn = cli("script", "prepare", script, *given).stdout
    assert "Facts of 2 users:" in drawn
    assert 'u1  {"n": 1}' in drawn


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (STATUS, "the script has no function prepare(session, api)"),
        (STATUS + "def prepare(session, api):\n    return {1: {}}\n", "must be a user's id as text"),
        (STATUS + "def prepare(session, api):\n    return message('x')\n", "prepare-return"),
        (STATUS + "def prepare(session, api):\n    return {'u': {'x': api.get('w', '/').text}}\n", "no answer"),
    ],
)
def test_what_is_no_preparation_says_why_and_ends_with_1(cli, write_file, given, source, said):
    done = cli("script", "prepare", write_file("a.py", source), *given)
    assert done.exit_code == 1
    assert said in done.stdout


def test_a_case_that_expects_facts_must_get_exactly_these(cli, write_file, input_file, tmp_path):
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "script.py").write_text(LIST)
    (folder / "input.json").write_text(Path(input_file).read_text())
    (folder / "answers.json").write_text(json.dumps(ANSWERS))

    def tested(facts):
        expected = {"outcome": "returned", "message": {"text": "Hello"}, "facts": facts}
        (folder / "expected.json").write_text(json.dumps(expected))
        return cli("script", "test", str(folder), "--json")

    assert json.loads(tested({"u1": {"n": 1}, "u2": {"n": 2}}).stdout)["failed"] == 0
    [case] = json.loads(tested({"u1": {"n": 1}, "u3": {"n": 3}}).stdout)["cases"]
    assert [one["what"] for one in case["difference"]] == ["facts.u3", "facts.u2"]
    [case] = json.loads(tested([]).stdout)["cases"]
    assert "facts must be a JSON object" in case["error"]
    (folder / "script.py").write_text(STATUS)
    [case] = json.loads(tested({}).stdout)["cases"]
    assert case["error"] == "prepare ended as “refused”: NoPrepare: the script has no function prepare(session, api)"
