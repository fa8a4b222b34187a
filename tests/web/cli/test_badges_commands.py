"""The badge format on the command line: from examples to the format in use, and how it says no."""

import json

import pytest

CODES = ("10482|Chen|Alice", "20771|Roy|Eva", "30993|Berg|Tom")


@pytest.fixture
def badges(cli, records):
    """`session-status badges COMMAND aha26 …`; returns what it prints, and requires its exit status."""
    cli("implementation", "add", "aha26", "--name", "AHA", env=records)

    def run(command, *arguments, status=0):
        result = cli("badges", command, "aha26", *arguments, env=records)
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_from_codes_to_the_format_in_use(badges):
    assert badges("add", *CODES) == "3 examples added.\n"
    assert badges("add", CODES[0]) == "0 examples added.\n"
    badges("choose")
    shown = badges("show")
    assert "1: 10482|Chen|Alice = 10482: Chen, Alice\n" in shown
    assert "0 are confirmed" in shown
    badges("confirm", 1, 3)
    badges("activate")
    assert badges("show").startswith("In use: A list separated by “|”. Badge ID from part 1")
    assert json.loads(badges("show", "--json"))["kind"] == "delimited"


def test_a_format_from_a_file_is_checked(badges, tmp_path):
    badges("add", *CODES)
    good = tmp_path / "format.json"
    good.write_text(
        '{"kind": "pattern", "badge_id": {"part": "badge_id"}, "options": {"pattern": "(?<badge_id>\\\\d+)\\\\|.*"}}'
    )
    badges("choose", "--file", good)
    assert "= 10482: -, -" in badges("show")
    for text, words in (
        ("{", "cannot be read as JSON"),
        ("{}", "kind must be one of"),
        ('{"kind": "bare"}', "badge_id must say"),
    ):
        good.write_text(text)
        assert words in badges("choose", "--file", good, status=2)


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("choose", (), "Nothing is proposed"),
        ("confirm", (1,), "was not chosen yet"),
        ("activate", (), "was not chosen yet"),
        ("remove", (1,), "was removed"),
        ("add", ("x" * 5000,), "must have 1 to 4096 bytes"),
    ],
)
def test_what_cannot_be_done_says_why(badges, command, arguments, words):
    assert words in badges(command, *arguments, status=2)
