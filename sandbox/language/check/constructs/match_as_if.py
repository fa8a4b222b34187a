"""Writes a `match` statement as the `if` statement that does the same, for a finding: an author can copy it.

Bodies are left out. What the pattern of a class reads is written with a dot, where the guards look at it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

#: Cases and lines that are written; characters of one line.
_CASES, _LINES, _LINE_CHARS = 12, 40, 200
SourceOf = Callable[[ast.expr], str]


def as_if(node: ast.Match, source_of: SourceOf) -> str:
    """The lines of the `if` statement."""
    source = source_of(node.subject)
    subject = source if source.isidentifier() else "value"
    lines = [] if source == subject else [f"value = {source or '…'}"]
    word = "if"
    for case in node.cases[:_CASES]:
        tests = [*_tests(case.pattern, subject, source_of), *([source_of(case.guard) or "…"] if case.guard else [])]
        line = f"{word} {' and '.join(tests)}:" if tests else ("else:" if word == "elif" else "if True:")
        lines.append(line if len(line) <= _LINE_CHARS else f"{word} …:")
        lines += [f"    {name} = {value}" for name, value in _bindings(case.pattern, subject)]
        lines.append("    …")
        word = "elif"
    return "\n".join(lines[:_LINES])


def _tests(pattern: ast.pattern | None, value: str, source_of: SourceOf) -> Iterator[str]:
    if isinstance(pattern, ast.MatchValue):
        yield f"{value} == {source_of(pattern.value) or '…'}"
    elif isinstance(pattern, ast.MatchSingleton):
        yield f"{value} is {pattern.value}"
    elif isinstance(pattern, ast.MatchAs):
        yield from _tests(pattern.pattern, value, source_of)
    elif isinstance(pattern, ast.MatchOr):
        ways = [" and ".join(_tests(part, value, source_of)) or "True" for part in pattern.patterns]
        yield f"({' or '.join(ways)})"
    elif isinstance(pattern, ast.MatchClass):
        yield f"isinstance({value}, {source_of(pattern.cls) or '…'})"
        for name, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            yield from _tests(part, f"{value}.{name}", source_of)
    elif isinstance(pattern, ast.MatchSequence):
        yield from _sequence_tests(pattern, value, source_of)
    elif isinstance(pattern, ast.MatchMapping):
        yield from _mapping_tests(pattern, value, source_of)


def _sequence_tests(pattern: ast.MatchSequence, value: str, source_of: SourceOf) -> Iterator[str]:
    has_star = any(isinstance(part, ast.MatchStar) for part in pattern.patterns)
    count = len(pattern.patterns) - has_star
    yield f"isinstance({value}, (list, tuple)) and len({value}) {'>=' if has_star else '=='} {count}"
    for place, part in _places(pattern):
        yield from _tests(part, f"{value}[{place}]", source_of)


def _mapping_tests(pattern: ast.MatchMapping, value: str, source_of: SourceOf) -> Iterator[str]:
    yield f"isinstance({value}, dict)"
    for key, part in zip(pattern.keys, pattern.patterns, strict=True):
        name = source_of(key) or "…"
        yield f"{name} in {value}"
        yield from _tests(part, f"{value}[{name}]", source_of)


def _bindings(pattern: ast.pattern | None, value: str) -> Iterator[tuple[str, str]]:
    if isinstance(pattern, ast.MatchAs):
        yield from _bindings(pattern.pattern, value)
        if pattern.name:
            yield pattern.name, value
    elif isinstance(pattern, ast.MatchClass):
        yield from (pair for part in pattern.patterns[:1] for pair in _bindings(part, value))
        for name, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            yield from _bindings(part, f"{value}.{name}")
    elif isinstance(pattern, ast.MatchSequence):
        for place, part in _places(pattern):
            yield from _bindings(part, f"{value}[{place}]")
    elif isinstance(pattern, ast.MatchMapping):
        for key, part in zip(pattern.keys, pattern.patterns, strict=True):
            yield from _bindings(part, f"{value}[{ast.unparse(key)}]")


def _places(pattern: ast.MatchSequence) -> Iterator[tuple[int, ast.pattern]]:
    """The parts that are no star, each with its index: behind a star from the end."""
    seen_star = False
    for index, part in enumerate(pattern.patterns):
        if isinstance(part, ast.MatchStar):
            seen_star = True
        else:
            yield index - len(pattern.patterns) if seen_star else index, part
