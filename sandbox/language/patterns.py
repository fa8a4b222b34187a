"""The functions of `re` with checked flags: one of Python's own (DEBUG) prints, and a script has no place to print to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

Pattern = str | bytes | re.Pattern[Any]

_FLAGS = int(re.ASCII | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.UNICODE)


def _compile(pattern: Pattern, flags: int = 0) -> re.Pattern[Any]:
    if not isinstance(flags, int) or flags & ~_FLAGS:
        raise ValueError("flags are made of re.A, re.I, re.M, re.S and re.X, joined with |")
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
    return _compile(pattern, flags).finditer(string)


def _split(pattern: Pattern, string: Any, maxsplit: int = 0, flags: int = 0) -> list[Any]:
    return _compile(pattern, flags).split(string, maxsplit)


def _sub(pattern: Pattern, repl: Any, string: Any, count: int = 0, flags: int = 0) -> Any:
    return _compile(pattern, flags).sub(repl, string, count)


def _subn(pattern: Pattern, repl: Any, string: Any, count: int = 0, flags: int = 0) -> tuple[Any, int]:
    return _compile(pattern, flags).subn(repl, string, count)


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
