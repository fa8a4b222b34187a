"""Decides whether a function of `datetime` returns a time with a zone or without one, where the text shows it.

Python cannot compare the two kinds, and all times of a script's input have a zone.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

#: A time with a zone, and one without.
AWARE, NAIVE = "datetime", "naive datetime"
ZONES = frozenset({"timezone", "ZoneInfo"})

Kinds = frozenset[str]
UNKNOWN_KINDS: Kinds = frozenset()
KindsOf = Callable[[ast.expr], Kinds]

#: Functions that return a time without a zone, whatever they are given.
_ALWAYS_NAIVE = frozenset({"utcnow", "today", "utcfromtimestamp"})
#: Function -> the place of its argument `tz` or `tzinfo`.
_ZONE_PLACE = {"now": 0, "fromtimestamp": 1}
_CONSTRUCTOR_ZONE_PLACE = 7


def clock_kinds(meaning: str, call: ast.Call, kinds_of: KindsOf) -> Kinds:
    """The kind of what a call of `datetime.datetime` or of one of its functions returns; empty if unknown."""
    name = meaning.removeprefix("datetime.datetime").removeprefix(".")
    if name in _ALWAYS_NAIVE:
        return frozenset([NAIVE])
    if name in _ZONE_PLACE:
        return _by_zone(_argument(call, _ZONE_PLACE[name], "tz"), kinds_of)
    if name == "":
        return _by_zone(_argument(call, _CONSTRUCTOR_ZONE_PLACE, "tzinfo"), kinds_of)
    if name == "strptime":
        template = _argument(call, 1, "format")
        if isinstance(template, ast.Constant) and isinstance(template.value, str):
            directives = template.value.replace("%%", "")
            return frozenset([AWARE if "%z" in directives else NAIVE])
    return UNKNOWN_KINDS


def replaced_kinds(owner: str, call: ast.Call, kinds_of: KindsOf) -> Kinds:
    """The kind of `time.replace(…)`."""
    zone = _argument(call, _CONSTRUCTOR_ZONE_PLACE, "tzinfo")
    return frozenset([owner]) if zone is None else _by_zone(zone, kinds_of)


def _by_zone(zone: ast.expr | None, kinds_of: KindsOf) -> Kinds:
    if zone is None or (isinstance(zone, ast.Constant) and zone.value is None):
        return frozenset([NAIVE])
    kinds = kinds_of(zone)
    return frozenset([AWARE]) if kinds and kinds <= ZONES else UNKNOWN_KINDS


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """An argument by place or name; None if it is not given. What a star may pass is a `Starred` or unknown."""
    if any(isinstance(part, ast.Starred) for part in call.args) or any(word.arg is None for word in call.keywords):
        return ast.Starred(ast.Constant(0))
    named = next((word.value for word in call.keywords if word.arg == name), None)
    return named if named is not None else call.args[place] if len(call.args) > place else None
