"""Rewrites a `match` statement to `if` statements whose every step goes through a guard or is a plain comparison.

    match subject:                       _match1_ = subject
        case {"kind": "a", "n": n}:      if _is_mapping_(_match1_) and "kind" in _match1_ and "n" in _match1_ and
            …                                _getitem_(_match1_, "kind") == "a" and _bound_(n := _getitem_(_match1_, "n")):

So Python's own `match`, which asks types and reads attributes by itself, never runs, and a run with probes sees comparisons.
As in Python, names are bound after all of a pattern matched, and before its guard is asked. No script can name `_match1_`.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from RestrictedPython.transformer import copy_locations

from .match_patterns import is_irrefutable

#: Makes the expression of a part of the subject; a new one each time, because a tree must not hold a node twice.
Path = Callable[[], ast.expr]


def rewritten(node: ast.Match, name: str, visit: Callable[[ast.AST], Any]) -> list[ast.stmt]:
    """The statements in place of `match`; `name` holds the subject, `visit` transforms what the script wrote."""
    names = (f"{name}{number}_" for number in itertools.count(1))
    rest: list[ast.stmt] = []
    for case in reversed(node.cases):
        reader = _PatternReader(names)
        tests = [*reader.tests(case.pattern, _named(name))]
        bindings = [*reader.bindings(case.pattern, _named(name))]
        body = [part for statement in case.body for part in _listed(visit(statement))]
        if case.guard is None and is_irrefutable(case.pattern):
            rest = [*(_placed(ast.Assign([_target(one)], value), case.pattern) for one, value in bindings), *body]
            continue
        tests += [_bound(one, value) for one, value in bindings]
        tests += [visit(case.guard)] if case.guard is not None else []
        # only the test is walked: the bodies have their places, and the rest of the cases may be long
        test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
        placed = test if hasattr(test, "lineno") else _placed(test, case.pattern)
        rest = [ast.copy_location(ast.If(placed, body, rest), case.pattern)]
    return [_placed(ast.Assign([_target(name)], visit(node.subject)), node), *rest]


class _PatternReader:
    """Makes the tests and the bindings of one pattern. A part that has parts itself gets a name when it is first tested."""

    def __init__(self, names: Iterator[str]) -> None:
        self._names = names
        self._held: dict[ast.pattern, str] = {}

    def tests(self, pattern: ast.pattern, path: Path) -> Iterator[ast.expr]:
        """The tests whose parts are all true if the pattern matches."""
        if isinstance(pattern, ast.MatchValue):
            yield ast.Compare(path(), [ast.Eq()], [pattern.value])
        elif isinstance(pattern, ast.MatchSingleton):
            yield ast.Compare(path(), [ast.Is()], [ast.Constant(pattern.value)])
        elif isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                yield from self.tests(pattern.pattern, path)
        elif isinstance(pattern, ast.MatchOr):
            ways = [[*self.tests(part, path)] or [ast.Constant(value=True)] for part in pattern.patterns]
            yield ast.BoolOp(ast.Or(), [way[0] if len(way) == 1 else ast.BoolOp(ast.And(), way) for way in ways])
        elif isinstance(pattern, ast.MatchSequence):
            has_star = any(isinstance(part, ast.MatchStar) for part in pattern.patterns)
            compare = ast.GtE() if has_star else ast.Eq()
            yield _call("_is_sequence_", path())
            yield ast.Compare(_call("_length_", path()), [compare], [ast.Constant(len(pattern.patterns) - has_star)])
            yield from self._tests_of_parts(_elements(pattern), path)
        elif isinstance(pattern, ast.MatchMapping):
            yield _call("_is_mapping_", path())
            yield from (ast.Compare(_copied(key), [ast.In()], [path()]) for key in pattern.keys)
            yield from self._tests_of_parts(zip(pattern.patterns, pattern.keys, strict=True), path)

    def _tests_of_parts(self, parts: Iterable[tuple[ast.pattern, ast.expr]], path: Path) -> Iterator[ast.expr]:
        for part, key in parts:
            inner = _item(path, key)
            if not isinstance(part, ast.MatchValue | ast.MatchSingleton) and not is_irrefutable(part):
                self._held[part] = next(self._names)
                yield _bound(self._held[part], inner())
                inner = _named(self._held[part])
            yield from self.tests(part, inner)

    def bindings(self, pattern: ast.pattern, path: Path) -> Iterator[tuple[str, ast.expr]]:
        """Each name that the pattern binds, with the expression of its value; asked for after the tests."""
        if isinstance(pattern, ast.MatchAs):
            if pattern.pattern is not None:
                yield from self.bindings(pattern.pattern, path)
            yield from [(pattern.name, path())] if pattern.name else []
        elif isinstance(pattern, ast.MatchSequence):
            for index, part in enumerate(pattern.patterns):
                if isinstance(part, ast.MatchStar) and part.name:
                    after = len(pattern.patterns) - index - 1
                    yield part.name, _call("_middle_", path(), ast.Constant(index), ast.Constant(after))
            yield from self._bindings_of_parts(_elements(pattern), path)
        elif isinstance(pattern, ast.MatchMapping):
            yield from self._bindings_of_parts(zip(pattern.patterns, pattern.keys, strict=True), path)
            if pattern.rest:
                keys = ast.Tuple([_copied(key) for key in pattern.keys], ast.Load())
                yield pattern.rest, _call("_without_keys_", path(), keys)

    def _bindings_of_parts(
        self, parts: Iterable[tuple[ast.pattern, ast.expr]], path: Path
    ) -> Iterator[tuple[str, ast.expr]]:
        for part, key in parts:
            yield from self.bindings(part, _named(self._held[part]) if part in self._held else _item(path, key))


def _elements(pattern: ast.MatchSequence) -> Iterator[tuple[ast.pattern, ast.expr]]:
    """The parts of a sequence that are no star, each with its index: behind a star they are counted from the end."""
    seen_star = False
    for index, part in enumerate(pattern.patterns):
        if isinstance(part, ast.MatchStar):
            seen_star = True
        else:
            yield part, ast.Constant(index - len(pattern.patterns) if seen_star else index)


def _named(name: str) -> Path:
    return lambda: ast.Name(name, ast.Load())


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


def _bound(name: str, value: ast.expr) -> ast.Call:
    """`_bound_(name := value)`, which is true whatever the value is."""
    return _call("_bound_", ast.NamedExpr(_target(name), value))


def _target(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


def _placed(node: Any, place: ast.stmt | ast.pattern) -> Any:
    copy_locations(node, place)
    return node


def _listed(visited: Any) -> Sequence[ast.stmt]:
    return visited if isinstance(visited, list) else [visited]
