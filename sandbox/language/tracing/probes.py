"""Puts probes into a tree that the policy has already rewritten: what a run passes, tests and compares.

Probes only hear of a value and give it back, so that the code means the same with them. Invariant for the next editor:
this works on the result of the policy, adds calls of names that no script can bind or name, and removes nothing.
"""

# ruff: noqa: D102 -- methods named after node types, as the ast module asks; the names say what they visit

from __future__ import annotations

import ast
from dataclasses import dataclass

from .outline import Branch, Outline, bodies_of, place_of

LINE, TRUTH, OPERAND = "_probe_line_", "_probe_truth_", "_probe_operand_"
PROBES = (LINE, TRUTH, OPERAND)


@dataclass(frozen=True)
class Site:
    """One place whose outcomes count: a test, a comparison, or a branch with its two targets."""

    line: int
    entered: int | None = None
    left: int | None = None


class ProbeInserter(ast.NodeTransformer):
    """Changes a tree in place; `sites` are numbered in the order in which they are found."""

    def __init__(self, outline: Outline) -> None:
        self.sites: list[Site] = []
        self._outline = outline

    def insert(self, tree: ast.Module) -> None:
        """Put the probes of expressions first, then those of lines, which are statements of their own."""
        self.visit(tree)
        for node in list(ast.walk(tree)):
            for body in bodies_of(node):
                body[:] = self._with_line_probes(body)
        ast.fix_missing_locations(tree)

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._visit_branch(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._visit_branch(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        branch = self._outline.branches.get(place_of(node))
        if branch is not None:
            site = self._add_site(branch)
            node.body.insert(0, _statement(TRUTH, [_constant(site), _constant(1)], node))
            node.orelse.insert(0, _statement(TRUTH, [_constant(site), _constant(0)], node))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = self._tested(node.test)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        node.values = [self._tested(value) for value in node.values]
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        node.test = self._tested(node.test)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [self._tested(test) for test in node.ifs]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        self.sites.append(Site(node.lineno))
        parts = [node.left, *node.comparators]
        site = len(self.sites) - 1
        probed = [
            _call(OPERAND, [_constant(site), self._step(node, index), part], part) for index, part in _each(parts)
        ]
        node.left, node.comparators = probed[0], [*probed[1:]]
        return node

    def _step(self, node: ast.Compare, index: int) -> ast.expr:
        """Which comparison the operand ends: "" for the first operand."""
        return _constant(type(node.ops[index - 1]).__name__ if index else "")

    def _visit_branch(self, node: ast.If | ast.While) -> ast.AST:
        self.generic_visit(node)
        branch = self._outline.branches.get(place_of(node))
        node.test = self._tested(node.test, branch)
        return node

    def _tested(self, test: ast.expr, branch: Branch | None = None) -> ast.expr:
        site = self._add_site(branch or Branch(test.lineno, 0, 0), is_branch=branch is not None)
        return _call(TRUTH, [_constant(site), test], test)

    def _add_site(self, branch: Branch, *, is_branch: bool = True) -> int:
        targets = (branch.entered, branch.left) if is_branch else (None, None)
        self.sites.append(Site(branch.line, *targets))
        return len(self.sites) - 1

    def _with_line_probes(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Put a probe before each written statement; of several that the policy made of one, before the last."""
        places = [place_of(node) for node in body]
        probed: list[ast.stmt] = []
        for index, node in enumerate(body):
            if places[index] in self._outline.statements and places[index] not in places[index + 1 :]:
                probed.append(_statement(LINE, [_constant(node.lineno)], node))
            probed.append(node)
        return probed


def _each(parts: list[ast.expr]) -> list[tuple[int, ast.expr]]:
    return list(enumerate(parts))


def _constant(value: int | str) -> ast.Constant:
    return ast.Constant(value)


def _call(name: str, arguments: list[ast.expr], place: ast.AST) -> ast.Call:
    return _placed(ast.Call(ast.Name(name, ast.Load()), arguments, []), place)


def _statement(name: str, arguments: list[ast.expr], place: ast.AST) -> ast.stmt:
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), arguments, []))
    # column 0 and no width: it is the place of no written statement
    for node in ast.walk(call):
        if isinstance(node, ast.expr | ast.stmt):
            node.lineno = node.end_lineno = place.lineno  # type: ignore[attr-defined]  # every statement has a line
            node.col_offset = node.end_col_offset = -1
    return call


def _placed(node: ast.Call, place: ast.AST) -> ast.Call:
    for part in (node, node.func, *node.args):
        if not hasattr(part, "lineno"):
            ast.copy_location(part, place)
    return node
