"""Drops what only helps readers and type checkers: annotations, type aliases, and imports of `typing`, `__future__` and our stubs.

Annotations would be evaluated when a function is defined. Because they are dropped before anything else looks at the
tree, they may contain whatever helps a reader and can do nothing.
"""

# ruff: noqa: D102 -- methods named after node types, as the ast module asks; the names say what they visit

from __future__ import annotations

import ast
from collections import Counter

from sandbox.language.offered import DROPPED_MODULES

from .constructs.type_aliases import alias_name, may_be_alias
from .names import bound_by


class AnnotationDropper(ast.NodeTransformer):
    """Changes a tree in place; `dropped` maps each name that a dropped import would have bound to its module.

    The name of a type alias is mapped to an empty text.
    """

    def __init__(self) -> None:
        self.dropped: dict[str, str] = {}

    def visit_Module(self, node: ast.Module) -> ast.AST:
        self.generic_visit(node)
        candidates = [index for index, statement in enumerate(node.body) if may_be_alias(statement)]
        bound = Counter(name for part in ast.walk(node) for name in bound_by(part)) if candidates else Counter()
        for index in candidates:
            statement = node.body[index]
            name = alias_name(statement, self.dropped, bound)
            if name is not None:
                self.dropped[name] = ""
                bound[name] = 0
                node.body[index] = ast.copy_location(ast.Pass(), statement)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        assign = ast.Assign(targets=[node.target], value=self.visit(node.value))
        return ast.copy_location(assign, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if node.module not in DROPPED_MODULES or node.level or any(alias.name == "*" for alias in node.names):
            return node
        for alias in node.names:
            self.dropped[alias.asname or alias.name] = node.module
        return ast.copy_location(ast.Pass(), node)

    def visit_Import(self, node: ast.Import) -> ast.AST:
        kept = []
        for alias in node.names:
            if alias.name in DROPPED_MODULES:
                self.dropped[alias.asname or alias.name] = alias.name
            else:
                kept.append(alias)
        node.names = kept
        return node if kept else ast.copy_location(ast.Pass(), node)
