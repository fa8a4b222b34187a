"""`script new` and `script dev`: an author begins with a folder that is right, and sees each save at once."""

import json
from types import SimpleNamespace

import click
import pytest
from mypy import api as mypy

from runner.trials.author_project import project_files
from runner.trials.trial import TrialSandbox
from sandbox import STUB_MODULE, script_stubs
from web.cli.authors import dev_command
from web.cli.authors.dev_command import dev_lines, look
from web.cli.authors.phone import WIDE, cells, draw_phone


@pytest.fixture(scope="module")
def sandbox():
    with TrialSandbox() as started:
        yield started


@pytest.fixture
def folder(cli, tmp_path):
    """A folder as `script new` makes it."""
    place = tmp_path / "my_script"
    assert cli("script", "new", place).exit_code == 0
    return place


def test_a_new_folder_passes_its_check_and_its_cases_and_covers_every_line(cli, folder):
    assert "no findings" in cli("script", "check", folder).output
    told = json.loads(cli("script", "test", folder, "--json").output)
    assert (told["passed"], told["failed"], told["unused_answers"]) == (4, 0, [])
    assert (told["coverage"]["missed"], told["coverage"]["branches_missed"]) == ([], [])


def test_a_new_folder_has_the_types_of_this_release_and_keeps_secrets_out_of_a_repository(folder):
    assert (folder / "typings" / f"{STUB_MODULE}.pyi").read_text() == script_stubs()
    assert "connections.json" in (folder / ".gitignore").read_text().splitlines()
    assert {*project_files()} == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_type_checker_accepts_a_new_folder_as_it_is_set_up(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(folder)
    out, errors, code = mypy.run(["script.py", "--cache-dir", str(tmp_path / "cache")])
    assert (code, errors) == (0, ""), out
    (folder / "script.py").write_text((folder / "script.py").read_text().replace("user.id", "user.name"))
    assert 'has no attribute "name"' in mypy.run(["script.py", "--cache-dir", str(tmp_path / "cache")])[0]


def test_the_types_can_be_written_anew_and_nothing_else(cli, folder):
    types = folder / "typings" / f"{STUB_MODULE}.pyi"
    types.write_text("old")
    (folder / "script.py").write_text("mine")
    assert cli("script", "new", folder, "--types").exit_code == 0
    assert types.read_text() == script_stubs()
    assert (folder / "script.py").read_text() == "mine"
    assert cli("script", "new", folder / "nowhere", "--types").exit_code == 2


def test_nothing_is_overwritten(cli, folder):
    (folder / "script.py").write_text("mine")
    told = cli("script", "new", folder)
    assert (told.exit_code, "Nothing was written" in told.output) == (2, True)
    assert (folder / "script.py").read_text() == "mine"
    empty = folder.parent / "empty"
    empty.mkdir()
    assert cli("script", "new", empty).exit_code == 0
    assert cli("script", "new", folder / "script.py").exit_code == 2


def test_dev_draws_each_message_once_with_its_cases(sandbox, folder):
    lines, good = dev_lines(sandbox, str(folder))
    text = "\n".join(lines)
    assert good
    assert text.count("Sepsis in 2026") == 3
    assert "Claim 1.0 CE credit" in text
    assert "(the app shows nothing)" in text
    assert "4 of 4 cases passed" in text


def test_dev_shows_what_is_wrong_and_goes_on(sandbox, folder):
    (folder / "script.py").write_text("import os\n")
    lines, good = dev_lines(sandbox, str(folder))
    assert (good, "[import]" in "\n".join(lines)) == (False, True)
    (folder / "script.py").write_bytes(b"\xff")
    assert "not UTF-8" in "\n".join(dev_lines(sandbox, str(folder))[0])
    (folder / "script.py").unlink()
    assert dev_lines(sandbox, str(folder))[1] is False


def test_dev_shows_a_save_as_soon_as_it_looks(cli, folder, monkeypatch):
    """A save while it waits: of the same size, and with an answer that is not finished; then Ctrl-C."""
    saves = iter(
        [
            lambda: (folder / "script.py").write_text((folder / "script.py").read_text().replace("Claim {", "CLAIM {")),
            lambda: (folder / "answers.json").write_text("[{"),
        ]
    )

    def sleep(_):
        save = next(saves, None)
        if save is None:
            raise KeyboardInterrupt
        save()

    monkeypatch.setattr(
        dev_command, "time", SimpleNamespace(sleep=sleep, perf_counter=lambda: 0.0, strftime=lambda _: "")
    )
    told = cli("script", "dev", folder)
    assert told.exit_code == 0
    assert told.output.count("all good") == 1
    assert "CLAIM 1.0 CE credit" in told.output
    assert "answers.json, line 1" in told.output


def test_dev_once_has_the_exit_status_of_a_test(cli, folder):
    assert cli("script", "dev", folder, "--once").exit_code == 0
    (folder / "expected.json").write_text('{"outcome": "raised"}')
    assert cli("script", "dev", folder, "--once").exit_code == 1
    assert cli("script", "dev", folder / "nowhere").exit_code == 2


def test_a_look_sees_new_changed_and_removed_files_of_cases_only(folder):
    before = look(str(folder))
    (folder / "README.md").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.json").write_text("{}")
    assert look(str(folder)) == before
    (folder / "claimed" / "answers.json").unlink()
    assert look(str(folder)).keys() == before.keys() - {str(folder / "claimed" / "answers.json")}


@pytest.mark.parametrize(
    "text",
    ["Claim", "Claim your credit of today, with a text that is much longer than any phone", "继续教育学分", "A\u0301"],
)
@pytest.mark.parametrize("link", [None, "https://cme.example.org"])
def test_every_line_of_a_phone_has_the_same_width(text, link):
    message = {"text": text, "link": link, "color": "#006109"}
    for line in draw_phone("继续教育 in 2026 and further words that do not fit on one line", message):
        assert cells(click.unstyle(line)) == WIDE + 2, line


def test_control_characters_of_a_title_do_not_reach_the_terminal():
    assert "\x1b[2J" not in "".join(draw_phone("\x1b[2J", None))


@pytest.mark.parametrize("link", ["typings", f"typings/{STUB_MODULE}.pyi"])
def test_a_link_in_a_folder_of_somebody_else_overwrites_nothing_outside(cli, folder, tmp_path, link):
    target = tmp_path / "outside"
    if link.endswith(".pyi"):
        target.write_text("mine")
    else:
        target.mkdir()
    (folder / "typings" / f"{STUB_MODULE}.pyi").unlink()
    if link == "typings":
        (folder / "typings").rmdir()
    (folder / link).symlink_to(target)
    told = cli("script", "new", folder, "--types")
    assert (told.exit_code, "a link leads from here" in told.output) == (2, True)
    assert target.read_text() == "mine" if target.is_file() else not any(target.iterdir())
