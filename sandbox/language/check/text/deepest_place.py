"""Finds where a text is nested most deeply: the place of a finding about a script that is too deep for Python itself.

Python then names no place. Strings are not told apart from code, so it is a hint for people, not a measurement.
"""

from __future__ import annotations

_OPENING, _CLOSING = "([{", ")]}"
#: Brackets that count as deep; below that, the longest line is the likelier culprit.
_DEEP = 20


def deepest_place(source: str) -> tuple[int, int]:
    """Line and column, from 1, of the innermost bracket; in a text without deep brackets, of its longest line."""
    depth = most = 0
    place = (1, 1)
    longest, length = 1, 0
    for number, line in enumerate(source.split("\n"), start=1):
        if len(line) > length:
            longest, length = number, len(line)
        for column, character in enumerate(line, start=1):
            if character in _OPENING:
                depth += 1
                if depth > most:
                    most, place = depth, (number, column)
            elif character in _CLOSING:
                depth = max(depth - 1, 0)
    if most >= _DEEP:
        return place
    text = source.split("\n")[longest - 1]
    return longest, len(text) - len(text.lstrip()) + 1
