"""`script run`: the shape of its answer, hostile files beside honest ones, and INPUT or ANSWERS which cannot be used."""

import json
import time

import pytest

HONEST = 'def status(user, session, api):\n    return message("Hello " + user.first_name, color="#006109")\n'
KEYS = ["file", "outcome", "message", "warnings", "calls", "log", "usage", "error"]


def told(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_object_on_one_line_with_exactly_these_keys(cli, write_file, input_file):
    script = write_file("a.py", HONEST)
    [one] = told(cli("script", "run", script, "--input", input_file, "--json"))
    assert list(one) == KEYS
    assert one["message"] == {"text": "Hello Mei", "link": None, "color": "#006109"}
    assert list(one["usage"]) == ["ms", "cpu_ms", "memory", "bytes"]
    assert one["outcome"] == "returned"
    assert one["error"] is None


def test_a_run_which_needs_nearly_all_its_memory_says_so_and_one_which_does_not_is_silent(cli, write_file, input_file):
    source = (
        "def status(user, session, api):\n    kept = ['x' * 1000000 + str(n) for n in range({})]\n    return hidden()\n"
    )
    much, little = write_file("much.py", source.format(58)), write_file("little.py", source.format(30))
    first, second = told(cli("script", "run", much, little, "--input", input_file, "--json"))
    assert [first["outcome"], second["outcome"], second["warnings"]] == ["returned", "returned", []]
    assert [warning.partition(":")[0] for warning in first["warnings"]] == ["memory"]


HOSTILE = {
    "loop": ("def status(user, session, api):\n    while True:\n        pass\n", {"timed out"}),
    "memory": (
        "def status(user, session, api):\n    a = []\n    while True:\n        a.append('x' * 1000000)\n",
        {"out of memory"},
    ),
    "recursion": ("def f(n):\n    return f(n + 1)\ndef status(user, session, api):\n    return f(0)\n", {"raised"}),
    "import": ("import os\ndef status(user, session, api):\n    return hidden()\n", {"refused"}),
    "syntax": ("def status(user, session, api)\n    return hidden()\n", {"refused"}),
    "frames": ("def status(user, session, api):\n    return api.get.__globals__\n", {"refused"}),
    "raises": ("def status(user, session, api):\n    return 1 / 0\n", {"raised"}),
    "no message": ("def status(user, session, api):\n    return 7\n", {"raised"}),
    "bidi": ('def status(user, session, api):\n    return message("a" + chr(8238) + "b")\n', {"raised"}),
    "no answer": ('def status(user, session, api):\n    return api.get("x", "/y").json()\n', {"call failed"}),
    "empty": ("", {"refused"}),
}


def test_hostile_files_end_as_their_outcome_and_stop_no_other(cli, write_file, input_file):
    files, expected = [], []
    for number, (name, (source, outcomes)) in enumerate(HOSTILE.items()):
        files += [write_file(f"{number}-{name}.py", source), write_file(f"{number}-honest.py", HONEST)]
        expected += [outcomes, {"returned"}]
    files += [write_file("binary.py", b"\xff\xfe\x00"), files[0].parent, files[0].parent / "missing.py"]
    expected += [{"refused"}] * 3
    result = cli("script", "run", *files, "--input", input_file, "--json")
    answers = told(result)
    assert [one["file"] for one in answers] == list(map(str, files))
    assert [
        (one["file"], one["outcome"])
        for one, outcomes in zip(answers, expected, strict=True)
        if one["outcome"] not in outcomes
    ] == []
    assert result.exit_code == 1
    for one in answers:
        assert (one["error"] is None) == (one["outcome"] == "returned")
        assert ("findings" in one) == (one["outcome"] == "refused")


def test_a_refused_script_names_its_first_finding(cli, write_file, input_file):
    script = write_file("a.py", "x = 1\nimport os\ndef status(user, session, api):\n    return hidden()\n")
    [one] = told(cli("script", "run", script, "--input", input_file, "--json"))
    assert one["error"] == {"type": one["findings"][0]["rule"], "line": 2, "text": one["findings"][0]["what"]}


def test_what_a_script_raised_is_told_with_its_line(cli, write_file, input_file):
    script = write_file(
        "a.py", 'def status(user, session, api):\n    api.log("before")\n    raise ValueError("no list")\n'
    )
    [one] = told(cli("script", "run", script, "--input", input_file, "--json"))
    assert one["error"] == {"type": "ValueError", "line": 3, "text": "no list"}
    assert one["log"] == ["before"]


def test_a_link_to_a_host_which_input_does_not_list_is_left_away_with_a_warning(cli, write_file, input_file):
    script = write_file(
        "a.py", 'def status(user, session, api):\n    return message("Go", link="https://evil.example/x")\n'
    )
    [one] = told(cli("script", "run", script, "--input", input_file, "--json"))
    assert one["message"] == {"text": "Go", "link": None, "color": None}
    assert "evil.example" in one["warnings"][0]


def test_where_input_lists_no_link_hosts_a_link_may_lead_to_any_https_host(cli, write_file):
    input_file = write_file(
        "input.json", {"user": {"id": "1"}, "session": {"id": "1"}, "now": "2026-05-04T14:10:00Z", "settings": {}}
    )
    source = "def status(user, session, api):\n    return message('Claim', link='{}')\n"
    good = write_file("good.py", source.format("https://anywhere.example.com/x"))
    bad = write_file("bad.py", source.format("http://anywhere.example.com/x"))
    first, second = told(cli("script", "run", good, bad, "--input", input_file, "--json"))
    assert (first["message"]["link"], first["warnings"]) == ("https://anywhere.example.com/x", [])
    assert second["message"]["link"] is None
    assert second["warnings"]


def test_a_path_that_names_a_host_is_a_call_refused(cli, write_file, input_file):
    body = "def status(user, session, api):\n    return message(api.get('ethosce', '{}').text)\n"
    files = [
        write_file(f"{n}.py", body.format(path)) for n, path in enumerate(("https://evil.example", "//evil", "x", ""))
    ]
    assert [one["outcome"] for one in told(cli("script", "run", *files, "--input", input_file, "--json"))] == [
        "call refused"
    ] * 4


def test_hidden_is_a_run_that_returned_without_a_message(cli, write_file, input_file):
    script = write_file("a.py", "def status(user, session, api):\n    return hidden()\n")
    result = cli("script", "run", script, "--input", input_file, "--json")
    assert (told(result)[0]["outcome"], told(result)[0]["message"], result.exit_code) == ("returned", None, 0)
    assert "the app shows nothing" in cli("script", "run", script, "--input", input_file).stdout


def test_the_smallest_input_is_enough(cli, write_file):
    script = write_file(
        "a.py",
        "def status(user, session, api):\n    return message(session.id + str(session.credits) + user.badge_id)\n",
    )
    small = write_file("small.json", {"user": {"id": "1"}, "session": {"id": "S"}})
    assert told(cli("script", "run", script, "--input", small, "--json"))[0]["message"]["text"] == "SNone"


def test_standard_input_and_a_folder_stand_for_scripts(cli, write_file, input_file, tmp_path):
    write_file("script.py", HONEST)
    result = cli("script", "run", "-", tmp_path, "--input", input_file, "--json", stdin=HONEST)
    assert [one["message"]["text"] for one in told(result)] == ["Hello Mei", "Hello Mei"]


def test_without_input_the_one_beside_the_script_is_used_and_else_asked_for(cli, write_file, input_file, tmp_path):
    script = write_file("a.py", HONEST)
    assert cli("script", "run", script).exit_code == 0
    input_file.unlink()
    result = cli("script", "run", script)
    assert result.exit_code == 2
    assert "--input INPUT.json" in result.stderr


BAD_INPUT = {
    '{"user": {"id": "1"},\n "session": }': "line 2, column 13",
    "[]": "INPUT must be a JSON object",
    '{"session": {"id": "1"}}': "user is missing",
    '{"user": {"id": "1"}}': "session is missing",
    '{"user": {"id": 7}, "session": {"id": "1"}}': "user.id must be a text",
    '{"user": {"id": "1", "attributes": []}, "session": {"id": "1"}}': "",
    '{"user": {"id": "1", "attributes": [1]}, "session": {"id": "1"}}': "user.attributes must be a JSON object",
    '{"user": {"id": "1"}, "session": {"id": "1", "starts_at": "tomorrow"}}': "session.starts_at must be a time",
    '{"user": {"id": "1"}, "session": {"id": "1"}, "now": "2026-05-04T14:00:00"}': "now must be a time with its zone",
    '{"user": {"id": "1"}, "session": {"id": "1", "credits": true}}': "session.credits must be a number",
    '{"user": {"id": "1"}, "session": {"id": "1"}, "scans": [{"at": "2026-05-04T14:00:00Z"}]}': "scans, entry 1: direction",
    '{"user": {"id": "1"}, "session": {"id": "1"}, "link_hosts": "a"}': "link_hosts must be a list",
    '{"user": {"id": "1"}, "session": {"id": "1"}, "settings": NaN}': "NaN is not a JSON value",
    "[" * 100000: "nested too deeply",
    '"' + "x" * 1100000 + '"': "larger than the limit of 1 MiB",
    "": "line 1, column 1",
}


@pytest.mark.parametrize(
    ("text", "says"), [pair for pair in BAD_INPUT.items() if pair[1]], ids=lambda value: value[:40]
)
def test_bad_input_is_told_by_its_field_or_place(cli, write_file, text, says):
    script, bad = write_file("a.py", HONEST), write_file("bad.json", text)
    result = cli("script", "run", script, "--input", bad)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"session-status: {bad}")
    assert says in result.stderr
    assert result.stdout == ""


def test_input_that_is_no_text_a_folder_or_not_there_is_told(cli, write_file, tmp_path):
    script = write_file("a.py", HONEST)
    for bad, says in (
        (write_file("latin.json", b'{"a":\n "\xe9"}'), "line 2"),
        (tmp_path, "folder"),
        (tmp_path / "no", "no such file"),
    ):
        result = cli("script", "run", script, "--input", bad)
        assert (result.exit_code, says in result.stderr) == (2, True)


def test_a_misspelt_field_of_input_is_told_and_the_run_goes_on(cli, write_file):
    script = write_file("a.py", HONEST)
    odd = write_file("odd.json", {"user": {"id": "1", "badge": "7"}, "session": {"id": "1"}, "setings": {}})
    result = cli("script", "run", script, "--input", odd, "--json")
    assert result.exit_code == 0
    assert "user.badge" in result.stderr
    assert "setings" in result.stderr


@pytest.mark.parametrize(
    ("answers", "says"),
    [({}, "list"), ([{"method": "GET"}], "entry 1"), ([{"connection": "a", "path": "/b", "eror": "timeout"}], "eror")],
)
def test_bad_answers_are_told_by_entry_and_field(cli, write_file, input_file, answers, says):
    result = cli(
        "script",
        "run",
        write_file("a.py", HONEST),
        "--input",
        input_file,
        "--answers",
        write_file("answers.json", answers),
    )
    assert result.exit_code == 2
    assert says in result.stderr


def test_recorded_and_live_answers_exclude_each_other(cli, write_file, input_file):
    result = cli(
        "script", "run", write_file("a.py", HONEST), "--input", input_file, "--answers", input_file, "--live", "demo"
    )
    assert (result.exit_code, "use only one" in result.stderr) == (2, True)


@pytest.mark.slow
def test_two_hundred_files_share_one_jail_and_are_quick(process, write_file, input_file):
    files = [write_file(f"{number:03}.py", HONEST) for number in range(200)]
    started = time.monotonic()
    done = process("script", "run", *files, "--input", input_file, "--json")
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["returned"] * 200
    assert time.monotonic() - started < 30


def test_what_a_script_says_reaches_no_terminal_as_a_command(cli, write_file, input_file):
    source = (
        'def status(user, session, api):\n    api.log("\\x1b[2J\\ud800")\n    raise ValueError("\\x1b]0;owned\\x07")\n'
    )
    script = write_file("a.py", source)
    people = cli("script", "run", script, "--input", input_file)
    assert "\x1b" not in people.stdout
    assert "x1b[2J" in people.stdout
    programs = cli("script", "run", script, "--input", input_file, "--json")
    assert programs.stdout.isascii()
    assert json.loads(programs.stdout)["outcome"] == "raised"
