"""Every exception from a lint rule or from the types names what it excepts, and says why in the same comment."""

import io
import re
import tokenize

import pytest

from tests.support import ROOT

FOLDERS = ("sandbox", "records", "runner", "web", "benchmarks", "docs", "tests", "scripts")

#: A marker of an exception, and the same with codes and a reason.
MARKER = re.compile(r"#\s*(?:ruff: )?noqa\b|type: ignore", re.IGNORECASE)
WITH_REASON = re.compile(r"# (?:ruff: )?noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)* --? \S|# type: ignore\[[a-z,-]+\]  # \S")


def bare(source: str) -> list[int]:
    """The lines with an exception that names no rule or no reason."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT and MARKER.search(token.string)]
    return [token.start[0] for token in comments if not WITH_REASON.search(token.string)]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: E731",
        "x = 1  # noqa: E731 -",
        "x = 1  # NOQA - a reason without a rule",
        "# ruff: noqa",
        "# ruff: noqa: D102",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[misc]",
        "x = 1  # type: ignore  # a reason without a rule",
    ],
)
def test_an_exception_without_a_rule_or_without_a_reason_is_found(line):
    assert bare(line + "\n") == [1]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: E731 - one line for each",
        "x = 1  # noqa: FBT001, FBT002 -- as in the standard library",
        "# ruff: noqa: D102 -- methods named after node types",
        "x = 1  # type: ignore[misc]  # it ships no types",
        'x = "# noqa"',
    ],
)
def test_an_exception_with_both_is_fine(line):
    assert bare(line + "\n") == []


def test_every_exception_says_why():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
        for line in bare(path.read_text())
    ]
    assert not found


def test_every_rule_that_is_switched_off_has_its_reason():
    """In pyproject: each line of the lists of ignored rules ends with a comment, or stands above one line that does."""
    text = (ROOT / "pyproject.toml").read_text()
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    rules = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert rules
    assert not [line for line in rules if not re.search(r"#\s*\S", line)]
