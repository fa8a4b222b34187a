"""Rewrites a `match` statement to `if` statements whose every step goes through a guard or is a plain comparison.

    match subject:                       _match0_ = subject
        case {"kind": "a", "n": n}:      if _is_mapping_(_match0_) and "kind" in _match0_ and "n" in _match0_ and
            …                                _getitem_(_match0_, "kind") == "a" and _bound_(n := _getitem_(_match0_, "n")):

So Python's own `match`, which asks types and reads attributes by itself, never runs, and a run with probes sees comparisons.
As in Python, names are bound after all of a pattern matched, and before its guard is asked. No script can name `_match0_`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from RestrictedPython.transformer import copy_locations

from .match_patterns import is_irrefutable

#: Makes the expression of a part of the subject; a new one each time, because a tree must not hold a node twice.
Path = Callable[[], ast.expr]


def rewritten(node: ast.Match, name: str, visit: Callable[[ast.AST], Any]) -> list[ast.stmt]:
    """The statements in place of `match`; `name` holds the subject, `visit` transforms what the script wrote."""

    def subject() -> ast.expr:
        return ast.Name(name, ast.Load())

    rest: list[ast.stmt] = []
    for case in reversed(node.cases):
        bindings = list(_bindings(case.pattern, subject))
        body = [part for statement in case.body for part in _listed(visit(statement))]
        if case.guard is None and is_irrefutable(case.pattern):
            rest = [*(_placed(ast.Assign([_target(one)], value), case.pattern) for one, value in bindings), *body]
            continue
        tests = [*_tests(case.pattern, subject)]
        tests += [_call("_bound_", ast.NamedExpr(_target(one), value)) for one, value in bindings]
        tests += [visit(case.guard)] if case.guard is not None else []
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
        rest = [_placed(ast.If(test, body, rest), case.pattern)]
    return [_placed(ast.Assign([_target(name)], visit(node.subject)), node), *rest]


def _tests(pattern: ast.pattern, path: Path) -> Iterator[ast.expr]:
    if isinstance(pattern, ast.MatchValue):
        yield ast.Compare(path(), [ast.Eq()], [pattern.value])
    elif isinstance(pattern, ast.MatchSingleton):
        yield ast.Compare(path(), [ast.Is()], [ast.Constant(pattern.value)])
    elif isinstance(pattern, ast.MatchAs):
        if pattern.pattern is not None:
            yield from _tests(pattern.pattern, path)
    elif isinstance(pattern, ast.MatchOr):
        ways = [[*_tests(part, path)] or [ast.Constant(value=True)] for part in pattern.patterns]
        yield ast.BoolOp(ast.Or(), [way[0] if len(way) == 1 else ast.BoolOp(ast.And(), way) for way in ways])
    elif isinstance(pattern, ast.MatchSequence):
        has_star = any(isinstance(part, ast.MatchStar) for part in pattern.patterns)
        yield _call("_is_sequence_", path())
        compare = ast.GtE() if has_star else ast.Eq()
        yield ast.Compare(_call("_length_", path()), [compare], [ast.Constant(len(pattern.patterns) - has_star)])
        for part, inner in _elements(pattern, path):
            yield from _tests(part, inner)
    elif isinstance(pattern, ast.MatchMapping):
        yield _call("_is_mapping_", path())
        yield from (ast.Compare(_copied(key), [ast.In()], [path()]) for key in pattern.keys)
        for key, part in zip(pattern.keys, pattern.patterns, strict=True):
            yield from _tests(part, _item(path, key))


def _bindings(pattern: ast.pattern, path: Path) -> Iterator[tuple[str, ast.expr]]:
    """Each name that the pattern binds, with the expression of its value."""
    if isinstance(pattern, ast.MatchAs):
        if pattern.pattern is not None:
            yield from _bindings(pattern.pattern, path)
        yield from [(pattern.name, path())] if pattern.name else []
    elif isinstance(pattern, ast.MatchSequence):
        for index, part in enumerate(pattern.patterns):
            if isinstance(part, ast.MatchStar) and part.name:
                after = len(pattern.patterns) - index - 1
                yield part.name, _call("_middle_", path(), ast.Constant(index), ast.Constant(after))
        for part, inner in _elements(pattern, path):
            yield from _bindings(part, inner)
    elif isinstance(pattern, ast.MatchMapping):
        for key, part in zip(pattern.keys, pattern.patterns, strict=True):
            yield from _bindings(part, _item(path, key))
        if pattern.rest:
            keys = ast.Tuple([_copied(key) for key in pattern.keys], ast.Load())
            yield pattern.rest, _call("_without_keys_", path(), keys)


def _elements(pattern: ast.MatchSequence, path: Path) -> Iterator[tuple[ast.pattern, Path]]:
    """The parts of a sequence that are no star, each with its path: behind a star they are counted from the end."""
    seen_star = False
    for index, part in enumerate(pattern.patterns):
        if isinstance(part, ast.MatchStar):
            seen_star = True
        else:
            yield part, _item(path, ast.Constant(index - len(pattern.patterns) if seen_star else index))


def _item(path: Path, key: ast.expr) -> Path:
    return lambda: _call("_getitem_", path(), _copied(key))


def _copied(key: ast.expr) -> ast.expr:
    """A literal once more."""
    if isinstance(key, ast.UnaryOp):
        return ast.UnaryOp(key.op, _copied(key.operand))
    assert isinstance(key, ast.Constant)
    return ast.Constant(key.value)


def _call(guard: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(guard, ast.Load()), [*arguments], [])


def _target(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


def _placed(node: Any, place: ast.stmt | ast.pattern) -> Any:
    copy_locations(node, place)
    return node


def _listed(visited: Any) -> Sequence[ast.stmt]:
    return visited if isinstance(visited, list) else [visited]
