"""The vendors of a scene: answers every call that a script makes, and remembers under which name.

A call is named by its connection, its method and the shape of its path, in which parts that follow from the input are
`*`, and by how many different calls of that shape the run made before. So an answer stays the answer to "the second page
of enrollments" while users, sessions and tokens change.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from runner.powers import CallRecord, RecordedAnswer, RecordedPowers, parse_answers
from runner.powers.call_request import CallRequest, check_call
from sandbox import Answer, Call, CallNotMade

from .scene import Scene

_NO_ANSWER = {"status": 200, "json": {}}
#: What an entry of ANSWERS has beside the answer.
_OF_THE_CALL = frozenset({"connection", "method", "path", "query", "comment", "delay_ms"})
_MOST_UNUSED = 12
_LEAST_CHARS = 3  #: of a text of the input that is looked for in a path


@dataclass(frozen=True)
class AnsweredCall:
    """A call that was made, and the name of its answer; "" if no answer could be given."""

    name: str
    entry: Mapping[str, Any]


class ScenePowers:
    """`sandbox.Powers` over one scene; one object serves one run."""

    def __init__(self, scene: Scene) -> None:
        self.answered: list[AnsweredCall] = []
        self._scene = scene
        self._recorded: tuple[RecordedAnswer, ...] = parse_answers(list(scene.recorded))
        self._by_place: dict[tuple[Any, ...], AnsweredCall] = {}
        self._families: dict[str, list[str]] = {}
        self._texts = {
            value
            for _, value in scene.leaves(("input", "user"), ("input", "session"))
            if isinstance(value, str) and len(value) >= _LEAST_CHARS
        }

    @property
    def calls(self) -> list[CallRecord]:
        """Nothing: the explorer needs no records of calls."""
        return []

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Give the scene's answer, in the very way in which recorded answers are given. Raises `CallNotMade`."""
        try:
            found = self._answered(check_call(call))
        except CallNotMade:
            self.answered.append(AnsweredCall("", {}))
            raise
        self.answered.append(found)
        return RecordedPowers([found.entry]).call(call, deadline=deadline, read_bytes_left=read_bytes_left)

    def completed(self) -> Scene:
        """The scene with an answer by name for every call that was made, and a few for which no call was made."""
        used = {call.name: _answer_of(call.entry) for call in self.answered if call.name}
        unused = {name: answer for name, answer in self._scene.answers.items() if name not in used}
        kept = dict(itertools.islice(unused.items(), _MOST_UNUSED))
        return Scene(self._scene.input, {**used, **kept}, self._scene.recorded)

    def entries(self) -> list[dict[str, Any]]:
        """The calls as ANSWERS, each with its exact query, so that a run over recorded answers is this run again."""
        return [dict(call.entry) for call in self._by_place.values()]

    def _answered(self, asked: CallRequest) -> AnsweredCall:
        place = (asked.connection, asked.method, asked.path, tuple(sorted(asked.params)))
        found = self._by_place.get(place)
        if found is None:
            family = f"{asked.method} {asked.connection} {self._shape(asked.path)}"
            names = self._families.setdefault(family, [])
            names.append(f"{family} #{len(names) + 1}")
            answer = self._scene.answers.get(names[-1]) or self._recorded_answer(asked) or self._default(names)
            found = self._by_place[place] = AnsweredCall(names[-1], _entry(asked, answer))
        return found

    def _recorded_answer(self, asked: CallRequest) -> Mapping[str, Any] | None:
        for entry, answer in zip(self._scene.recorded, self._recorded, strict=True):
            if answer.answers(asked):
                return _answer_of(entry)
        return None

    def _default(self, names: list[str]) -> Mapping[str, Any]:
        """For a further call of the same shape what the one before got."""
        before = next((call for call in reversed(self.answered) if call.name in names), None)
        return _answer_of(before.entry) if before else _NO_ANSWER

    def _shape(self, path: str) -> str:
        return "/".join("*" if self._follows_from_input(unquote(part)) else part for part in path.split("/"))

    def _follows_from_input(self, part: str) -> bool:
        return any(character.isdigit() for character in part) or any(text in part for text in self._texts)


def _answer_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _OF_THE_CALL}


def _entry(asked: CallRequest, answer: Mapping[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {}
    for name, value in asked.params:
        query[name] = [*query[name], value] if name in query else [value]
    plain = {name: values[0] if len(values) == 1 else values for name, values in query.items()}
    place = {"connection": asked.connection, "method": asked.method, "path": asked.path, "query": plain}
    return {**place, **_possible(answer)}


def _possible(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as ANSWERS may hold it, whatever edits made of it: of several contents the last one counts."""
    made: dict[str, Any] = {}
    status = answer.get("status", 200)
    made["status"] = status if type(status) is int and 200 <= status <= 599 else 200  # as in ANSWERS
    if isinstance(answer.get("headers"), Mapping):
        headers = {name: value for name, value in answer["headers"].items() if isinstance(value, str)}
        made |= {"headers": headers} if headers else {}
    content = [name for name in answer if name in ("json", "text", "error")]
    if content and (content[-1] == "json" or isinstance(answer[content[-1]], str)):
        made[content[-1]] = answer[content[-1]]
    return {"error": made["error"]} if "error" in made else made
