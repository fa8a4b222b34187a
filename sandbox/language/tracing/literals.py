"""The literals of a script that are worth trying as inputs: texts, numbers, and the keys that are read."""

from __future__ import annotations

import ast
from collections.abc import Iterable

#: How many of each are reported, and characters of one text.
MAX_LITERALS, LITERAL_CHARS = 300, 200


def texts_of(tree: ast.Module) -> tuple[str, ...]:
    """The texts that a script writes, in their order, each once; docstrings are left out."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    )
    return _once(text for text in found if 0 < len(text) <= LITERAL_CHARS and text.isprintable())


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
