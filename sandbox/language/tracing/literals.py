"""The literals of a script that are worth trying as inputs: texts, numbers, and the keys that are read."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterable, Iterator

#: How many of each are reported, and characters of one text.
MAX_LITERALS, LITERAL_CHARS = 300, 200

_MOMENT = dt.datetime(2026, 5, 4, 13, 30, tzinfo=dt.UTC)
#: Text with the directives of `strptime`, and nothing that could make the result long.
_FORMAT = re.compile(r"(?:[^%]|%[aAbBdHIjmMpSyYzfZ])+")


def texts_of(tree: ast.Module) -> tuple[str, ...]:
    """The texts that a script writes, in their order, each once; docstrings are left out."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    )
    texts = [text for text in found if 0 < len(text) <= LITERAL_CHARS and text.isprintable()]
    return _once([*texts, *_written_moments(texts)])


def _written_moments(texts: Iterable[str]) -> Iterator[str]:
    """A moment in each form that `strptime` may be given."""
    for text in texts:
        written = _MOMENT.strftime(text) if "%" in text and _FORMAT.fullmatch(text) else ""
        if 0 < len(written) <= LITERAL_CHARS:
            yield written


def numbers_of(tree: ast.Module) -> tuple[str, ...]:
    """The numbers that a script writes, as texts."""
    found = (
        str(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) in (int, float)
    )
    return _once(found)


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MAX_LITERALS]
