"""Runs instrumented code as `execute` runs a script, with guards that also tell a recorder what they were asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.language.run.api import CallOut
from sandbox.language.run.attributes import get_attribute
from sandbox.language.run.execution import execute
from sandbox.language.run.guards.items import get_item
from sandbox.language.run.guards.iteration import get_iterator
from sandbox.language.run.guards.patterns import is_mapping, is_sequence
from sandbox.language.run.script_arguments import ScriptArguments
from sandbox.language.run.values.facade import Facade, named
from sandbox.language.run.values.frozen import FrozenDict, FrozenList, Record
from sandbox.language.run.values.messages import message

from .pattern_examples import example_of
from .probes import LINE, OPERAND, TRUTH
from .recorder import Recorder, kind_of

#: Characters of the texts of all answers whose JSON is followed and therefore held.
MAX_HELD_CHARS = 300_000

_AFFIXES = {"startswith": "StartsWith", "endswith": "EndsWith"}
_MATCHES = ("fullmatch", "match", "search")
_CONTAINERS = frozenset({dict, list, FrozenDict, FrozenList})


def execute_traced(
    code: bytes, script_input: Mapping[str, Any], call: CallOut, recorder: Recorder
) -> tuple[dict[str, str | None] | None, int | None]:
    """Run instrumented code once; return what `status` returned, and the line in which that message was made.

    Raises what `execute` raises, and `BudgetReached`.
    """
    guards = _RecordingGuards(recorder, call)
    value = execute(code, script_input, guards.call_out, guards.join)
    return value, guards.last_line


class _RecordingGuards:
    """The guards of one run: each does what the product's own does, and tells the recorder."""

    def __init__(self, recorder: Recorder, call: CallOut) -> None:
        self._recorder = recorder
        self._call = call
        self._records: dict[int, str] = {}
        self._answers: dict[int, int] = {}
        self._held: list[Any] = []
        self._held_chars = 0
        self.last_line: int | None = None  #: of the last message that was made

    def join(self, names: dict[str, Any], arguments: ScriptArguments) -> None:
        """Put the probes and the recording guards among the names of the run."""
        recorder = self._recorder
        for label, record in (("user", arguments.user), ("session", arguments.session), ("api", arguments.api)):
            self._records[id(record)] = label
        recorder.hold(get_attribute(arguments.user, "attributes"), "user", "attributes")
        recorder.hold(get_attribute(arguments.session, "attributes"), "session", "attributes")
        recorder.hold(get_attribute(arguments.api, "settings"), "settings")
        recorder.hold(get_attribute(arguments.api, "facts"), "facts")
        names.update(
            {
                LINE: recorder.line,
                TRUTH: recorder.truth,
                OPERAND: recorder.operand,
                "_getattr_": self.get_attribute,
                "_getitem_": self.get_item,
                "_getiter_": self.get_iterator,
                "_is_mapping_": self.is_mapping,
                "_is_sequence_": self.is_sequence,
            }
        )
        names["__builtins__"]["message"] = self._message_function()

    def call_out(self, what: str, content: dict[str, Any]) -> dict[str, Any]:
        """The way out of the script, which counts the calls."""
        if what == "call":
            self._recorder.call_goes_out()
        answer = self._call(what, content)
        self._recorder.calls += what == "call"
        return answer

    def get_attribute(self, value: Any, name: str) -> Any:
        """`value.name`."""
        try:
            found = get_attribute(value, name)
        except AttributeError:
            self._recorder.misuse("attribute", value, name)
            raise
        kind = type(value)
        if kind is Record:
            return self._field(value, name, found)
        if kind in _CONTAINERS:
            return self._method_of_container(value, name, found)
        if kind is str and name in _AFFIXES:
            return self._affix(value, _AFFIXES[name], found)
        if name in _MATCHES and kind is re.Pattern:
            return self._match(found, value.pattern)
        return self._match(found, None) if name in _MATCHES and kind is Facade else found

    def get_item(self, value: Any, key: Any) -> Any:
        """`value[key]`."""
        self._recorder.read_of(value, key)
        if type(value) is str and type(key) is str:
            self._recorder.misuse("item", value, key)
        return get_item(value, key)

    def get_iterator(self, value: Any) -> Any:
        """`for … in value`."""
        self._recorder.iterated(value)
        return get_iterator(value)

    def is_sequence(self, value: Any) -> bool:
        """Whether `[a, b]` can match it."""
        found = is_sequence(value)
        if not found:
            self._recorder.misuse("iterated", value)
        return found

    def is_mapping(self, value: Any) -> bool:
        """Whether `{"a": b}` can match it."""
        found = is_mapping(value)
        if not found:
            self._recorder.misuse("item", value)
        return found

    def _message_function(self) -> Callable[..., Any]:
        def make(*args: Any, **words: Any) -> Any:
            made = message(*args, **words)
            self.last_line = sys._getframe(1).f_lineno  # noqa: SLF001 - the script's frame is above this one
            return made

        return named("message", make)

    def _field(self, record: Record, name: str, found: Any) -> Any:
        answer = self._answers.get(id(record))
        if answer is not None:
            return self._field_of_answer(answer, name, found, record)
        label = self._records.get(id(record))
        if label == "api":
            self._recorder.read(("api",), name, "none")
            return self._call_of(found) if name in ("get", "post") else found
        if label is not None:
            state = "missing" if found is None else kind_of(found) if type(found) is not str or found else "empty"
            self._recorder.read((label,), name, state)
        return found

    def _call_of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            number = self._recorder.calls
            response = function(*args, **words)
            self._held.append(response)
            self._answers[id(response)] = number
            return response

        return named(f"api.{function.__name__}", call)

    def _field_of_answer(self, answer: int, name: str, found: Any, record: Record) -> Any:
        recorder = self._recorder
        recorder.read(("answer", answer), name, "none")
        if name == "json":

            def read_json() -> Any:
                value = found()
                size = len(get_attribute(record, "text"))
                if self._held_chars + size <= MAX_HELD_CHARS:  # each call makes a new value, and a live run frees it
                    self._held_chars += size
                    recorder.hold(value, "answer", answer, "json")
                return value

            return named("response.json", read_json)
        if name == "header":

            def header(name: Any) -> Any:
                value = found(name)
                recorder.read(("answer", answer, "headers"), name, "missing" if value is None else "text")
                return value

            return named("response.header", header)
        return found

    def _method_of_container(self, container: Any, name: str, method: Any) -> Any:
        if name in ("items", "keys", "values"):
            self._recorder.iterated(container)
        if name != "get":
            return method

        def get(*args: Any) -> Any:
            if args:
                self._recorder.read_of(container, args[0])
            return method(*args)

        return named("get", get)

    def _affix(self, text: str, name: str, method: Any) -> Any:
        def check(*args: Any) -> Any:
            is_so = method(*args)
            site = -sys._getframe(1).f_lineno  # noqa: SLF001 - as above
            self._recorder.compare(site, name, "true" if is_so else "false", text, args[0] if args else None)
            return is_so

        return check

    def _match(self, function: Any, pattern: Any) -> Any:
        def match(*args: Any, **words: Any) -> Any:
            found = function(*args, **words)
            source, subject = (pattern, args[:1]) if pattern is not None else (args[0] if args else "", args[1:2])
            source = source.pattern if type(source) is re.Pattern else source
            if subject and type(source) is str:
                site = -sys._getframe(1).f_lineno  # noqa: SLF001 - as above
                how = "true" if found else "false"
                self._recorder.compare(site, "Match", how, subject[0], example_of(source))
            return found

        return match
