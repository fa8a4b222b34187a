"""Finds where a function can end without `return`: the statement after which nothing follows.

A condition counts as one that may be true or false, unless it is a constant. An `if` whose tests cover every case has no
way past them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .complete_tests import are_complete


def open_end(body: Sequence[ast.stmt]) -> ast.stmt | None:
    """The statement after which the function ends without `return`; None if there is none."""
    end: ast.stmt | None = None
    for node in body:
        end = _open_end_of(node)
        if end is None:
            return None
    return end


def _open_end_of(node: ast.stmt) -> ast.stmt | None:
    if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return None
    if isinstance(node, ast.If):
        return _of_branches(node)
    if isinstance(node, ast.While | ast.For):
        return _of_loop(node)
    if isinstance(node, ast.Try):
        return _of_try(node)
    if isinstance(node, ast.With):
        return open_end(node.body)
    if isinstance(node, ast.Match):
        return _of_match(node)
    return None if isinstance(node, ast.Assert) and _is_false(node.test) else node


def _of_branches(node: ast.If, before: tuple[ast.expr, ...] = ()) -> ast.stmt | None:
    """The same for an `if` that follows `before`, the tests of which it is an `elif`."""
    if _is_true(node.test):
        return open_end(node.body)
    tests = (*before, node.test)
    if not node.orelse:
        return open_end(node.body) if are_complete(tests) else node
    inner = node.orelse[0] if len(node.orelse) == 1 else None
    end = _of_branches(inner, tests) if isinstance(inner, ast.If) else open_end(node.orelse)
    return end or open_end(node.body)


def _of_loop(node: ast.While | ast.For) -> ast.stmt | None:
    leaves = _has_break(node.body)
    if leaves:
        return node
    if isinstance(node, ast.While) and _is_true(node.test):
        return None
    return open_end(node.orelse) if node.orelse else node


def _of_try(node: ast.Try) -> ast.stmt | None:
    if node.finalbody and open_end(node.finalbody) is None:
        return None
    ends = [open_end([*node.body, *node.orelse]), *(open_end(handler.body) for handler in node.handlers)]
    return next((end for end in ends if end is not None), None)


def _of_match(node: ast.Match) -> ast.stmt | None:
    for case in node.cases:
        end = open_end(case.body)
        if end is not None:
            return end
    last = node.cases[-1]
    is_complete = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
    return None if is_complete else node


def _has_break(body: Sequence[ast.AST]) -> bool:
    """Whether a `break` leaves the loop that has this body."""
    for node in body:
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        inner: Sequence[ast.AST] = (
            node.orelse if isinstance(node, ast.For | ast.While) else list(ast.iter_child_nodes(node))
        )
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case) and _has_break(inner):
            return True
    return False


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
