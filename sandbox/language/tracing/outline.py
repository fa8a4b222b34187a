"""The lines of a script that can run, and where each `if`, `while`, `for` and `match` can lead, read from the tree as it was written.

Lines are the first lines of statements; a docstring is none. A branch is a pair of lines. One that leaves a function has
the negative line of its `def` as target, as in coverage.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.language.check.constructs.match_patterns import is_irrefutable

#: Line and column, from 1 and from 0: the place of a statement, which the policy keeps.
Place = tuple[int, int]


@dataclass(frozen=True)
class Branch:
    """Where a statement can lead: when its test is true or its body is entered, and when not."""

    line: int
    entered: int
    left: int | None  #: None where another test follows that counts for it


@dataclass
class Outline:
    """What a tree shows before the policy rewrites it."""

    statements: set[Place] = field(default_factory=set)
    branches: dict[Place, Branch] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[int, ...]:
        """The first lines of all statements, sorted."""
        return tuple(sorted({line for line, _ in self.statements}))


def outline_of(tree: ast.Module) -> Outline:
    """The outline of a tree without annotations."""
    outline = Outline()
    _read_body(tree.body, 0, outline)
    return outline


def place_of(node: ast.stmt | ast.pattern) -> Place:
    """Where a statement begins, or the pattern that the policy makes one of."""
    return node.lineno, node.col_offset


def _read_body(body: list[ast.stmt], after: int, outline: Outline) -> None:
    """Read statements in a row; `after` is the line that follows the last one."""
    for index, node in enumerate(body):
        if is_text(node):
            continue
        outline.statements.add(place_of(node))
        _read_statement(node, _first_line(body[index + 1 :], after), outline)


def _read_statement(node: ast.stmt, after: int, outline: Outline) -> None:
    if isinstance(node, ast.FunctionDef):
        _read_body(node.body, -node.lineno, outline)
    elif isinstance(node, ast.If):
        _add_branch(node, after, outline)
        _read_body(node.body, after, outline)
        _read_body(node.orelse, after, outline)
    elif isinstance(node, ast.For | ast.While):
        _add_branch(node, after, outline)
        _read_body(node.body, node.lineno, outline)
        _read_body(node.orelse, after, outline)
    elif isinstance(node, ast.Try):
        _read_try(node, after, outline)
    elif isinstance(node, ast.Match):
        _read_match(node, after, outline)


def _read_try(node: ast.Try, after: int, outline: Outline) -> None:
    then = _first_line(node.finalbody, after)
    _read_body(node.body, _first_line(node.orelse, then), outline)
    _read_body(node.orelse, then, outline)
    for handler in node.handlers:
        _read_body(handler.body, then, outline)
    _read_body(node.finalbody, after, outline)


def _read_match(node: ast.Match, after: int, outline: Outline) -> None:
    """A `match` leads to each of its bodies, and past the last one if none needs to match."""
    left: int | None = after
    for case in reversed(node.cases):
        if case.guard is None and is_irrefutable(case.pattern):
            left = _first_line(case.body, after)
        else:
            entered = _first_line(case.body, after)
            outline.branches[place_of(case.pattern)] = Branch(node.lineno, entered, left)
            left = None
        _read_body(case.body, after, outline)


def _add_branch(node: ast.If | ast.While | ast.For, after: int, outline: Outline) -> None:
    if not isinstance(node, ast.For) and isinstance(node.test, ast.Constant):
        return  # `while True` leads to one place only
    entered = _first_line(node.body, after)
    outline.branches[place_of(node)] = Branch(node.lineno, entered, _first_line(node.orelse, after))


def _first_line(body: list[ast.stmt], otherwise: int) -> int:
    return next((node.lineno for node in body if not is_text(node)), otherwise)


def is_text(node: ast.stmt) -> bool:
    """Whether the statement is a docstring or another constant, which Python does not compile."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def bodies_of(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements directly inside a node."""
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body:
            yield body
