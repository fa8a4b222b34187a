"""The values which cross the sandbox's wall: what goes into a run and what comes out of it.

A script's fault is a value (`Outcome`), never an exception; an exception from this package is our own fault
(`sandbox.errors`). Everything here is frozen and made of plain data, so that it can cross a process boundary as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

MIB = 1024 * 1024


class OutcomeKind(StrEnum):
    """How a run ended. The values are shown to authors as they stand."""

    RETURNED = "returned"
    REFUSED = "refused"
    RAISED = "raised"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    TOO_MUCH_OUTPUT = "too much output"
    CALL_REFUSED = "call refused"
    CALL_FAILED = "call failed"
    CRASHED = "crashed"
    #: Never said by the sandbox: the run could not be made, as the database or the store was lost.
    SERVICE_AWAY = "service away"


#: Signals by which an interpreter dies of a fault of its own: memory that is not there, an instruction that is none, a
#: state that it gives up in. A script should not be able to cause one; who can is half out of the language.
FATAL_SIGNALS = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT", "SIGFPE", "SIGTRAP"})


class Severity(StrEnum):
    """An error keeps a script from running; a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing to say about a place in a script; line and column count from 1."""

    rule: str
    line: int
    column: int
    what: str
    why: str
    instead: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True)
class MessageLiteral:
    """A `message(...)` call with literal arguments, for the message contract to judge before any run."""

    line: int
    column: int
    text: str | None
    link: str | None
    color: str | None


@dataclass(frozen=True)
class CheckResult:
    """The answer of a check: `code` (marshal bytes, for the jail only) is there if no finding is an error.

    `settings` are the names of settings without which the script fails, as far as its text says.

    `alarm` says that the text made the compiler do what the kernel forbids, or say what it cannot say: an attack,
    whoever wrote it.
    """

    sha256: str
    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = 1
    code: bytes | None = field(default=None, repr=False)
    alarm: bool = False
    settings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the script may run."""
        return self.code is not None


@dataclass(frozen=True)
class RunLimits:
    """The budgets of one run. A used-up budget ends the run and cannot be caught."""

    wall_s: float = 5.0
    cpu_s: float = 1.0
    memory_bytes: int = 64 * MIB  #: over the size of an idle child
    calls: int = 10
    read_bytes: int = MIB  #: bodies of all answers of the run together
    log_lines: int = 100
    log_chars: int = 500  #: of one line; the rest is cut
    output_bytes: int = 16 * 1024  #: of the JSON of what the script returned

    def __post_init__(self) -> None:
        """Refuse a limit of nothing: to the kernel, a timer of 0 seconds is no timer."""
        for name in ("wall_s", "cpu_s", "memory_bytes", "output_bytes"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be more than 0 and finite")


@dataclass(frozen=True)
class ScriptInput:
    """What a script is given: plain JSON values only, and no secret among them.

    `user` and `session` hold the fields of the script API, times as RFC 3339 text; `scans` holds
    `{"at": RFC 3339, "direction": "in" | "out"}`, oldest first.
    """

    user: Mapping[str, Any]
    session: Mapping[str, Any]
    settings: Mapping[str, Any]
    now: str
    return_url: str = ""
    scans: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Call:
    """What a script asked for. The shapes are checked by the broker; whether it may be asked is the powers' business."""

    method: str  #: GET or POST
    connection: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    has_json: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are lower case; the body was decoded to text within the read budget."""

    status: int
    headers: Mapping[str, str]
    text: str
    bytes_read: int


class CallFault(StrEnum):
    """Why a call could not be made: the `.kind` of the `ApiError` which the script may catch."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    BREAKER_OPEN = "breaker open"
    TOO_LARGE = "too large"
    NOT_JSON = "not json"
    NO_ANSWER_RECORDED = "no answer recorded"


class Powers(Protocol):
    """What the trusted side does for a script. One object serves one run and one thread."""

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Make the call; `deadline` is a `time.monotonic()` value. Raises `sandbox.errors.CallNotMade`."""
        ...


@dataclass(frozen=True)
class ScriptError:
    """Where and how a script failed, for authors and reviewers; never shown to attendees."""

    type: str
    line: int | None
    text: str


@dataclass(frozen=True)
class Usage:
    """What a run used. `memory_bytes` is the peak resident size of the child, `idle_bytes` that of one without a run."""

    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    memory_bytes: int = 0
    idle_bytes: int = 0
    calls: int = 0
    read_bytes: int = 0
    log_lines: int = 0


@dataclass(frozen=True)
class Outcome:
    """How one run ended.

    `value` is, for a returned run, `{"text", "link", "color"}` as the script gave it (shape and types checked,
    content not) or `None` for `hidden()`. `alarm` says that the kernel killed the child for a forbidden system call, or
    that the child sent a forged frame: no script can do either without having left the language, so the version has to
    be suspended.
    """

    kind: OutcomeKind
    value: Mapping[str, Any] | None = None
    log: tuple[str, ...] = ()
    usage: Usage = Usage()
    error: ScriptError | None = None
    alarm: bool = False

    @property
    def fatal_signal(self) -> str | None:
        """The name of the signal by which the interpreter died of a fault of its own, if it did."""
        if self.kind is not OutcomeKind.CRASHED or self.error is None or self.error.type not in FATAL_SIGNALS:
            return None
        return self.error.type
