"""Collects the messages that are known before a run: `message(...)` calls with literal arguments.

The message contract is checked on them before any run, so that an author learns of a bad colour at review.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping

from sandbox.language.rules.findings import Findings
from sandbox.outcomes import MessageLiteral

from .names import ScriptNames

_PARAMETERS = ("text", "link", "color")


def message_literals(tree: ast.Module, names: ScriptNames, findings: Findings) -> tuple[MessageLiteral, ...]:
    """Every call of `message` with at least one argument that is a literal or a constant of the script."""
    constants = _text_constants(tree, names)
    found = []
    for node in names.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message":
            plain = itertools.takewhile(lambda part: not isinstance(part, ast.Starred), node.args)
            arguments = dict(zip(_PARAMETERS, plain, strict=False))
            arguments.update({keyword.arg: keyword.value for keyword in node.keywords if keyword.arg in _PARAMETERS})
            values = [_text(arguments.get(name), constants) for name in _PARAMETERS]
            if any(value is not None for value in values):
                found.append(MessageLiteral(*findings.place(node), *values))
    return tuple(sorted(found, key=lambda literal: (literal.line, literal.column)))


def _text_constants(tree: ast.Module, names: ScriptNames) -> dict[str, str]:
    constants = {}
    for node in tree.body:
        value = node.value.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) else None
        if isinstance(node, ast.Assign) and isinstance(value, str):
            constants.update({t.id: value for t in node.targets if isinstance(t, ast.Name) and names.bound[t.id] == 1})
    return constants


def _text(node: ast.expr | None, constants: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id) if isinstance(node, ast.Name) else None
