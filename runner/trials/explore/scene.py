"""A scene: everything that steers one run, as plain JSON: the input, and what each vendor answers.

A scene is never changed; an edit gives another one, which shares what it did not touch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: From the scene down to one value: "input" or "answers", then keys and indexes.
ScenePath = tuple[str | int, ...]

#: Larger scenes are not run.
MAX_SCENE_CHARS: Final = 60_000


class _Nothing:
    """In an edit: take the value away."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(frozen=True, slots=True)
class Edit:
    """A value at a path, or NOTHING to take it away."""

    path: ScenePath
    value: Any


@dataclass(frozen=True)
class Scene:
    """One input in the form of INPUT, and one answer for each call, by the name that `ScenePowers` gives to the call.

    `recorded` are entries of ANSWERS from a case: they answer calls for which there is no answer by name yet.
    """

    input: Mapping[str, Any]
    answers: Mapping[str, Mapping[str, Any]]
    recorded: Sequence[Mapping[str, Any]] = ()

    def edited(self, edits: Sequence[Edit]) -> Scene:
        """The scene with these edits, one after the other; an edit whose path is not there changes nothing."""
        whole: Any = {"input": self.input, "answers": self.answers}
        for edit in edits:
            whole = _edited(whole, edit.path, edit.value)
        return Scene(whole["input"], whole["answers"], self.recorded)

    def at(self, path: ScenePath) -> Any:
        """The value at a path, or NOTHING."""
        value: Any = {"input": self.input, "answers": self.answers}
        for step in path:
            value = _inner(value, step)
        return value

    def leaves(self, *roots: ScenePath) -> Iterator[tuple[ScenePath, Any]]:
        """Every value below these paths that holds no other, and every list and object, outermost first."""
        left = [(root, self.at(root)) for root in reversed(roots)]
        while left:
            path, value = left.pop()
            if value is not NOTHING:
                yield path, value
            if isinstance(value, Mapping):
                left += [((*path, key), part) for key, part in reversed([*value.items()])]
            elif isinstance(value, list):
                left += [((*path, index), part) for index, part in reversed([*enumerate(value)])]

    def fingerprint(self) -> str:
        """The same for the same scene."""
        return json.dumps([self.input, self.answers, self.recorded], sort_keys=True, ensure_ascii=False)


def _inner(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return value[step]
    return NOTHING


def _edited(whole: Any, path: ScenePath, value: Any) -> Any:
    """A copy of `whole` with the value; only what is on the way is copied."""
    if not path:
        return whole if value is NOTHING else value
    step, rest = path[0], path[1:]
    if isinstance(whole, Mapping):
        if rest and step not in whole:
            return whole
        inner = whole if not rest else _edited(whole[str(step)], rest, value)
        if not rest and value is NOTHING:
            return {key: part for key, part in whole.items() if key != step}
        return {**whole, str(step): value if not rest else inner}
    if isinstance(whole, list) and isinstance(step, int):
        return _edited_list(whole, step, rest, value)
    return whole


def _edited_list(whole: list[Any], step: int, rest: ScenePath, value: Any) -> list[Any]:
    step = step + len(whole) if step < 0 else step
    if step == len(whole) and not rest and value is not NOTHING:
        return [*whole, value]
    if not 0 <= step < len(whole):
        return whole
    if not rest and value is NOTHING:
        return [*whole[:step], *whole[step + 1 :]]
    return [*whole[:step], _edited(whole[step], rest, value), *whole[step + 1 :]]
