"""Which patterns of `match` a script may use: literals, names, and sequences and mappings of them.

A class pattern and a dotted name read attributes without a guard, so they are refused. Names inside of `|` are refused
because they would be bound by one of several ways. The other faults are those that Python's own compiler reports: the policy
rewrites `match` to `if`, so that the compiler sees none of it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

#: Cases of one statement; as many nested `if` come of it.
MAX_CASES = 60


def refused_patterns(node: ast.Match) -> Iterator[tuple[ast.AST, str]]:
    """Each part of the statement that is refused, with the reason."""
    for case in node.cases[MAX_CASES:]:
        yield case.pattern, f"at most {MAX_CASES} cases are accepted"
    for index, case in enumerate(node.cases):
        if index < len(node.cases) - 1 and case.guard is None and is_irrefutable(case.pattern):
            yield case.pattern, "it matches everything, so the cases below are never reached"
        yield from _refused(case.pattern)
        names = Counter(name for part in ast.walk(case.pattern) for name in captures(part))
        for name, count in names.items():
            if count > 1:
                yield case.pattern, f"the name {name} is bound twice"


def is_irrefutable(pattern: ast.pattern) -> bool:
    """Whether a pattern matches every value."""
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or is_irrefutable(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and any(is_irrefutable(part) for part in pattern.patterns)


def captures(node: ast.AST) -> Iterator[str]:
    """The name that one part of a pattern binds."""
    if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def is_literal(node: ast.expr) -> bool:
    """Whether this is a text, bytes or a number, perhaps with a minus; as the keys and values of patterns must be."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
        return isinstance(node, ast.Constant) and type(node.value) in {int, float}
    return isinstance(node, ast.Constant) and type(node.value) in {str, bytes, int, float, bool, type(None)}


def _refused(pattern: ast.pattern) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(pattern, ast.MatchClass):
        yield pattern, "a class reads attributes without a check"
        return
    if isinstance(pattern, ast.MatchValue) and not is_literal(pattern.value):
        yield pattern, "it may compare only with a text or a number that is written there"
    elif isinstance(pattern, ast.MatchSequence):
        if sum(isinstance(part, ast.MatchStar) for part in pattern.patterns) > 1:
            yield pattern, "only one part of a sequence may have a star"
    elif isinstance(pattern, ast.MatchMapping):
        yield from _refused_keys(pattern)
    elif isinstance(pattern, ast.MatchOr):
        yield from _refused_ways(pattern)
    for part in ast.iter_child_nodes(pattern):
        if isinstance(part, ast.pattern):
            yield from _refused(part)


def _refused_ways(pattern: ast.MatchOr) -> Iterator[tuple[ast.AST, str]]:
    if any(name for part in ast.walk(pattern) for name in captures(part)):
        yield pattern, "with | it must not bind names"
    for way in pattern.patterns[:-1]:
        if is_irrefutable(way):
            yield way, "it matches everything, so the patterns behind it are never tried"


def _refused_keys(pattern: ast.MatchMapping) -> Iterator[tuple[ast.AST, str]]:
    seen: set[str] = set()
    for key in pattern.keys:
        if not is_literal(key):
            yield key, "a key must be a text or a number that is written there"
        text = ast.dump(key)
        if text in seen:
            yield key, "the same key is written twice"
        seen.add(text)
