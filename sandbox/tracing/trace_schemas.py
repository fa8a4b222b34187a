"""What a child may send about a traced run and an instrumented script: exact shapes, bounded sizes, and nothing else.

As in `frame_schemas`, the child is hostile, and a frame is turned into a frozen value or refused with `FrameError`:

1. `instrumented`: lists of lines, sites, texts, numbers and templates, each of at most so many entries of at most so many
   characters; code if and only if there are lines; then the code, not empty.
2. `traced`: the end of the run, which is a `result` or `failed` frame as any run sends it, and its trace.
3. In a trace every number is an integer within its bounds, and every word one that the recorder writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sandbox.frame_schemas import RunReport, run_report_of
from sandbox.frames import FrameError

from .traces import InstrumentedScript, NotedComparison, NotedMisuse, NotedRead, NotedValue, RunTrace, TraceSite

T = TypeVar("T")

_MAX_LINE = 1_000_000
_MAX_LINES, _MAX_SITES, _MAX_LITERALS, _LITERAL_CHARS = 20_000, 20_000, 300, 200
_MAX_TEMPLATE_LINES, _MAX_TEMPLATES, _MAX_PARTS = 200, 24, 20
_MAX_COMPARISONS, _MAX_READS, _MAX_MISUSES = 150, 300, 40
_NOTE_CHARS, _MAX_MEMBERS, _MAX_DEPTH, _KEY_CHARS, _MAX_INDEX = 120, 12, 14, 100, 4000
_MAX_STEPS = 10_000_000

_KINDS = frozenset({"text", "flag", "number", "moment", "seconds", "day", "none", "other"})
_CONTAINERS = frozenset({"members", "keys"})
_COMPARISONS = frozenset(
    {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "Is", "IsNot", "In", "NotIn", "StartsWith", "EndsWith", "Match", "Truth"}
)
_RELATIONS = frozenset({"<", "=", ">", "in", "out", "?", "true", "false"})
_STATES = frozenset(
    {"missing", "empty", "object", "list", "text", "flag", "number", "none", "iterated", "tested", "searched"}
)
_BUDGETS = frozenset({"", "steps", "call"})
_MISUSES = frozenset({"attribute", "item", "iterated"})
_ROOTS = frozenset({"user", "session", "settings", "facts", "api", "answer"})


def instrumented_of(frame: Mapping[str, Any]) -> InstrumentedScript:
    """The script of an `instrumented` frame (step 1), without its code. Raises `FrameError`."""
    if frame.keys() != {"t", "lines", "sites", "texts", "numbers", "templates", "has_code"}:
        raise FrameError("other keys than an instrumented script has")
    if type(frame["has_code"]) is not bool or frame["has_code"] != bool(frame["lines"]):
        raise FrameError("code without lines, or lines without code")
    return InstrumentedScript(
        code=b"",
        lines=_each(frame["lines"], _MAX_LINES, _line),
        sites=_each(frame["sites"], _MAX_SITES, _site),
        texts=_each(frame["texts"], _MAX_LITERALS, _literal),
        numbers=_each(frame["numbers"], _MAX_LITERALS, _literal),
        templates=_each(frame["templates"], _MAX_TEMPLATE_LINES, _templates),
    )


def traced_of(frame: Mapping[str, Any]) -> tuple[RunReport, RunTrace, int]:
    """The report, the trace and the size of the result of a `traced` frame (steps 2 and 3). Raises `FrameError`."""
    if frame.keys() != {"t", "end", "trace"} or type(frame["end"]) is not dict:
        raise FrameError("other keys than a traced run has")
    return run_report_of(frame["end"]), _trace(frame["trace"]), len(str(frame["end"]))


def _trace(value: Any) -> RunTrace:
    keys = {"steps", "used_up", "lines", "tests", "comparisons", "reads", "misuses", "message_line"}
    if type(value) is not dict or value.keys() != keys:
        raise FrameError("other keys than a trace has")
    return RunTrace(
        steps=_number(value["steps"], 0, _MAX_STEPS),
        used_up=_word(value["used_up"], _BUDGETS),
        lines=frozenset(_each(value["lines"], _MAX_LINES, _line)),
        tests=frozenset(_each(value["tests"], 2 * _MAX_SITES, _test)),
        comparisons=_each(value["comparisons"], _MAX_COMPARISONS, _comparison),
        reads=_each(value["reads"], _MAX_READS, _read),
        misuses=_each(value["misuses"], _MAX_MISUSES, _misuse),
        message_line=None if value["message_line"] is None else _line(value["message_line"]),
    )


def _each(value: Any, limit: int, read: Callable[[Any], T]) -> tuple[T, ...]:
    if type(value) is not list or len(value) > limit:
        raise FrameError("a list that is none, or too long")
    return tuple(read(one) for one in value)


def _parts(value: Any, count: int) -> list[Any]:
    if type(value) is not list or len(value) != count:
        raise FrameError("an entry with other parts than the sandbox sends")
    return value


def _number(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise FrameError("a number out of range")
    return value


def _line(value: Any) -> int:
    return _number(value, 1, _MAX_LINE)


def _text(value: Any, limit: int) -> str:
    if type(value) is not str or len(value) > limit:
        raise FrameError("a text that is none, or too long")
    return value


def _word(value: Any, known: frozenset[str]) -> str:
    if type(value) is not str or value not in known:
        raise FrameError("a word that no recorder writes")
    return value


def _site(value: Any) -> TraceSite:
    line, entered, left = _parts(value, 3)
    targets = [None if target is None else _number(target, -_MAX_LINE, _MAX_LINE) for target in (entered, left)]
    return TraceSite(_line(line), *targets)


def _literal(value: Any) -> str:
    return _text(value, _LITERAL_CHARS)


def _templates(value: Any) -> tuple[int, tuple[tuple[str | None, ...], ...]]:
    line, templates = _parts(value, 2)
    return _line(line), _each(templates, _MAX_TEMPLATES, lambda one: _each(one, _MAX_PARTS, _template_part))


def _template_part(value: Any) -> str | None:
    return None if value is None else _literal(value)


def _test(value: Any) -> tuple[int, bool]:
    site, is_true = _parts(value, 2)
    return _number(site, 0, _MAX_SITES), bool(_number(is_true, 0, 1))


def _comparison(value: Any) -> NotedComparison:
    site, name, how, left, right = _parts(value, 5)
    return NotedComparison(
        _number(site, -_MAX_LINE, _MAX_SITES),
        _word(name, _COMPARISONS),
        _word(how, _RELATIONS),
        _noted(left),
        _noted(right),
    )


def _noted(value: Any) -> NotedValue:
    kind, content = _parts(value, 2)
    if type(kind) is str and kind in _CONTAINERS:
        return NotedValue(kind, members=_each(content, _MAX_MEMBERS, _simple))
    return _simple(value)


def _simple(value: Any) -> NotedValue:
    kind, text = _parts(value, 2)
    return NotedValue(_word(kind, _KINDS), _text(text, _NOTE_CHARS))


def _read(value: Any) -> NotedRead:
    place, key, state = _parts(value, 3)
    steps = _each(place, _MAX_DEPTH, _step)
    if not steps:
        raise FrameError("a place without a root")
    return NotedRead((_word(steps[0], _ROOTS), *steps[1:]), _step(key), _word(state, _STATES))


def _step(value: Any) -> str | int:
    return _number(value, -_MAX_INDEX, _MAX_INDEX) if type(value) is int else _text(value, _KEY_CHARS)


def _misuse(value: Any) -> NotedMisuse:
    how, noted, key = _parts(value, 3)
    return NotedMisuse(_word(how, _MISUSES), _noted(noted), _text(key, _KEY_CHARS))
