"""Documentation is tested: pages made from code are up to date, links lead somewhere, and symbols named in prose exist."""

import importlib.util
import re
import tomllib

import pytest

from records import Implementation
from runner.settings.declaration import AUTHORS_OWN
from sandbox import RunLimits
from tests.support import ROOT

MIB = 1024 * 1024
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", reference().PAGES)
def test_a_reference_page_is_what_the_code_says_now(name):
    assert (ROOT / "docs" / name).read_text() == reference().PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("https://", "#")):
            continue
        assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_by_a_page_exists(page):
    for name in re.findall(
        r"`((?:sandbox|runner|records|web|scripts|tests|docs|benchmarks)/[\w./-]*)`", page.read_text()
    ):
        assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_every_command_named_by_a_page_exists():
    page_maker = reference()
    known = {name: context.command for name, context in page_maker.each_command(page_maker.commands, "session-status")}
    asking = {name for name, _ in page_maker.over_http()}
    for page in PAGES:
        text = page.read_text()
        for first, second in re.findall(r"session-status --service \S+ ([a-z-]+) ([a-z-]+)", text):
            assert f"session-status --service ADDRESS {first} {second}" in asking, f"{page.name}: {first} {second}"
        for first, second in re.findall(r"session-status ([a-z][a-z-]+)(?: ([a-z-]+))?", text):
            name = f"session-status {first}"
            assert name in known, f"{page.name}: {name}"
            if second and hasattr(known[name], "commands"):
                assert f"{name} {second}" in known, f"{page.name}: {name} {second}"


def test_every_setting_named_by_a_page_exists():
    known = {setting.name for setting in reference().SETTINGS} | AUTHORS_OWN | {"SESSION_STATUS_JAIL"}
    for page in PAGES:
        for name in re.findall(r"\b(SESSION_STATUS_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", page.read_text()):
            assert name in known, f"{page.name}: {name}"


def test_the_authors_guide_names_limits_and_times_as_the_code_has_them():
    text, usual = (ROOT / "docs" / "authors.md").read_text(), RunLimits()
    budgets = (
        f"{usual.wall_s:g} seconds, {usual.cpu_s:g} second of CPU time, {usual.memory_bytes // MIB} MiB of memory, "
        f"{usual.calls} calls, {usual.read_bytes // MIB} MiB of answers and {usual.log_lines} log lines"
    )
    for said in (
        budgets,
        f"A run may write {usual.log_lines} lines;",
        f"The first {usual.log_chars} characters of each line are kept",
        f"{Implementation.__table__.c.last_good_minutes.default.arg} minutes by default",
    ):
        assert said in text, said


def test_the_pythons_that_pages_promise_are_those_of_the_package_and_each_was_run():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first, beyond = (int(minor) for minor in re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups())
    supported = [f"3.{minor}" for minor in range(first, beyond)]
    assert [name.rpartition(" ")[2] for name in project["classifiers"] if " Python :: " in name] == supported
    promise = re.search(r"On Linux with Python ([\d., or]+) \(", (ROOT / "README.md").read_text()).group(1)
    assert re.findall(r"3\.\d+", promise) == supported
    rows = re.findall(r"^\| CPython (3\.\d+)\.\d+ .*\| green \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert sorted(set(rows)) == supported


#: Files of the reader's own, in examples.
OF_READERS = {"my_script.py", "credit.py"}


def test_files_that_code_and_pages_name_are_there():
    """A file that was renamed leaves its old name in the prose of others, where nobody finds it any more."""
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    prose = [ROOT / name for name in files if not name.startswith("tests/")] + list((ROOT / "docs").glob("*.md"))
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in prose
        for name in re.findall(r"`((?:[\w./-]+/)?\w+\.py)`", path.read_text())
    }
    ends = {"/".join(parts[start:]) for parts in (name.split("/") for name in files) for start in range(len(parts))}
    assert len(named) > 100
    assert not {(path, name) for path, name in named if name not in ends | OF_READERS}
