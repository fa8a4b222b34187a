"""Where in a scene the values that a run compared came from, and how a value of that place is written.

Values are found by being equal: texts in scenes are all different, and numbers and moments mostly. A text that a run has
changed is found if it is the same but for case and white space, or a part of the text in the scene.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox import NotedRead, NotedValue

from .scene import NOTHING, Scene, ScenePath
from .scene_runs import SceneRun

#: Numbers beyond this are not tried: no vendor sends them, and a text of a million digits only costs time.
MOST_NUMBER: Final = Decimal(10**15)
_MOST_PLACES: Final = 30  #: of a fraction
_LEAST_PART: Final = 2  #: characters of a text that is looked for inside another
_MOST_LEAVES: Final = 600
_MOST_LIST: Final = 60  #: elements of a list that is made longer
_MOST_TEXT: Final = 1000  #: characters of a text in which a part is replaced


@dataclass(frozen=True)
class Source:
    """A place in a scene that a compared value came from, and what stands there."""

    path: ScenePath
    value: Any


def path_of(read: NotedRead, run: SceneRun) -> ScenePath | None:
    """The path of what a run read; None if it is not in the scene."""
    root, *rest = read.place
    if root in ("user", "session"):
        return ("input", root, *rest, read.key)
    if root in ("settings", "facts"):
        return ("input", root, *rest, read.key)
    if root == "api" and read.key == "facts_at":
        return ("input", "facts_at")
    if root != "answer" or not rest or not isinstance(rest[0], int) or not 0 <= rest[0] < len(run.answered):
        return None
    name = run.answered[rest[0]].name
    key = read.key.lower() if rest[1:] == ["headers"] and isinstance(read.key, str) else read.key
    return ("answers", name, *rest[1:], key) if name else None


def roots_of(run: SceneRun) -> list[ScenePath]:
    """The parts of a scene in which values are looked for: the input, and the answers of the calls that were made."""
    names = dict.fromkeys(call.name for call in run.answered if call.name)
    answers = [("answers", name, part) for name in names for part in ("status", "json", "headers", "text")]
    return [
        ("input", "user"),
        ("input", "session"),
        ("input", "settings"),
        ("input", "facts"),
        ("input", "facts_at"),
        ("input", "now"),
        *answers,
    ]


@dataclass(frozen=True)
class _Leaf:
    """A value of a scene with all that it may be taken for."""

    source: Source
    folded: str | None
    number: Decimal | None
    moment: datetime | None

    @classmethod
    def of(cls, path: ScenePath, value: Any) -> _Leaf:
        text = value if isinstance(value, str) else None
        number = Decimal(len(value)) if isinstance(value, list) else number_of(value)
        moment = None if text is None else moment_of(text)
        return cls(Source(path, value), None if text is None else text.casefold(), number, moment)

    def is_source(self, noted: NotedValue, number: Decimal | None, moment: datetime | None) -> bool:
        """Whether a noted value, with the number or the moment that it is, came from here."""
        if noted.kind == "text":
            return self.folded is not None and _has_text(noted.text, str(self.source.value), self.folded)
        if noted.kind == "number":
            return number is not None and self.number == number
        if noted.kind == "moment":
            return moment is not None and self.moment == moment
        if noted.kind == "day":
            is_day = self.moment is not None and self.moment.date().isoformat() == noted.text
            return is_day or self.source.value == noted.text
        is_flag = noted.kind == "flag" and isinstance(self.source.value, bool)
        return is_flag and self.source.value == (noted.text == "true")


class ReadValues:
    """The values of one run's scene, to look them up."""

    def __init__(self, run: SceneRun) -> None:
        self.scene: Scene = run.scene
        found = itertools.islice(run.scene.leaves(*roots_of(run)), _MOST_LEAVES)
        self._leaves = [_Leaf.of(path, value) for path, value in found]
        self.leaves = [leaf.source for leaf in self._leaves]
        paths = (path_of(read, run) for read in run.trace.reads)
        self.read = list(dict.fromkeys(path for path in paths if path is not None and path[1:2] != ("",)))

        missing = (path_of(read, run) for read in run.trace.reads if read.state == "missing")
        self.missing = list(dict.fromkeys(path for path in missing if path is not None))

    def sources(self, noted: NotedValue) -> Iterator[Source]:
        """The places where this value stands."""
        number = number_of(noted.text) if noted.kind == "number" else None
        moment = moment_of(noted.text) if noted.kind == "moment" else None
        for leaf in self._leaves:
            if leaf.is_source(noted, number, moment):
                yield leaf.source

    def read_leaves(self, kind: type) -> Iterator[Source]:
        """The values of exactly this type that the run read."""
        for path in self.read:
            value = self.scene.at(path)
            if type(value) is kind:
                yield Source(path, value)

    def moments(self) -> Iterator[Source]:
        """The moments that the run may have used: texts that are times with a zone, read ones and the time of the run."""
        for leaf in self._leaves:
            if leaf.moment is not None and (leaf.source.path == ("input", "now") or leaf.source.path in self.read):
                yield leaf.source


def _has_text(noted: str, value: str, folded: str) -> bool:
    if not noted:
        return value == ""
    part = noted.strip().casefold()
    return noted == value or (len(part) >= _LEAST_PART and part in folded)


def with_text(old: str, noted: str, new: str) -> str:
    """The text of a scene in which what the run compared is replaced, once; in place of a long text the new one alone.

    Each move holds such a text, and there are many moves: so neither copies of long texts nor many replacements in one.
    """
    if noted != old and noted and noted in old and len(old) <= _MOST_TEXT:
        return old.replace(noted, new, 1)
    return new


def number_of(value: Any) -> Decimal | None:
    """The number that a JSON value or a text is; None for one that is not worth trying."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(ArithmeticError, ValueError):
        number = Decimal(str(value))
        if number.is_finite() and abs(number) <= MOST_NUMBER and (not number or number.adjusted() > -_MOST_PLACES):
            return number
    return None


def like(old: Any, number: Decimal) -> Any:
    """A number written as the old value is: as a text, a whole number, a fraction, or a list of that length."""
    if abs(number) > MOST_NUMBER:
        return NOTHING
    if isinstance(old, list):
        return longer(old, int(number)) if 0 <= number <= _MOST_LIST else NOTHING
    if isinstance(old, str):
        return str(number)
    return int(number) if number == number.to_integral_value() else float(number)


def longer(old: list[Any], length: int) -> list[Any]:
    """The list cut or made longer, with its last element again and again."""
    filler = old[-1] if old else {}
    return [*old[:length], *[filler] * (length - len(old))]


def moment_of(text: str) -> datetime | None:
    """The time with a zone that a text is."""
    with suppress(ValueError):
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None else None
    return None


def shifted(text: str, seconds: Decimal | float) -> Any:
    """A moment so many seconds later; NOTHING if there is none."""
    moment = moment_of(text)
    with suppress(OverflowError, ValueError):
        if moment is not None:
            return (moment + timedelta(seconds=float(seconds))).isoformat()
    return NOTHING


def seconds_between(left: NotedValue, right: NotedValue) -> Decimal | None:
    """How much must be added to the left value to get the right one: in seconds for times, else as a number."""
    if {left.kind, right.kind} == {"moment"}:
        first, second = moment_of(left.text), moment_of(right.text)
        return None if first is None or second is None else Decimal(str((second - first).total_seconds()))
    if {left.kind, right.kind} == {"day"}:
        with suppress(ValueError):
            return Decimal((date.fromisoformat(right.text) - date.fromisoformat(left.text)).days * 86400)
    if left.kind == right.kind == "seconds" or left.kind == right.kind == "number":
        one, other = number_of(left.text), number_of(right.text)
        return None if one is None or other is None else other - one
    return None
