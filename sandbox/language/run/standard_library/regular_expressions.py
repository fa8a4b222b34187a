"""The functions of `re` for scripts: with checked flags, and without C code that calls a script's function.

One of Python's flags (DEBUG) prints, and a script has no output to print to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

Pattern = str | bytes | re.Pattern[Any]

_FLAGS = int(re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE)


def _compile(pattern: Pattern, flags: int = 0) -> re.Pattern[Any]:
    if not isinstance(flags, int) or flags & ~_FLAGS:
        raise ValueError("flags must be re.A, re.I, re.M, re.S or re.X, or several of them joined with |")
    return re.compile(pattern, flags)


def _search(pattern: Pattern, string: Any, flags: int = 0) -> re.Match[Any] | None:
    return _compile(pattern, flags).search(string)


def _match(pattern: Pattern, string: Any, flags: int = 0) -> re.Match[Any] | None:
    return _compile(pattern, flags).match(string)


def _fullmatch(pattern: Pattern, string: Any, flags: int = 0) -> re.Match[Any] | None:
    return _compile(pattern, flags).fullmatch(string)


def _findall(pattern: Pattern, string: Any, flags: int = 0) -> list[Any]:
    return _compile(pattern, flags).findall(string)


def _finditer(pattern: Pattern, string: Any, flags: int = 0) -> Iterator[re.Match[Any]]:
    return find_each(_compile(pattern, flags), string)


def _split(pattern: Pattern, string: Any, maxsplit: int = 0, flags: int = 0) -> list[Any]:
    return _compile(pattern, flags).split(string, maxsplit)


def _sub(pattern: Pattern, repl: Any, string: Any, count: int = 0, flags: int = 0) -> Any:
    return substitute(_compile(pattern, flags), repl, string, count)


def _subn(pattern: Pattern, repl: Any, string: Any, count: int = 0, flags: int = 0) -> tuple[Any, int]:
    return substitute_counted(_compile(pattern, flags), repl, string, count)


def find_each(
    pattern: re.Pattern[Any], string: Any, pos: int = 0, endpos: int = sys.maxsize
) -> Iterator[re.Match[Any]]:
    """`Pattern.finditer`."""
    return (match for match in pattern.finditer(string, pos, endpos))


def substitute(pattern: re.Pattern[Any], repl: Any, string: Any, count: int = 0) -> Any:
    """`Pattern.sub`."""
    return substitute_counted(pattern, repl, string, count)[0]


def substitute_counted(pattern: re.Pattern[Any], repl: Any, string: Any, count: int = 0) -> tuple[Any, int]:
    """`Pattern.subn`: a replacement function is called here and not in the middle of C code."""
    if not callable(repl):
        return pattern.subn(repl, string, count)
    pieces, end, number = [], 0, 0
    for match in pattern.finditer(string) if count >= 0 else ():
        replacement = repl(match)
        pieces += [string[end : match.start()], string[:0] if replacement is None else replacement]
        end, number = match.end(), number + 1
        if number == count:
            break
    pieces.append(string[end:])
    return string[:0].join(pieces), number


RE: MappingProxyType[str, Callable[..., Any]] = MappingProxyType(
    {
        "compile": _compile,
        "findall": _findall,
        "finditer": _finditer,
        "fullmatch": _fullmatch,
        "match": _match,
        "search": _search,
        "split": _split,
        "sub": _sub,
        "subn": _subn,
    }
)
