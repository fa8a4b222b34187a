"""The list of attendees at the command line: a preview, the import, what is wrong with a file, searching and deleting."""

import json

import pytest

FILE = "Badge ID,Surname,First Name\nB-1,Chen,Mei\nB-2,\x1b[31mRoy,Eva\n"


@pytest.fixture
def event(cli, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    return records


@pytest.fixture
def roster(cli, event, tmp_path):
    """Run `roster import` on a text."""

    def run(text, *options):
        file = tmp_path / "list.csv"
        file.write_text(text)
        return cli("roster", "import", "aha26", file, *options, env=event)

    return run


def test_a_list_is_previewed_imported_searched_and_deleted(cli, roster, event):
    good = FILE.replace("\x1b[31m", "")
    preview = roster(good, "--preview").stdout
    assert "2 added:\n  B-1 Mei Chen\n  B-2 Eva Roy\n" in preview
    assert preview.endswith("Nothing was imported.\n")
    assert cli("roster", "list", "aha26", env=event).stdout.startswith("aha26 has no list of attendees.")
    assert roster(good, "--reason", "first").stdout == "2 added, 0 changed, 0 unchanged, 0 removed\n"
    assert roster(good).stdout == "0 added, 0 changed, 2 unchanged, 0 removed\n"
    found = cli("roster", "list", "aha26", "--search", "chen", "--json", env=event).stdout
    assert [each["badge_id"] for each in json.loads(found)] == ["B-1"]
    gone = roster("Badge ID\nB-1\n", "--remove-missing", "--preview").stdout
    assert "1 removed:\n  B-2 Eva Roy" in gone
    assert cli("roster", "clear", "aha26", env=event).stdout == "Deleted the list: 2 people.\n"
    assert cli("roster", "clear", "aha26", env=event).stdout == "Nothing was changed.\n"


def test_a_file_with_faults_is_explained_and_nothing_in_it_steers_the_terminal(roster):
    answer = roster(FILE)
    assert answer.exit_code == 1
    assert "must not contain a control character" in answer.stderr
    assert "Nothing was imported: 1 fault." in answer.stderr
    assert "\x1b" not in answer.stderr + answer.stdout


def test_a_phone_gets_an_address_with_a_code_in_place_of_a_token(cli, event):
    made = cli("scans", "device", "make", "aha26", "door-3", "--phone", env=event)
    assert "/pair#" in made.stdout
    assert "ssd_" not in made.stdout + made.stderr
    assert "within ten minutes" in made.stderr
    assert made.stdout.strip().partition("#")[2] in made.stderr
