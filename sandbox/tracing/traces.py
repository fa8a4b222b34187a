"""The values that a traced run gives: what the text of a script shows, and what one run of it passed and compared.

All of it comes out of the jail and is bounded plain data. It tells people and the explorer where to look; nothing that
protects anyone may depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.outcomes import Finding, Outcome

#: Where a value stands: the name of a root ("user", "session", "settings", "answer"), then keys and indexes.
TracePlace = tuple[str | int, ...]


@dataclass(frozen=True)
class TraceSite:
    """One place whose outcomes count. A branch has the lines to which it leads, negative where it leaves a function."""

    line: int
    entered: int | None = None
    left: int | None = None


@dataclass(frozen=True)
class NotedValue:
    """A value as a recorder noted it: its kind and its text, and for `members` and `keys` their first ones."""

    kind: str
    text: str = ""
    members: tuple[NotedValue, ...] = ()


@dataclass(frozen=True)
class NotedComparison:
    """Two values that a run compared, and how they are to each other. `site` is negative for a method, by its line."""

    site: int
    name: str  #: "Eq", "Lt", "In", …, "StartsWith", "EndsWith", "Match", or "Truth" for a test of the left value
    how: str
    left: NotedValue
    right: NotedValue


@dataclass(frozen=True)
class NotedRead:
    """A key, an index or a field that a run read; `state` is the kind of what was there, "missing", or how it was used."""

    place: TracePlace
    key: str | int
    state: str


@dataclass(frozen=True)
class NotedMisuse:
    """A value that a run used as something that it is not."""

    how: str  #: "attribute", "item" or "iterated"
    value: NotedValue
    key: str


@dataclass(frozen=True)
class RunTrace:
    """What one run did."""

    steps: int = 0
    used_up: str = ""  #: "steps" or "call" if it was ended for using up that budget
    lines: frozenset[int] = frozenset()
    tests: frozenset[tuple[int, bool]] = frozenset()
    comparisons: tuple[NotedComparison, ...] = ()
    reads: tuple[NotedRead, ...] = ()
    misuses: tuple[NotedMisuse, ...] = ()
    message_line: int | None = None  #: where the message was made that the run returned


@dataclass(frozen=True)
class TracedOutcome:
    """How a traced run ended. Without a trace its child ended before it could report one."""

    outcome: Outcome
    trace: RunTrace | None = None


@dataclass(frozen=True)
class InstrumentedScript:
    """A script that was compiled with probes. Its code is for traced runs in the jail only."""

    code: bytes = field(repr=False)
    lines: tuple[int, ...] = ()  #: the first lines of its statements
    sites: tuple[TraceSite, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    #: For the line of each `message(…)` what its text is made of; None is a part that the script does not fix.
    templates: tuple[tuple[int, tuple[tuple[str | None, ...], ...]], ...] = ()


@dataclass(frozen=True)
class InstrumentResult:
    """The script with probes, or the finding that says why there is none."""

    script: InstrumentedScript | None = None
    finding: Finding | None = None
