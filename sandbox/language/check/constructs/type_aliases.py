"""Finds type aliases at module level: names for types with brackets or of `typing`, which only annotations use.

Annotations are dropped, and so are the aliases: nothing of them is evaluated, so they may say whatever helps a reader.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection

from sandbox.language.offered import BUILTIN_NAMES, EXCEPTION_NAMES, SANDBOX_NAMES

from .own_names import is_reserved

#: Built-in types that may have brackets.
TYPE_NAMES = frozenset({"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple", "type"})

#: Names whose other meaning a script cannot give up without saying so.
_TAKEN = frozenset((*BUILTIN_NAMES, *EXCEPTION_NAMES, *SANDBOX_NAMES, "API_LEVEL"))


def may_be_alias(node: ast.stmt) -> bool:
    """Whether a statement has the form of an alias."""
    return isinstance(node, ast.Assign) and isinstance(
        node.value, ast.Subscript | ast.BinOp | ast.Attribute | ast.Call | ast.Name
    )


def alias_name(node: ast.stmt, dropped: Collection[str], bound: Counter[str]) -> str | None:
    """The name that a statement gives to a type and to nothing else; None if it does not, or the name has other values, too.

    `dropped` are the names that imports of `typing` and earlier aliases would have bound, `bound` counts all bindings.
    """
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    (target,) = node.targets
    if not isinstance(target, ast.Name) or bound[target.id] > 1 or target.id in _TAKEN or is_reserved(target.id):
        return None
    known = frozenset(name for name in dropped if not bound[name] and name not in _TAKEN)  # stubs name both kinds
    is_alias = _only_helps_readers(node.value, known, bound) and _is_type(node.value, known, bound)
    return target.id if is_alias else None


def _only_helps_readers(node: ast.expr, dropped: frozenset[str], bound: Counter[str]) -> bool:
    """Whether this has a part that a run could not evaluate."""
    if isinstance(node, ast.BinOp):
        return any(_only_helps_readers(part, dropped, bound) for part in (node.left, node.right))
    if isinstance(node, ast.Subscript):
        return _root(node.value) in dropped or (
            isinstance(node.value, ast.Name) and _is_type(node.value, dropped, bound)
        )
    return _root(node.func if isinstance(node, ast.Call) else node) in dropped


def _is_type(node: ast.expr, dropped: frozenset[str], bound: Counter[str]) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and all(
            _is_type(part, dropped, bound) for part in (node.left, node.right)
        )
    if isinstance(node, ast.Subscript):
        return _is_type(node.value, dropped, bound)
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, str)
    if isinstance(node, ast.Call):
        return _root(node.func) in dropped
    if isinstance(node, ast.Name) and node.id in TYPE_NAMES:
        return not bound[node.id]
    return bool(_root(node)) and not isinstance(node, ast.Call)


def _root(node: ast.expr) -> str:
    """The name from which something is read with dots; empty if there is none."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
