"""Drops what only helps readers and type checkers: annotations, and imports of `typing`, `__future__` and our stubs.

Annotations would be evaluated when a function is defined. Because they are dropped before anything else looks at the
tree, they may contain whatever helps a reader and can do nothing.
"""

# ruff: noqa: D102 -- methods named after node types, as the ast module asks; the names say what they visit

from __future__ import annotations

import ast

from sandbox.language.offered import DROPPED_MODULES


class AnnotationDropper(ast.NodeTransformer):
    """Changes a tree in place; `dropped` maps each name that a dropped import would have bound to its module."""

    def __init__(self) -> None:
        self.dropped: dict[str, str] = {}

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
