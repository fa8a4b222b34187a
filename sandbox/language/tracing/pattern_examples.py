"""A text that a regular expression matches, for exploration: the simplest one, found from the parsed pattern.

It is a guess: look-around and back references are ignored. A pattern is hostile, so steps and length are bounded.
"""

from __future__ import annotations

import functools
import re
from re import _constants as codes  # type: ignore[attr-defined]  # the parser that `re` itself uses
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

_MAX_CHARS = 80
_CATEGORIES: dict[object, str] = {
    codes.CATEGORY_DIGIT: "7",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_NOT_WORD: "-",
    codes.CATEGORY_NOT_SPACE: "a",
}
_CANDIDATES = "aA7 -_.:/@#,;+xZ"


@functools.lru_cache(maxsize=64)
def example_of(pattern: str) -> str:
    """A text that probably matches; "" if none was found."""
    try:
        return _sequence(parser.parse(pattern))[:_MAX_CHARS]
    except (re.error, RecursionError, OverflowError, ValueError):
        return ""


def _sequence(parsed: Any) -> str:
    made = ""
    for code, argument in parsed:
        if len(made) > _MAX_CHARS:
            break
        made += _part(code, argument)
    return made


def _part(code: Any, argument: Any) -> str:
    if code is codes.LITERAL:
        return chr(argument)
    if code is codes.ANY:
        return "a"
    if code is codes.IN:
        return _one_of(argument)
    if code is codes.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if code is codes.SUBPATTERN:
        return _sequence(argument[-1])
    if code is codes.BRANCH:
        return _sequence(argument[1][0])
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        least, most, inner = argument
        times = min(max(int(least), min(1, int(most))), _MAX_CHARS)
        return (_sequence(inner)[:_MAX_CHARS] * times)[:_MAX_CHARS]
    return ""


def _one_of(members: Any) -> str:
    if members and members[0][0] is codes.NEGATE:
        taken = {chr(value) for code, value in members[1:] if code is codes.LITERAL}
        return next((one for one in _CANDIDATES if one not in taken), "~")
    code, value = members[0]
    if code is codes.LITERAL:
        return chr(value)
    return chr(int(value[0])) if code is codes.RANGE else _CATEGORIES.get(value, "a")
