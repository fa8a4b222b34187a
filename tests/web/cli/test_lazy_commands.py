"""Commands are loaded when they are called, and the list of commands says of each what its own help says."""

import os
import re
import subprocess
import sys

import click
import pytest

from tests.support import ROOT
from web.cli import script_group
from web.cli.commands import COMMANDS

EXAMPLE = str(ROOT / "scripts" / "examples" / "ce_credit")
#: What authors do offline.
OFFLINE = (
    ["script", "check", EXAMPLE],
    ["script", "run", EXAMPLE],
    ["script", "test", EXAMPLE],
    ["script", "explore", EXAMPLE, "--runs", "20"],
    ["script", "dev", EXAMPLE, "--once"],
    ["script", "new", "NEW"],
)
#: What they do over HTTP; nobody answers there.
OVER_HTTP = (
    ["--service", "http://127.0.0.1:9", "script", "submit", "demo", EXAMPLE],
    ["--service", "http://127.0.0.1:9", "script", "status", "demo"],
    ["--service", "http://127.0.0.1:9", "script", "versions", "demo"],
    ["--service", "http://127.0.0.1:9", "script", "diff", "demo", "1", "2"],
    ["--service", "http://127.0.0.1:9", "runs", "list", "demo"],
)
#: What calls vendors, and so needs a client for HTTP.
CALLING = ["script", "record", "NEW", "--help"]
HEAVY = ("sqlalchemy", "flask", "redis", "rq", "openpyxl", "granian", "records", "runner", "sandbox")


def test_the_list_of_commands_loads_no_part_of_the_service():
    program = (
        "import sys\n"
        "from web.cli.commands import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "main(['script', '--help'], standalone_mode=False)\n"
        f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Manage the store" in done.stdout
    assert "LOADED []" in done.stdout


def test_what_authors_do_loads_neither_the_database_nor_the_web_framework(tmp_path):
    program = (
        "import sys\n"
        "import click\n"
        "from web.cli.commands import main\n"
        f"for arguments in {[*OFFLINE, *OVER_HTTP, CALLING]}:\n"
        "    try:\n"
        "        main(arguments, standalone_mode=False)\n"
        "    except SystemExit as end:\n"
        "        assert not end.code\n"
        "    except click.ClickException as error:\n"
        "        assert 'does not answer' in error.message, error.message\n"
        "    heavy = [name for name in ('sqlalchemy', 'flask', 'redis', 'urllib3') if name in sys.modules]\n"
        "    print('LOADED', arguments[1], heavy)"
    )
    env = os.environ | {"SESSION_STATUS_TOKEN": "sst_x"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True, env=env, cwd=tmp_path
    )
    loaded = re.findall(r"^LOADED (\S+) (.*)$", done.stdout, re.MULTILINE)
    assert loaded[:-1] == [(arguments[1], "[]") for arguments in OFFLINE + OVER_HTTP]
    assert loaded[-1] == ("record", "['redis', 'urllib3']")


def test_servers_load_nothing_that_only_an_upgrade_or_a_file_needs():
    program = (
        "import sys, web.app, worker; print([n for n in ('alembic', 'mako', 'openpyxl', 'PIL') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("entry", [*COMMANDS, *script_group.COMMANDS], ids=lambda entry: entry.name)
def test_the_list_says_of_each_command_what_its_help_says_first(entry):
    command = entry.load()
    first = re.sub(r"\s+", " ", (command.help or "").partition("\n\n")[0]).strip()
    assert re.match(r"[^.]+\.", first).group() == entry.help
    assert command.name == entry.name


@pytest.mark.parametrize("entry", [each for each in COMMANDS if each.subcommands], ids=lambda entry: entry.name)
def test_commands_of_other_modules_are_in_their_group(entry):
    command = entry.load()
    here = command.callback.__module__
    assert isinstance(command, click.Group)
    assert {below.callback.__module__ for below in command.commands.values()} - {here}
