"""Checks the shape of a script: docstring, imports, constants and functions, one of them `status`.

Code at module level runs before `status` is called, so it is limited to what a reviewer can read at a glance: functions,
and values that follow from the text alone.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator

from sandbox.language.api_levels import DEFAULT_LEVEL, LEVELS
from sandbox.language.rules.findings import Findings

from .api.type_brackets import is_type_with_brackets
from .api.value_kinds import ENTRY_ARGUMENTS, ValueKinds, has_arguments
from .cascades import refused_imports
from .imports import bindings
from .module_constants import ConstantReader
from .names import ScriptNames

#: Statements that the syntax check refuses by name; they need no second finding as steps.
_REFUSED_ELSEWHERE = (
    "ClassDef",
    "AsyncFunctionDef",
    "AsyncFor",
    "With",
    "AsyncWith",
    "Global",
    "TryStar",
    "TypeAlias",
)

_SUGGESTED_LINES = 30
_LISTED_LINES = 5


def check_shape(tree: ast.Module, values: ValueKinds, dropped: Collection[str], findings: Findings) -> None:
    """Report what a script must not have at module level, and what is missing; `dropped` are names of typing."""
    names = values.names
    steps = _without_consequences(_steps(tree, names, dropped, findings), refused_imports(tree))
    _check_redefinitions(tree, findings)
    _check_level(tree, findings)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "status"]
    if steps:
        _report_steps(steps, findings)
    elif not functions:
        findings.at(*_end_of(findings, tree), "no-status")
    for function in functions:
        if not has_arguments(function.args, list(ENTRY_ARGUMENTS["status"])):
            findings.node(function, "status-arguments")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "prepare" and node is not values.prepare:
            findings.node(node, "prepare-arguments")


def _end_of(findings: Findings, tree: ast.Module) -> tuple[int, int]:
    """Where a function would be added: after the last statement."""
    last = max((node.end_lineno or node.lineno for node in tree.body), default=1)
    return last, len(findings.line_text(last)) + 1


def _steps(tree: ast.Module, names: ScriptNames, dropped: Collection[str], findings: Findings) -> list[ast.stmt]:
    steps = []
    functions = {node.name: node.lineno for node in tree.body if isinstance(node, ast.FunctionDef)}
    constants = ConstantReader(names, functions)
    for index, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            constants.define(node.name)
        if isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Pass):
            continue
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and (index == 0 or isinstance(node.value.value, str))
        ):
            continue
        if _is_main_guard(node):
            findings.node(node, "main-guard")
        elif isinstance(node, ast.Assign) and constants.take(node):
            continue
        elif type(node).__name__ not in _REFUSED_ELSEWHERE and not _is_type_alias(node, names, dropped):
            steps.append(node)
    for early in constants.early:
        findings.node(early.node, "used-early", name=early.node.id, line=early.line)
    return steps


def _without_consequences(steps: list[ast.stmt], refused: Collection[str]) -> list[ast.stmt]:
    """Leave out assignments that are steps only because a name in them was imported and refused."""
    left, unknown = [], set(refused)
    for node in steps:
        if isinstance(node, ast.Assign) and any(
            isinstance(part, ast.Name) and part.id in unknown for part in ast.walk(node.value)
        ):
            unknown.update(_targets(node))
        else:
            left.append(node)
    return left


def _targets(node: ast.Assign) -> list[str]:
    return [part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _is_type_alias(node: ast.stmt, names: ScriptNames, dropped: Collection[str]) -> bool:
    """Whether this gives a name to a type with brackets, which has a finding of its own."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Subscript):
        return False
    kind = node.value.value
    is_typing = isinstance(kind, ast.Name) and kind.id in dropped and not names.bound[kind.id]
    return is_typing or is_type_with_brackets(node.value, names.bound)


def _is_main_guard(node: ast.stmt) -> bool:
    if not isinstance(node, ast.If):
        return False
    return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))


def _report_steps(steps: list[ast.stmt], findings: Findings) -> None:
    """Report all steps as one finding, with the lines as they should be written."""
    numbers = sorted({node.lineno for node in steps})
    lines: list[str] = []
    for node in steps:
        lines.extend(findings.line_text(number) for number in range(node.lineno, (node.end_lineno or node.lineno) + 1))
    more = len(lines) > _SUGGESTED_LINES
    body = "\n".join([*lines[:_SUGGESTED_LINES], *(["…"] if more else [])])
    suggestion = "def status(user, session, api):\n" + textwrap.indent(body, "    ")
    shown = ", ".join(str(number) for number in numbers[:_LISTED_LINES])
    shown += ", …" if len(numbers) > _LISTED_LINES else ""
    where = f"line {shown}" if len(numbers) == 1 else f"lines {shown}"
    findings.node(steps[0], "module-steps", lines=where, suggestion=suggestion)


def _check_redefinitions(tree: ast.Module, findings: Findings) -> None:
    first: dict[str, int] = {}
    for node in tree.body:
        for name in _defined(node):
            if name in first:
                findings.node(node, "name-twice", name=name, line=first[name])
            first.setdefault(name, node.lineno)


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from _targets(node)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for _, name, _ in bindings(node) if f"{name}.parse" not in modules)


def declared_level(tree: ast.Module) -> int:
    """Return the level of the script API that an accepted script was written for."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and "API_LEVEL" in _defined(node) and isinstance(node.value, ast.Constant):
            return int(str(node.value.value))
    return DEFAULT_LEVEL


def _check_level(tree: ast.Module, findings: Findings) -> None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and "API_LEVEL" in _defined(node):
            value = node.value.value if isinstance(node.value, ast.Constant) else None
            if type(value) is not int or value not in LEVELS:
                findings.node(node, "api-level", levels=" or ".join(map(str, LEVELS)), level=max(LEVELS))
