"""A newcomer's first hour: `make run PORT=…`, and then the guides, command by command, as they stand there."""

import json
import os
import re
import shlex
import signal
import subprocess

import pytest

from tests.support import ROOT
from tests.support.eventually import eventually
from tests.support.running_up import Up
from web.cli.local.start_command import free_row

pytestmark = pytest.mark.slow

START_S = 60
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
AUTHORS = (ROOT / "docs" / "authors.md").read_text()
SCRIPTS = {
    f"{name} {number}": text
    for name in ("README.md", "docs/authors.md")
    for number, (kind, text) in enumerate(BLOCK.findall((ROOT / name).read_text()), start=1)
    if kind == "python" and "def status(" in text
}
#: When CE-101 of the demo has ended.
INPUT = {
    "user": {"id": "165", "first_name": "Mei"},
    "session": {"id": "CE-101", "starts_at": "2026-05-04T13:00:00Z", "ends_at": "2026-05-04T14:00:00Z"},
    "now": "2026-05-04T14:10:00Z",
}
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("SESSION_STATUS_", "PORT"))}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `make run PORT=…` starts, in a data folder of its own, as in a terminal."""
    folder, port = tmp_path_factory.mktemp("hour") / "data", free_row()
    folder.mkdir()
    with (folder / "up.out").open("w") as out:
        process = subprocess.Popen(
            ["make", "-o", ".venv/run.done", "run", f"PORT={port}"],
            cwd=ROOT,
            env={**ENV, "SESSION_STATUS_DATA_FOLDER": str(folder), "TEST_FAMILY": str(folder)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    up = Up(folder, port, port + 1, port + 2, process, str(folder))
    try:
        eventually(lambda: "is running" in up.output() or process.poll() is not None, START_S)
        assert "is running" in up.output(), up.output()
        yield up
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: to make and to all that it started
        process.wait(30)
        assert up.gone()
    assert f"Stopped. The data is in {folder}." in up.output()


@pytest.fixture
def shell(demo, cli, tmp_path, monkeypatch):
    """A command line in a folder with the guide's files, with what `make shell` sets.

    Our own command runs in this process, because starting it costs a second each time; all others run in bash.
    """
    variables = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SESSION_STATUS_DATA_FOLDER", str(demo.folder))

    def run(command):
        kept = re.fullmatch(r"(\w+)=\$\((.+)\)", command)
        name, ours = kept.groups() if kept else ("", command)
        if not ours.startswith("session-status "):
            env = {**ENV, **variables, "SESSION_STATUS_DATA_FOLDER": str(demo.folder)}
            return subprocess.run(
                ["bash", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False
            )
        result = cli(*shlex.split(ours)[1:])
        variables[name] = result.stdout.strip()
        return result

    return run


def blocks(text, heading):
    """The blocks of code below a heading of a guide: kind and text."""
    return BLOCK.findall(text.split(f"\n## {heading}\n")[1].split("\n## ")[0])


def commands(blocks):
    """Each command of console blocks with the lines that stand below it."""
    for kind, text in blocks:
        if kind == "console":
            for part in text.removeprefix("$ ").split("\n$ "):
                command, _, answer = part.partition("\n")
                yield command, answer


def test_the_page_names_the_ports_that_one_number_chose(demo):
    for address in (f"{demo.demo}/ ", f"{demo.service}/console/", f"{demo.idp}/ "):
        assert address in demo.output()
    assert f"after `SESSION_STATUS_DATA_FOLDER={demo.folder} make shell` in this folder:" in demo.output()


def test_a_second_start_names_the_first_and_how_to_start_another(demo, shell):
    said = shell(f"make --no-print-directory -C {ROOT} -o .venv/run.done run").stderr
    assert f"Another `session-status up` uses {demo.folder} and answers at {demo.service}." in said
    assert re.search(r"`session-status up --port \d+ --data-folder FOLDER`", said)


@pytest.mark.parametrize(
    ("heading", "script", "words"),
    [
        ("The first script", "my_script.py", ["check", "run", "activate", "get"]),
        ("Ask a vendor", "credit.py", ["run"]),
    ],
)
def test_a_script_does_what_the_guide_shows_below_it(shell, tmp_path, heading, script, words):
    found = blocks(AUTHORS, heading)
    write_inputs(tmp_path)
    (tmp_path / script).write_text(next(text for kind, text in found if kind == "python"))
    done = []
    for command, answer in commands(found):
        printed = shell(command).stdout
        for line in answer.splitlines():
            assert not line or measured(line) in measured(printed), (command, printed)
        assert "warning" not in printed
        done.append(command.split()[2])
    assert done == words


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_the_guides_keeps_its_link_with_the_input_of_the_guide(shell, tmp_path, name):
    write_inputs(tmp_path)
    (tmp_path / "my_script.py").write_text(SCRIPTS[name])
    tried = json.loads(shell(f"session-status script run {tmp_path}/my_script.py --json").stdout)
    assert (tried["outcome"], tried["warnings"]) == ("returned", [])


def write_inputs(folder):
    """Write the INPUT and the ANSWERS of the authors' guide."""
    input_file, answers = [text for kind, text in BLOCK.findall(AUTHORS) if kind == "json"]
    (folder / "input.json").write_text(input_file)
    (folder / "answers.json").write_text(answers)


def measured(text):
    """A text without numbers that differ from run to run."""
    return re.sub(r"[\d.]+(?= (?:ms|MiB)\b)|(?<=Version )\d+", "N", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_the_guides_shows_its_link_in_the_demo_without_a_warning(shell, tmp_path, name):
    (tmp_path / "my_script.py").write_text(SCRIPTS[name])
    case = tmp_path / "case.json"
    case.write_text(json.dumps(INPUT))
    tried = json.loads(shell(f"session-status script run my_script.py --input {case} --live demo --json").stdout)
    assert (tried["outcome"], tried["warnings"]) == ("returned", [])
    anyway = " --anyway" if 'api.get("survey"' in SCRIPTS[name] else ""  # the demo has no such connection
    assert shell(f"session-status script activate demo my_script.py{anyway}").stderr == ""
    shown = json.loads(shell("session-status status get demo CE-101 --user 165 --json").stdout)
    assert (shown["state"], shown["trace"]["warnings"]) == ("ready", [])
    assert bool(shown["message"]["action"]) == ("link=" in SCRIPTS[name])


@pytest.mark.parametrize(
    ("page", "heading", "told"),
    [
        ("status-api.md", "Try it at the demo", [("state", "ready")]),
        ("app-integration.md", "12. Try it with curl", [("roles", ["attendee"]), ("state", "ready")]),
    ],
)
def test_the_token_of_a_sample_person_asks_the_endpoints_as_the_pages_write_it(demo, shell, page, heading, told):
    lines = [command for command, _ in commands(blocks((ROOT / "docs" / page).read_text(), heading))]
    token, *asked = [line.replace("127.0.0.1:8000", f"127.0.0.1:{demo.port}") for line in lines]
    shell("session-status status get demo CE-101 --user 165")  # so that the answer is there already
    shell(token)
    answers = [json.loads(shell(line).stdout) for line in asked]
    assert [answer[field] for answer, (field, _) in zip(answers, told, strict=True)] == [value for _, value in told]


def test_a_token_stands_alone_on_standard_output_and_says_beside_it_for_how_long_and_for_whom(demo, shell):
    done = shell("session-status users token demo 165")
    assert re.fullmatch(r"cat_[A-Za-z0-9_-]{43}\n", done.stdout)
    assert "The token is valid for 15 minutes, for demo, as Mei Chen." in done.stderr
    assert f"{demo.service}/api/v1/implementations/demo/sessions/SESSION/status" in done.stderr
    assert done.stdout.strip() not in done.stderr
    logs = "".join(one.read_text() for one in (demo.folder / "logs").iterdir())
    assert done.stdout.strip() not in logs + demo.output()
