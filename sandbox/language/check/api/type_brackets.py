"""Checks types with brackets outside of annotations: `dict[str, str]` is evaluated there, and the types of a script have no items."""

from __future__ import annotations

import ast
from collections.abc import Container

from sandbox.language.check.constructs.type_aliases import TYPE_NAMES

from .judge import ApiJudge


def is_type_with_brackets(node: ast.AST, bound: Container[str]) -> bool:
    """Whether this is a built-in type with brackets; `bound` has the names that the script itself binds."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return False
    return node.value.id in TYPE_NAMES and node.value.id not in bound


def check_type_brackets(judge: ApiJudge, node: ast.Subscript) -> None:
    """Report the outermost type with brackets."""
    if (
        not isinstance(node.ctx, ast.Load)
        or node in judge.explained
        or not is_type_with_brackets(node, judge.values.names.bound)
    ):
        return
    judge.explained.update(part for part in ast.walk(node.slice) if isinstance(part, ast.Subscript))
    assert isinstance(node.value, ast.Name)
    judge.report(node, "type-brackets", source=judge.source(node, f"{node.value.id}[…]"), name=node.value.id)
