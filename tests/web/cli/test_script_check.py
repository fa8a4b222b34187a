"""`script check`: what it says, to people and to programs, and its exit status."""

import json
import os

import pytest

from web.cli.authors.trial_files import beside, read_source

GOOD = 'def status(user, session, api):\n    return message("Hello")\n'
LONG = 'def status(user, session, api):\n    return message("This text is much too long for the small widget")\n'
BAD = "import os\nclass A:\n    pass\ndef status(user, session, api):\n    return hidden()\n"


def test_a_clean_script_has_no_findings_and_status_0(cli, write_file):
    result = cli("script", "check", write_file("a.py", GOOD), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"file": str(write_file("a.py", GOOD)), "ok": True, "findings": []}


def test_a_script_in_a_folder_is_named_by_the_file_that_an_editor_opens(cli, write_file):
    script = write_file("script.py", BAD)
    result = cli("script", "check", script.parent)
    assert f"{script}:1:8: error" in result.stdout


def test_errors_say_where_what_why_and_what_instead_and_give_status_1(cli, write_file):
    bad = write_file("bad.py", BAD)
    result = cli("script", "check", write_file("a.py", GOOD), bad, "--json")
    assert result.exit_code == 1
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["ok"] for one in told] == [True, False]
    first = told[1]["findings"][0]
    assert list(first) == ["rule", "line", "column", "what", "why", "instead", "severity"]
    assert (first["line"], first["severity"]) == (1, "error")
    people = cli("script", "check", bad).stdout
    assert f"{bad}:1:" in people
    assert first["instead"] in people


def test_warnings_alone_leave_the_status_0(cli, write_file):
    result = cli("script", "check", write_file("a.py", LONG), "--json")
    [finding] = json.loads(result.stdout)["findings"]
    assert (finding["rule"], finding["severity"], result.exit_code) == ("message-length", "warning", 0)


def test_links_are_judged_only_when_the_hosts_are_named(cli, write_file):
    script = write_file(
        "a.py", 'def status(user, session, api):\n    return message("Go", link="https://a.example/x")\n'
    )
    assert json.loads(cli("script", "check", script, "--json").stdout)["findings"] == []
    told = json.loads(cli("script", "check", script, "--json", "--link-hosts", "b.example").stdout)
    assert told["findings"][0]["rule"] == "message-link"
    assert (
        json.loads(cli("script", "check", script, "--json", "--link-hosts", "B.example, A.example").stdout)["findings"]
        == []
    )


def test_hosts_on_the_command_line_are_mapped_as_a_browser_maps_them(cli, write_file):
    script = write_file(
        "a.py", 'def status(user, session, api):\n    return message("Go", link="https://strasse.example/")\n'
    )
    told = json.loads(cli("script", "check", script, "--json", "--link-hosts", "straße.example").stdout)
    assert told["findings"][0]["rule"] == "message-link"
    wrong = cli("script", "check", script, "--link-hosts", "https://a.example")
    assert wrong.exit_code == 2
    assert "--link-hosts" in wrong.stderr


def test_a_script_is_checked_against_an_implementation(cli, write_file, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", "--time-zone", "UTC", env=records).exit_code == 0
    assert cli("implementation", "set", "aha26", "link_hosts=a.example", env=records).exit_code == 0
    script = write_file(
        "a.py",
        "def status(user, session, api):\n    rows = api.get('ethosce', '/a').json()\n"
        "    return message(api.settings['text'], link='https://b.example/')\n",
    )
    result = cli("script", "check", script, "--for", "aha26", "--json", env=records)
    told = json.loads(result.stdout)
    assert [(one["rule"], one["line"], one["severity"]) for one in told["findings"]] == [
        ("unknown-connection", 2, "warning"),
        ("message-link", 3, "warning"),
        ("missing-setting", 3, "warning"),
    ]
    assert (told["ok"], result.exit_code) == (True, 0)
    hosts = cli("script", "check", script, "--for", "aha26", "--link-hosts", "b.example", "--json", env=records)
    assert "message-link" not in hosts.stdout


def test_an_implementation_that_is_not_there_is_told_with_those_that_are(cli, write_file, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", "--time-zone", "UTC", env=records).exit_code == 0
    result = cli("script", "check", write_file("a.py", GOOD), "--for", "nowhere", env=records)
    assert result.exit_code == 2
    assert "There is no implementation 'nowhere'. Existing: aha26." in result.stderr


def test_a_file_which_cannot_be_read_is_a_finding_and_stops_no_other(cli, write_file, tmp_path):
    result = cli("script", "check", tmp_path / "no.py", write_file("b.py", b"\xff"), write_file("a.py", GOOD), "--json")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["ok"], [f["rule"] for f in one["findings"]]) for one in told] == [
        (False, ["unreadable"]),
        (False, ["unreadable"]),
        (True, []),
    ]
    assert result.exit_code == 1


@pytest.fixture
def shut_folder(tmp_path):
    """A folder with a script that this test's user may not search; where tests run as root, as another user."""
    folder = tmp_path / "shut"
    folder.mkdir()
    (folder / "script.py").write_text(GOOD)
    is_root = os.geteuid() == 0
    folder.chmod(0o700 if is_root else 0)
    if is_root:
        os.seteuid(65534)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o700)


def test_a_script_in_a_folder_that_this_user_may_not_search_is_told_in_a_sentence(shut_folder):
    for file in (shut_folder / "script.py", shut_folder):
        source, fault = read_source(str(file))
        assert source is None
        assert fault.startswith(f"{file}: the script cannot be read: Permission denied.")
        assert beside(str(file), "input.json") is None


def test_a_name_that_the_system_refuses_is_a_finding_and_stops_no_other(cli, write_file):
    result = cli("script", "check", "x" * 300, write_file("a.py", GOOD))
    assert (result.exit_code, "File name too long" in result.stdout) == (1, True)
    assert "no findings" in result.stdout
