"""The three ports of `up`: one number chooses all of them, and a port in use is reported with the command to use instead."""

import re
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from runner.settings.operator_settings import Settings
from tests.support import ROOT
from web.cli.local.programs import Ports, other_terminal, page
from web.cli.local.start_command import IN_A_ROW, PROPOSED, STEP, StartCommand, free_row


@contextmanager
def listening(port=0):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def make(tmp_path):
    """`make` in this repository, whose virtual environment counts as made; what it prints."""

    def run(*words, env=None, stdin=None):
        done = subprocess.run(
            ["make", "--no-print-directory", "-o", ".venv/run.done", *words],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    ("chosen", "ports"),
    [
        ((8000, None, None), (8000, 8001, 8002)),
        ((9000, None, None), (9000, 9001, 9002)),
        ((9000, 7000, None), (9000, 7000, 9002)),
        ((9000, None, 7000), (9000, 9001, 7000)),
    ],
)
def test_what_is_not_chosen_follows_the_service_in_a_row(chosen, ports):
    assert Ports.of(*chosen) == Ports(*ports)


@pytest.mark.parametrize(
    ("folder", "by_make", "told"),
    [
        (Path.cwd() / "data", True, "In another terminal, after `make shell` in this folder:"),
        (Path.cwd() / "data", False, "In another terminal:"),
        (
            Path("/a b"),
            True,
            "In another terminal, after `SESSION_STATUS_DATA_FOLDER='/a b' make shell` in this folder:",
        ),
        (Path("/a b"), False, "In another terminal, after `export SESSION_STATUS_DATA_FOLDER='/a b'`:"),
    ],
)
def test_the_page_says_what_makes_its_commands_work_in_another_terminal(folder, by_make, told):
    assert other_terminal(folder, by_make=by_make) == told


def test_make_run_hands_its_port_on_and_keeps_the_defaults_without_it(make):
    assert make("-n", "run", "PORT=9000").strip() == ".venv/bin/session-status up --by-make --port 9000"
    assert make("-n", "run").strip() == ".venv/bin/session-status up --by-make"


@pytest.mark.parametrize(
    ("by", "command"), [((), r"session-status up --port \d+ --data-folder \S+"), (("--by-make",), r"make run PORT=\d+")]
)
@pytest.mark.parametrize("place", range(IN_A_ROW))
def test_a_port_that_is_taken_is_named_with_the_command_to_use_instead(cli, tmp_path, by, command, place):
    first = free_row()  # below the ports that the system gives to the programs of other tests
    with listening(first + place) as port:
        result = cli("up", "--port", first, "--data-folder", tmp_path / "data", *by)
    assert result.exit_code == 2
    assert (
        f"Port {port} cannot be used: another program uses it. Stop the program that uses it, or use other ports:"
        in result.stderr
    )
    assert re.search(rf"`{command}`\.", result.stderr)


def test_the_ports_that_are_proposed_are_free():
    with ExitStack() as held:
        before = free_row()
        held.enter_context(listening(before + 1))
        assert free_row() >= before + STEP
        assert (free_row() - PROPOSED) % STEP == 0


def test_a_folder_with_a_blank_in_its_name_is_quoted():
    assert re.fullmatch(
        r"session-status up --port \d+ --data-folder '/tmp/a b'", StartCommand(False, Path("/tmp/a b")).elsewhere()
    )


def test_make_shell_finds_the_command_and_the_data_from_any_folder(make, tmp_path):
    asked = "command -v session-status; cd /; echo $SESSION_STATUS_DATA_FOLDER; echo level=$MAKELEVEL; exit 3\n"
    first, command, folder, level = make("shell", env={"SHELL": "/bin/sh"}, stdin=asked).splitlines()
    assert first.startswith("session-status is on the PATH here")
    assert (command, folder, level) == (f"{ROOT}/.venv/bin/session-status", f"{ROOT}/data", "level=")


def test_make_shell_runs_the_shell_that_its_user_has(make, tmp_path):
    shell = tmp_path / "shell"
    shell.write_text('#!/bin/sh\necho "mine: $SESSION_STATUS_DATA_FOLDER"\n')
    shell.chmod(0o755)
    printed = make("shell", env={"SHELL": str(shell), "SESSION_STATUS_DATA_FOLDER": "/elsewhere"})
    assert printed.splitlines()[-1] == "mine: /elsewhere"


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("data", "In another terminal:"),
        ("/tmp/my data", "In another terminal, after `export SESSION_STATUS_DATA_FOLDER='/tmp/my data'`:"),
    ],
    ids=["the usual folder", "another folder"],
)
def test_the_page_names_the_data_folder_for_another_terminal_where_it_is_not_the_usual_one(folder, says):
    settings = Settings(
        environment="development", public_url="http://127.0.0.1:8000", data_folder=Path(folder).absolute()
    )
    lines = page(settings, Ports.of(8000, None, None)).splitlines()
    commands = lines[lines.index(says) + 1 :][:3]
    assert all(line.startswith("  session-status ") for line in commands)
