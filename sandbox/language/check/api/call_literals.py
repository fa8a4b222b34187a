"""Collects the calls to vendors that are known before a run: those whose connection is a literal.

So it can be said before any run which connections and paths a script needs; what is computed is not judged. A connection
or path that a function of the script gets as an argument is looked for in each of its calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.language.rules.findings import Findings
from sandbox.outcomes import CallLiteral

from .scopes import ParameterBinding
from .value_kinds import ValueKinds, argument_of

#: As many calls, and characters of a name and of a path, as the broker accepts.
MAX_CALLS, NAME_CHARS, PATH_CHARS = 1000, 100, 4096
_METHODS = {"Api.get": "GET", "Api.post": "POST"}


def call_literals(values: ValueKinds, findings: Findings) -> tuple[CallLiteral, ...]:
    """The calls whose connection is a literal, in the order of the text, each once."""
    found: dict[CallLiteral, None] = {}
    for node in values.names.nodes:
        if not isinstance(node, ast.Call) or values.of(node.func) - _METHODS.keys() or not values.of(node.func):
            continue
        for kind in sorted(values.of(node.func)):
            for literal in _literals(node, _METHODS[kind], values, findings):
                found.setdefault(literal)
                if len(found) >= MAX_CALLS:
                    return _in_order(found)
    return _in_order(found)


def _in_order(found: dict[CallLiteral, None]) -> tuple[CallLiteral, ...]:
    return tuple(sorted(found, key=lambda one: (one.line, one.column)))


def _literals(node: ast.Call, method: str, values: ValueKinds, findings: Findings) -> Iterator[CallLiteral]:
    connection, path = _argument(node, 0, "connection"), _argument(node, 1, "path")
    caller = _parameter(connection, values)
    if caller is None:
        yield from _literal(node, method, _text(connection, values), _text(path, values), findings)
        return
    for call in (values.calls_of(caller.function) or [])[:MAX_CALLS]:
        passed = _parameter(path, values)
        is_passed = passed is not None and passed.function is caller.function
        shown_path = argument_of(call, passed) if passed is not None and is_passed else path
        connection_text = _text(argument_of(call, caller), values)
        yield from _literal(call, method, connection_text, _text(shown_path, values), findings)


def _literal(
    node: ast.Call, method: str, connection: str | None, path: str | None, findings: Findings
) -> Iterator[CallLiteral]:
    if connection is None or not 0 < len(connection) <= NAME_CHARS:
        return
    shown = path if path is not None and len(path) <= PATH_CHARS else None
    yield CallLiteral(*findings.place(node), method, connection, shown)


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    named = next((word.value for word in node.keywords if word.arg == name), None)
    if named is not None:
        return named
    is_plain = not any(isinstance(part, ast.Starred) for part in node.args[: place + 1])
    return node.args[place] if is_plain and len(node.args) > place else None


def _parameter(node: ast.expr | None, values: ValueKinds) -> ParameterBinding | None:
    bound = values.scopes.bindings(node) if isinstance(node, ast.Name) else []
    return bound[0] if len(bound) == 1 and isinstance(bound[0], ParameterBinding) else None


def _text(node: ast.expr | None, values: ValueKinds) -> str | None:
    """The text of a literal, or of a name that is bound to one only."""
    if isinstance(node, ast.Name):
        bound = values.scopes.bindings(node)
        node = bound[0] if len(bound) == 1 and isinstance(bound[0], ast.Constant) else None
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
