"""Checks the use of the script API: visits every part of a script once and asks the checks of this folder.

What a script itself expects to fail, in a `try` that names the error, is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.language.check.names import ScriptNames
from sandbox.language.rules.findings import Findings

from .beginnings import check_link
from .calls import check_call
from .error_handling import check_error_kind, check_handlers
from .fields import (
    check_attribute,
    check_called,
    check_dict_method,
    check_item,
    check_membership,
    is_uncalled,
    report_uncalled,
)
from .judge import ApiJudge
from .operators import check_arithmetic, check_compare, check_extremes
from .returns import check_dropped, check_prepare, check_returns
from .type_brackets import check_type_brackets
from .value_kinds import ValueKinds

_EXPECTED_ERRORS = frozenset({"AttributeError", "TypeError", "LookupError", "KeyError"})


def check_api(tree: ast.Module, names: ScriptNames, findings: Findings) -> tuple[ValueKinds, set[ast.AST]]:
    """Report wrong uses of the script API; return the followed values, and the nodes that need no other finding."""
    values = ValueKinds(tree, names)
    judge = ApiJudge(values, findings)
    for node in _judged(tree, names):
        if findings.is_full:
            break
        _check(judge, node)
    check_returns(judge)
    check_prepare(judge)
    return values, judge.explained


def _check(judge: ApiJudge, node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        check_dict_method(judge, node)
        check_call(judge, node)
        check_called(judge, node)
        check_extremes(judge, node)
        check_link(judge, node)
    elif isinstance(node, ast.Attribute):
        check_attribute(judge, node)
    elif isinstance(node, ast.Subscript):
        check_item(judge, node)
        check_type_brackets(judge, node)
    elif isinstance(node, ast.Compare):
        check_membership(judge, node)
        check_compare(judge, node)
        check_error_kind(judge, node)
    elif isinstance(node, ast.BinOp):
        check_arithmetic(judge, node)
    elif isinstance(node, ast.Try):
        check_handlers(judge, node)
    elif isinstance(node, ast.Expr):
        check_dropped(judge, node)
    for part in _tested(node):
        if isinstance(part, ast.Attribute) and is_uncalled(judge.values.of(part)):
            report_uncalled(judge, part)


def _tested(node: ast.AST) -> list[ast.expr]:
    """Parts of a node in which a function that is not called is a mistake: conditions, loops and parts of texts.

    A name may stand there for a function that a caller can leave out, so only `answer.json` and the like are looked at.
    """
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.For | ast.comprehension):
        return [node.iter]
    if isinstance(node, ast.Match):
        return [node.subject]
    if isinstance(node, ast.FormattedValue):
        return [node.value]
    return [node.operand] if isinstance(node, ast.UnaryOp) else []


def _judged(tree: ast.Module, names: ScriptNames) -> Iterator[ast.AST]:
    """Every node before its parts, without the blocks whose errors the script expects."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        yield node
        skipped = set(node.body) if isinstance(node, ast.Try) and _expects(node, names) else set()
        left.extend(child for child in ast.iter_child_nodes(node) if child not in skipped)


def _expects(node: ast.Try, names: ScriptNames) -> bool:
    kinds = [handler.type for handler in node.handlers if handler.type is not None]
    single = [part for kind in kinds for part in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
    return any(names.meaning(kind) in _EXPECTED_ERRORS for kind in single)
