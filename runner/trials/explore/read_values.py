"""Where in a scene the values that a run compared came from, and how a value of that place is written.

Values are found by being equal: texts in scenes are all different, and numbers and moments mostly. A text that a run has
changed is found if it is the same but for case and white space, or a part of the text in the scene.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox import NotedRead, NotedValue

from .scene import NOTHING, Scene, ScenePath
from .scene_runs import SceneRun

#: Numbers beyond this are not tried: no vendor sends them, and a text of a million digits only costs time.
MOST_NUMBER: Final = Decimal(10**15)
_LEAST_PART: Final = 2  #: characters of a text that is looked for inside another
_MOST_LEAVES: Final = 600
_MOST_LIST: Final = 60  #: elements of a list that is made longer


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
    if root == "settings":
        return ("input", "settings", *rest, read.key)
    if root != "answer" or not rest or not isinstance(rest[0], int) or not 0 <= rest[0] < len(run.answered):
        return None
    name = run.answered[rest[0]].name
    key = read.key.lower() if rest[1:] == ["headers"] and isinstance(read.key, str) else read.key
    return ("answers", name, *rest[1:], key) if name else None


def roots_of(run: SceneRun) -> list[ScenePath]:
    """The parts of a scene in which values are looked for: the input, and the answers of the calls that were made."""
    names = dict.fromkeys(call.name for call in run.answered if call.name)
    answers = [("answers", name, part) for name in names for part in ("status", "json", "headers", "text")]
    return [("input", "user"), ("input", "session"), ("input", "settings"), ("input", "now"), *answers]


class ReadValues:
    """The values of one run's scene, to look them up."""

    def __init__(self, run: SceneRun) -> None:
        self.scene: Scene = run.scene
        self.leaves = [
            Source(path, value)
            for (path, value), _ in zip(run.scene.leaves(*roots_of(run)), range(_MOST_LEAVES), strict=False)
        ]
        paths = (path_of(read, run) for read in run.trace.reads)
        self.read = list(dict.fromkeys(path for path in paths if path is not None and path[1:2] != ("",)))

    def sources(self, noted: NotedValue) -> Iterator[Source]:
        """The places where this value stands."""
        for leaf in self.leaves:
            if _is_source(noted, leaf.value):
                yield leaf

    def read_leaves(self, kind: type) -> Iterator[Source]:
        """The values of exactly this type that the run read."""
        for path in self.read:
            value = self.scene.at(path)
            if type(value) is kind:
                yield Source(path, value)

    def moments(self) -> Iterator[Source]:
        """The moments of the scene: texts that are times with a zone."""
        for leaf in self.leaves:
            if isinstance(leaf.value, str) and moment_of(leaf.value) is not None:
                yield leaf


def _is_source(noted: NotedValue, value: Any) -> bool:
    if noted.kind == "text":
        return isinstance(value, str) and _has_text(noted.text, value)
    if noted.kind == "number":
        if isinstance(value, list):
            return noted.text == str(len(value))
        return number_of(value) is not None and number_of(value) == number_of(noted.text)
    if noted.kind == "moment":
        return isinstance(value, str) and moment_of(value) == moment_of(noted.text)
    if noted.kind == "day":
        found = moment_of(value) if isinstance(value, str) else None
        return value == noted.text or (found is not None and found.date().isoformat() == noted.text)
    return noted.kind == "flag" and isinstance(value, bool) and value == (noted.text == "true")


def _has_text(noted: str, value: str) -> bool:
    if not noted:
        return value == ""
    return noted == value or (len(noted) >= _LEAST_PART and noted.strip().casefold() in value.casefold())


def with_text(old: str, noted: str, new: str) -> str:
    """The text of a scene in which what the run compared is replaced."""
    if noted != old and noted and noted in old:
        return old.replace(noted, new)
    return new


def number_of(value: Any) -> Decimal | None:
    """The number that a JSON value or a text is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    with suppress(InvalidOperation):
        number = Decimal(str(value))
        return number if number.is_finite() else None
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
