"""Records one run: lines, outcomes of tests, comparisons with their sides, and what was read of the input and the answers.

Everything is bounded: the recorder keeps a fixed number of entries and bytes and drops what comes after, so that its
report always fits in one frame. It also counts steps, so that a run that never ends has an end that is the same each time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NoReturn

from sandbox.frames import encode
from sandbox.language.run.values.frozen import FrozenDict, FrozenList

from .value_notes import note_of, relation

#: Lines that one run may pass before it is ended.
MAX_STEPS = 50_000
#: How many entries of each list one report has; how often one outcome of one place is noted.
MAX_COMPARISONS, MAX_READS, MAX_MISUSES, MAX_REPEATS = 150, 300, 40, 3
#: Bytes of all notes and reads of a report together, as they are sent; lines and tests take the rest of the frame.
MAX_BYTES = 80_000
#: Containers of the input and of answers whose place is known; how deep; characters of a key.
MAX_PLACES, MAX_PLACE_DEPTH, KEY_CHARS = 4000, 12, 100

_MAPPINGS = frozenset[type]((dict, FrozenDict))
_LISTS = frozenset[type]((list, FrozenList))

#: Where a value stands: the name of a root ("user", "answer", …), then keys and indexes.
Place = tuple[Any, ...]


class BudgetReached(BaseException):
    """The run passed more lines or made more calls than it may. No `Exception`: nothing catches it."""


class Recorder:
    """What one run did; one object serves one run."""

    def __init__(self, max_calls: int = 10) -> None:
        self.calls = 0  #: calls that the broker has answered
        self._max_calls = max_calls
        self._steps = 0
        self._used_up = ""
        self._lines: set[int] = set()
        self._tests: set[tuple[int, int]] = set()
        self._comparisons: list[list[Any]] = []
        self._reads: dict[tuple[Any, ...], None] = {}
        self._misuses: list[list[Any]] = []
        self._repeats: dict[tuple[Any, ...], int] = {}
        self._bytes = 0
        self._left: dict[int, Any] = {}  # the last operand of each comparison
        self._places: dict[int, Place] = {}
        self._held: list[Any] = []  # what has a place, so that no id is reused

    def report(self) -> dict[str, Any]:
        """What was recorded, as plain data."""
        return {
            "steps": self._steps,
            "used_up": self._used_up,
            "lines": sorted(self._lines),
            "tests": [list(test) for test in sorted(self._tests)],
            "comparisons": self._comparisons,
            "reads": [list(read) for read in self._reads],
            "misuses": self._misuses,
        }

    # probes, which the code calls

    def line(self, number: int) -> None:
        """The run is at a line."""
        self._lines.add(number)
        self._steps += 1
        if self._steps > MAX_STEPS:
            self._end("steps")

    def truth(self, site: int, value: Any) -> Any:
        """A test has this value."""
        is_true = 1 if value else 0
        self._tests.add((site, is_true))
        if type(value) is not bool and type(value) is not int:
            self._note_container(value, "tested")
            self.compare(site, "Truth", "true" if is_true else "false", value, None)
        return value

    def operand(self, site: int, step: str, value: Any) -> Any:
        """A comparison has reached this operand; `step` names the comparison with the one before."""
        if step:
            left = self._left.pop(site, None)
            if step in ("In", "NotIn"):
                self._note_container(value, "searched", left)
            self.compare(site, step, relation(step, left, value), left, value)
        self._left[site] = value
        return value

    # what the guards tell

    def call_goes_out(self) -> None:
        """The run is about to make a call. The broker counts, too."""
        if self.calls >= self._max_calls:
            self._end("call")

    def _end(self, budget: str) -> NoReturn:
        self._used_up = budget
        raise BudgetReached(f"the budget of {budget} is used up")

    def compare(self, site: int, name: str, how: str, left: Any, right: Any) -> None:
        """Two values were compared at a place."""
        if len(self._comparisons) >= MAX_COMPARISONS or not self._is_new((site, name, how)):
            return
        notes = [note_of(left), note_of(right)]
        if self._has_room(notes):
            self._comparisons.append([site, name, how, *notes])

    def read(self, place: Place, key: Any, state: str) -> None:
        """A key, an index or a field was read; `state` is the kind of what was there, or "missing"."""
        if type(key) not in (str, int, bool) or len(self._reads) >= MAX_READS:
            return
        key = key[:KEY_CHARS] if type(key) is str else int(key)
        entry = (list_place(place), key, state)
        is_small = all(type(step) is str or -MAX_PLACES < step < MAX_PLACES for step in (*entry[0], key))
        if entry not in self._reads and is_small and self._has_room(entry):
            self._reads[entry] = None

    def read_of(self, container: Any, key: Any) -> None:
        """The same for a container, if its place is known."""
        place = self._places.get(id(container))
        if place is None or len(place) > MAX_PLACE_DEPTH:
            return
        self.read(place, key, _state(container, key))

    def misuse(self, how: str, value: Any, key: Any = "") -> None:
        """A value was used as something that it is not."""
        note = note_of(value)
        if len(self._misuses) < MAX_MISUSES and self._is_new((how, str(note))) and self._has_room([note]):
            self._misuses.append([how, note, key[:KEY_CHARS] if type(key) is str else ""])

    def iterated(self, value: Any) -> None:
        """A loop goes over a value."""
        if type(value) is str:
            self.misuse("iterated", value)
        else:
            self._note_container(value, "iterated")

    def hold(self, value: Any, *place: Any) -> None:
        """Remember the place of a value and of every container in it."""
        left = [(value, place)]
        while left and len(self._held) < MAX_PLACES:
            item, where = left.pop()
            if type(item) not in _MAPPINGS | _LISTS:
                continue
            self._held.append(item)
            self._places[id(item)] = where
            inner = item.items() if type(item) in _MAPPINGS else enumerate(item)
            left += [(part, (*where, key)) for key, part in itertools.islice(inner, MAX_PLACES)][::-1]

    def _note_container(self, value: Any, state: str, key: Any = "") -> None:
        place = self._places.get(id(value))
        if place is None or len(place) > MAX_PLACE_DEPTH:
            return
        if state == "searched" and type(value) in _MAPPINGS:
            self.read_of(value, key)
        elif state == "searched":
            self.read(place, key if type(key) is str else "", state)
        else:
            self.read(place, "", state)

    def _is_new(self, key: tuple[Any, ...]) -> bool:
        self._repeats[key] = self._repeats.get(key, 0) + 1
        return self._repeats[key] <= MAX_REPEATS

    def _has_room(self, entry: Sequence[Any]) -> bool:
        """Whether an entry still fits; after the first one that does not, none does, so that the report is a beginning."""
        self._bytes += len(encode(entry))
        return self._bytes <= MAX_BYTES


def list_place(place: Place) -> tuple[Any, ...]:
    """A place as it is reported: keys cut, as a tuple, which JSON writes as a list."""
    return tuple(part[:KEY_CHARS] if type(part) is str else part for part in place)


def _state(container: Any, key: Any) -> str:
    if type(container) in _MAPPINGS:
        if type(key) is not str or key not in container:
            return "missing"
    elif type(key) is not int or not -len(container) <= key < len(container):
        return "missing"
    return kind_of(container[key])


def kind_of(value: Any) -> str:
    """The kind of a JSON value."""
    if type(value) in _MAPPINGS:
        return "object"
    if type(value) in _LISTS:
        return "list"
    kinds = {str: "text", bool: "flag", int: "number", float: "number"}
    return kinds.get(type(value), "none")
