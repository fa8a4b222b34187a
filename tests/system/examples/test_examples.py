"""Every example, in every scenario, through the real command line in the real jail; and the pages which teach from them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support import ROOT
from web.cli import main

EXAMPLES = ROOT / "scripts" / "examples"
SCENARIOS = sorted(path.parent for path in EXAMPLES.rglob("expected.json"))
SCRIPTS = sorted(EXAMPLES.glob("*/script.py"))

pytestmark = pytest.mark.usefixtures("command_jail")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def of(scenario: Path, name: str) -> Path:
    """A scenario's own file, or else that of its example."""
    own = scenario / name
    return own if own.exists() else example_of(scenario) / name


def example_of(scenario: Path) -> Path:
    return scenario if (scenario / "script.py").exists() else scenario.parent


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_an_example_shows_what_it_says_it_shows(scenario):
    script = example_of(scenario) / "script.py"
    expected = json.loads((scenario / "expected.json").read_text())
    prepared = expected.pop("facts", None)
    done = command(
        *("script", "run", str(script), "--json"),
        *("--input", str(of(scenario, "input.json")), "--answers", str(of(scenario, "answers.json"))),
    )
    told = json.loads(done.stdout)
    if told["error"]:
        assert told["error"].pop("chain")[-1][1] == told["error"]["line"]
    assert {name: told[name] for name in expected} == expected
    assert told["warnings"] == []
    assert done.exit_code == (0 if expected["outcome"] == "returned" else 1)
    if prepared is not None:
        done = command("script", "prepare", str(example_of(scenario)), "--json")
        assert json.loads(done.stdout)["facts"] == prepared


def test_all_examples_run_in_one_call_with_the_files_beside_them():
    done = command("script", "run", "--json", *map(str, SCRIPTS))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["file"] for one in told] == [str(path) for path in SCRIPTS]
    for path, one in zip(SCRIPTS, told, strict=True):
        assert one["message"] == json.loads((path.parent / "expected.json").read_text())["message"]
    assert done.exit_code == 0


def test_the_check_has_nothing_to_say_about_the_examples():
    done = command("script", "check", "--json", *map(str, SCRIPTS))
    assert [json.loads(line)["findings"] for line in done.stdout.splitlines()] == [[] for _ in SCRIPTS]


def test_the_scripts_in_the_authors_guide_pass_the_check(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "authors.md").read_text(), re.DOTALL)
    whole = [block for block in blocks if "def status(" in block]
    assert whole
    for number, block in enumerate(whole):
        (tmp_path / f"{number}.py").write_text(block)
    done = command("script", "check", "--json", *(str(tmp_path / f"{number}.py") for number in range(len(whole))))
    assert [json.loads(line)["findings"] for line in done.stdout.splitlines()] == [[] for _ in whole]


def test_the_first_script_of_the_authors_guide_shows_what_the_guide_says(tmp_path):
    text = (ROOT / "docs" / "authors.md").read_text()
    script = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    given = re.search(r"```json\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "my_script.py").write_text(script)
    (tmp_path / "input.json").write_text(given)
    done = command("script", "run", str(tmp_path / "my_script.py"))
    for line in ("    [ Rate this session ]", "    leads to https://survey.example.com/s/393", "    colour #005d8a"):
        assert line in text.splitlines()
        assert line in done.stdout.splitlines()


def test_every_example_is_taught():
    text = (ROOT / "docs" / "examples.md").read_text()
    assert [path.parent.name for path in SCRIPTS if f"scripts/examples/{path.parent.name}" not in text] == []


def test_what_examples_md_quotes_stands_in_an_example():
    """A page that teaches from code must not drift away from it."""
    scripts = "\n".join(path.read_text() for path in SCRIPTS)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "examples.md").read_text(), re.DOTALL)
    assert blocks
    assert [block for block in blocks if block.strip("\n") not in scripts] == []
