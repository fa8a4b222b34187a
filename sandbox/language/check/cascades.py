"""Finds attributes that follow from another finding: those of a refused import, of an unknown name, of a refused class.

The author mends the cause, and what follows from it disappears with it; so it is not reported a second time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from sandbox.language.offered import MODULES

from .constructs.match_patterns import is_literal
from .imports import bindings
from .names import PREDEFINED_NAMES, ScriptNames

#: Through how many assignments a refused name is followed.
_ROUNDS = 4


def consequences(names: ScriptNames, dropped: Mapping[str, str]) -> set[ast.AST]:
    """The attributes that are read from what another finding has refused, and what stands in a refused pattern."""
    patterns = {part for node in names.nodes for refused in _refused_in(node) for part in ast.walk(refused)}
    causes = {name for node in names.nodes for name in _refused_by(node)}
    causes |= {
        node.id
        for node in names.nodes
        if isinstance(node, ast.Name)
        and not names.bound[node.id]
        and node.id not in PREDEFINED_NAMES
        and node not in names.type_names
    }
    causes |= {name for name in dropped if not names.bound[name]}
    if not causes:
        return patterns
    steps = [step for node in names.nodes for step in _assignments(node)]
    for _ in range(_ROUNDS):
        found = {name for name, value in steps if _root(value) in causes}
        if found <= causes:
            break
        causes |= found
    return patterns | {node for node in names.nodes if isinstance(node, ast.Attribute) and _root(node) in causes}


def refused_imports(tree: ast.Module) -> set[str]:
    """The names that refused imports at module level bind."""
    imports = (node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    return {name for node in imports for name in _refused_by(node)}


def _refused_in(node: ast.AST) -> Iterator[ast.expr]:
    """The bases of a class, and the class or the value that is no literal in a pattern of `match`: each has a finding."""
    if isinstance(node, ast.ClassDef):
        yield from node.bases
    elif isinstance(node, ast.MatchClass):
        yield node.cls
    elif isinstance(node, ast.MatchValue) and not is_literal(node.value):
        yield node.value


def _refused_by(node: ast.AST) -> Iterator[str]:
    """The names that a refused statement binds."""
    if isinstance(node, ast.Import):
        offered = {alias.name for alias in node.names if alias.name in MODULES}
        yield from (name for alias, name, _ in bindings(node) if alias.name not in offered)
    elif isinstance(node, ast.ImportFrom):
        known = MODULES.get(node.module or "", ()) if not node.level else ()
        yield from (name for alias, name, _ in bindings(node) if alias.name not in known)
    elif isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
        yield node.optional_vars.id


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
        yield node.target.id, node.iter


def _root(node: ast.expr) -> str:
    """The name from which an expression is read or called; empty if there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
