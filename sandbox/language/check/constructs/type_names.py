"""Recognises `type(value).__name__`, the one use of `type` that scripts have: the policy makes a guard of it that gives a text."""

from __future__ import annotations

import ast
from collections import Counter


def named_value(node: ast.AST, bound: Counter[str]) -> ast.expr | None:
    """The value whose type is named; None if this is something else, or `type` is a name of the script."""
    if not isinstance(node, ast.Attribute) or node.attr != "__name__" or not isinstance(node.ctx, ast.Load):
        return None
    call = node.value
    if not isinstance(call, ast.Call) or call.keywords or len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
        return None
    is_type = isinstance(call.func, ast.Name) and call.func.id == "type" and not bound["type"]
    return call.args[0] if is_type else None
