"""Identifiers: one pattern for what an implementation is called, one for a session, and none like them elsewhere."""

import ast
import re
import warnings
from pathlib import Path

import pytest

from records import fields
from tests.support import ROOT

#: What each kind of pattern takes and refuses, so that another spelling of it is found as well.
KINDS = {
    "slug": (("a", "aha26", "Annual-Meeting_2026", "A" * 60), ("", "a/b", "a b", "a.b", "é", "a" * 200)),
    "session": (("7", "S-1_a", "day1.s2:a~b", "a" * 120), ("", "a/b", "a b", "é", "a" * 300)),
}


def kinds_of(pattern: str) -> set[str]:
    """The kinds of identifiers which a pattern describes; none for what is no pattern."""
    if "[" not in pattern and "\\w" not in pattern:
        return set()
    try:
        with warnings.catch_warnings(action="ignore"):  # most texts are no pattern
            compiled = re.compile(pattern)
    except re.error:
        return set()
    return {
        kind
        for kind, (taken, refused) in KINDS.items()
        if all(map(compiled.fullmatch, taken)) and not any(map(compiled.fullmatch, refused))
    }


def patterns_of(path: Path) -> set[str]:
    """Every text of a file that may be a pattern."""
    text = path.read_text()
    if path.suffix == ".py":
        nodes = ast.walk(ast.parse(text))
        return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return set(re.findall(r"/\^?([^/\n]+?)\$?/", text)) | set(re.findall(r"pattern=[\"']([^\"']+)", text))


def test_both_patterns_are_recognised_by_what_they_take():
    assert kinds_of(fields.SLUG.pattern) == {"slug"}
    assert kinds_of(fields.SESSION_ID.pattern) == {"session"}
    assert kinds_of(r"^[\w-]{1,63}$") == set()  # takes other letters, too
    assert kinds_of("^[-_a-zA-Z0-9]{1,64}$") == {"slug"}


def test_no_other_file_has_a_pattern_for_implementations_or_sessions():
    files = [
        path
        for folder in ("sandbox", "records", "runner", "web", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".html")
    ]
    found = {
        (path.relative_to(ROOT).as_posix(), kind)
        for path in [*files, ROOT / "worker.py"]
        for pattern in patterns_of(path)
        for kind in kinds_of(pattern)
    }
    assert found == {("records/fields.py", "slug"), ("records/fields.py", "session")}


@pytest.mark.parametrize("value", [None, 7, "", "-a", ".a", "a b", "a/b", "é", "a" * 129, "a\n"])
def test_an_unusable_session_id_is_refused_in_the_words_of_the_rule(value):
    with pytest.raises(ValueError, match="must be 1 to 128 letters"):
        fields.session_id(value)


@pytest.mark.parametrize("value", ["a", "_", "7", "_-.:~", "a" * 128])
def test_a_session_id_is_taken_as_it_is(value):
    assert fields.session_id(value) == value
