r"""Patterns: the part of regular expressions that reads each character once.

A pattern is written by an organizer and runs on phones, so it must not be able to take long. It is a row of items: characters,
classes such as `\d` or `[A-Z0-9]`, each with `+`, `*`, `?` or `{2,5}`, and named groups `(?<badge_id>…)` around some of them. An item
that may match more or fewer characters must not be followed by one that could match the same character; so there is one way
to match at most, and no going back. Flags, alternatives, back references and look-around do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .code_text import ForeignCode

LONGEST: Final = 300
GROUPS: Final = ("badge_id", "last_name", "first_name")
#: Most of one item; no code is longer.
MANY: Final = 4096

_SHORT: Final = {
    "d": ("0-9", False),
    "D": ("0-9", True),
    "w": ("A-Za-z0-9_", False),
    "W": ("A-Za-z0-9_", True),
    "s": (" \t\r\n", False),
    "S": (" \t\r\n", True),
}
_CONTROL: Final = {"t": "\t", "r": "\r", "n": "\n"}
_COUNT: Final = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")
_GROUP: Final = re.compile(r"\(\?P?<([a-z_]+)>")


class PatternFault(ValueError):
    """A pattern cannot be used. The text follows the field's name."""


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of characters: ranges, or all others."""

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        """Say whether a character is in the set."""
        return any(low <= ord(character) <= high for low, high in self.ranges) != self.negated

    def meets(self, other: Characters) -> bool:
        """Say whether a character is in both sets."""
        edges = {0, 0x10FFFF}
        for low, high in (*self.ranges, *other.ranges):
            edges |= {max(low - 1, 0), low, high, min(high + 1, 0x10FFFF)}
        return any(self.has(chr(each)) and other.has(chr(each)) for each in edges)


@dataclass(frozen=True, slots=True)
class PatternItem:
    """Some characters of one set, and the group that they belong to."""

    characters: Characters
    least: int
    most: int
    group: str


def pattern(text: str, options: Mapping[str, str]) -> dict[str, str]:
    """The named groups of a pattern that matches the whole text."""
    found: dict[str, str] = {}
    at = 0
    for item in parsed(options["pattern"]):
        start = at
        while at < len(text) and at - start < item.most and item.characters.has(text[at]):
            at += 1
        if at - start < item.least:
            raise ForeignCode("it does not match the pattern of this event's badges")
        if item.group:
            found[item.group] = found.get(item.group, "") + text[start:at]
    if at < len(text):
        raise ForeignCode("it is longer than the pattern of this event's badges")
    return {name: value.strip() for name, value in found.items()}


@lru_cache(maxsize=256)
def parsed(source: str) -> tuple[PatternItem, ...]:
    """Return the items of a pattern. Raises `PatternFault`."""
    if not 0 < len(source) <= LONGEST:
        raise PatternFault(f"must have 1 to {LONGEST} characters")
    reader = _PatternReader(source.removeprefix("^"))
    items = reader.items()
    for number, item in enumerate(items):
        if item.least < item.most and any(
            item.characters.meets(each.characters) for each in _next(items[number + 1 :])
        ):
            raise PatternFault(
                "has two parts side by side that could match the same character, so it is not clear where the first ends: "
                "put a fixed character between them, or say how many characters each has"
            )
    if "badge_id" not in {item.group for item in items}:
        raise PatternFault("must have a group (?<badge_id>…)")
    return items


def _next(items: tuple[PatternItem, ...]) -> list[PatternItem]:
    """Return the items that may come next: those up to the first that cannot be left out."""
    following: list[PatternItem] = []
    for item in items:
        following.append(item)
        if item.least:
            break
    return following


class _PatternReader:
    """Reads the source of a pattern from left to right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def items(self) -> tuple[PatternItem, ...]:
        found, group, seen = [], "", set()
        while self._at < len(self._source):
            opening = _GROUP.match(self._source, self._at)
            if opening:
                if group or opening[1] in seen or opening[1] not in GROUPS:
                    raise PatternFault(
                        f"may have one group of each of the names {', '.join(GROUPS)}, and none in another"
                    )
                group, self._at = opening[1], opening.end()
                seen.add(group)
            elif group and self._source[self._at] == ")":
                group, self._at = "", self._at + 1
            elif self._source[self._at :] == "$":
                break
            else:
                found.append(PatternItem(self._characters(), *self._count(), group))
        if group:
            raise PatternFault("has a group that is not closed")
        return tuple(found)

    def _take(self) -> str:
        if self._at >= len(self._source):
            raise PatternFault("ends too early")
        self._at += 1
        return self._source[self._at - 1]

    def _characters(self) -> Characters:
        first = self._take()
        if first == ".":
            return Characters(((10, 10),), negated=True)
        if first == "[":
            return self._class()
        if first == "\\":
            return self._escape()
        if first in "()|*+?{}^$]":
            raise PatternFault(f"has {first!r} where it has no meaning here; write \\{first} for the character")
        return Characters(((ord(first), ord(first)),))

    def _escape(self) -> Characters:
        letter = self._take()
        if letter in _SHORT:
            ranges, negated = _SHORT[letter]
            return Characters(_ranges(ranges), negated)
        if letter.isalnum() and letter not in _CONTROL:
            raise PatternFault(f"has \\{letter}, which does not exist here")
        character = _CONTROL.get(letter, letter)
        return Characters(((ord(character), ord(character)),))

    def _class(self) -> Characters:
        negated = self._source.startswith("^", self._at)
        self._at += negated
        ranges: list[tuple[int, int]] = []
        while (character := self._take()) != "]" or not ranges:
            if character == "\\":
                inner = self._escape()
                if inner.negated:
                    raise PatternFault("has a class within a class that means all others")
                ranges += inner.ranges
            elif self._source.startswith("-", self._at) and not self._source.startswith("-]", self._at):
                self._at += 1
                ranges.append((ord(character), ord(self._take())))
                if ranges[-1][0] > ranges[-1][1]:
                    raise PatternFault("has a range that ends before it begins")
            else:
                ranges.append((ord(character), ord(character)))
        return Characters(tuple(ranges), negated)

    def _count(self) -> tuple[int, int]:
        sign = self._source[self._at : self._at + 1]
        if sign in {"+", "*", "?"}:
            self._at += 1
            return {"+": (1, MANY), "*": (0, MANY), "?": (0, 1)}[sign]
        found = _COUNT.match(self._source, self._at)
        if not found:
            return 1, 1
        self._at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else MANY if found[2] else least
        if not least <= most or most == 0:
            raise PatternFault("has a count that matches nothing")
        return least, most


def _ranges(short: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges that a short class stands for, from "A-Z0-9" or single characters."""
    found, rest = [], short
    while rest:
        if rest[1:2] == "-":
            found.append((ord(rest[0]), ord(rest[2])))
            rest = rest[3:]
        else:
            found.append((ord(rest[0]), ord(rest[0])))
            rest = rest[1:]
    return tuple(found)
