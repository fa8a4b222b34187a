"""The file of a phone at the command line: previewed, imported, refused with words."""

import json

import pytest

from tests.records.attendance.phones.test_saved_scans import content, fresh
from tests.web.cli.test_scan_commands import event

__all__ = ["event"]


def whole(*scans, **changes):
    return content(*scans, implementation="aha26", **changes)


def test_a_file_is_previewed_imported_and_again_without_effect(cli, event, write_file):
    good = write_file("scans.json", json.dumps(whole(fresh(session="CE-1"), fresh(session="CE-1", badge_id="B-2"))))
    seen = cli("scans", "import", "aha26", good, "--preview", env=event)
    assert (seen.exit_code, seen.stdout) == (
        *(0, "2 new scans, 0 already there, 0 refused. 0 scans undone on the phone.\n"),
    )
    assert json.loads(cli("scans", "list", "aha26", "--json", env=event).stdout) == []
    done = cli("scans", "import", "aha26", good, env=event)
    assert (done.exit_code, done.stdout) == (0, "2 new scans, 0 already there, 0 refused. 0 scans voided.\n")
    again = cli("scans", "import", "aha26", good, env=event).stdout
    assert again == "0 new scans, 2 already there, 0 refused. 0 scans voided.\n"
    assert len(json.loads(cli("scans", "list", "aha26", "--json", env=event).stdout)) == 2


def test_refused_scans_are_told_with_their_reasons_and_the_others_are_stored(cli, event, write_file):
    file = write_file("scans.json", json.dumps(whole(fresh(session="CE-1"), fresh(session="NONE"), {"id": 7})))
    for more in (["--preview"], []):
        done = cli("scans", "import", "aha26", file, *more, env=event)
        assert done.exit_code == 1
        assert done.stdout.startswith("1 new scan, 0 already there, 2 refused.")
        assert "Refused, 1: The agenda never had this session." in done.stderr
        assert "Refused, 1: It is not an object with all members." in done.stderr


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is missing, or empty"),
        ("{", "was cut off or changed"),
        (json.dumps(content(implementation="other")), "is of another implementation than aha26"),
        (json.dumps(whole(version=9)), "is of a version"),
    ],
)
def test_a_file_that_is_none_is_refused(cli, event, write_file, data, said):
    refused = cli("scans", "import", "aha26", write_file("scans.json", data), env=event)
    assert refused.exit_code == 2
    assert said in refused.stderr
