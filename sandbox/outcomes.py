"""The values that go into a check or a run and come out of it.

A script's fault is a value (`Outcome`), never an exception; an exception from this package is the sandbox's own fault
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
    #: Never set by the sandbox: the run could not take place because the database or the store was unreachable.
    SERVICE_AWAY = "service away"


#: Signals by which an interpreter dies of its own fault: an invalid memory access, an invalid instruction, an abort. A
#: script should not be able to cause one; a script that can is half out of the language.
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
class CallLiteral:
    """A call of a vendor whose connection is known before any run; `path` is None if it is computed."""

    line: int
    column: int
    method: str  #: GET or POST
    connection: str
    path: str | None


@dataclass(frozen=True)
class CheckResult:
    """The result of a check: it has `code` (marshal bytes, for the jail only) if no finding is an error.

    `settings` are the names of settings without which the script fails, as far as its text shows; `setting_places` has
    the line and the column at which each is first read, and `calls` the calls of vendors with literal connections.

    `alarm` says that the text made the compiler do what the kernel forbids, or send what it never sends: an attack.
    """

    sha256: str
    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = 1
    code: bytes | None = field(default=None, repr=False)
    alarm: bool = False
    settings: tuple[str, ...] = ()
    setting_places: tuple[tuple[int, int], ...] = ()
    calls: tuple[CallLiteral, ...] = ()
    prepares: bool = False  #: it has a function prepare(session, api)

    @property
    def ok(self) -> bool:
        """Whether the script may run."""
        return self.code is not None


@dataclass(frozen=True)
class RunLimits:
    """The budgets of one run. A used-up budget ends the run; the script cannot catch that."""

    wall_s: float = 5.0
    cpu_s: float = 1.0
    memory_bytes: int = 64 * MIB  #: beyond the size of an idle child
    calls: int = 10
    read_bytes: int = MIB  #: bodies of all the run's answers together
    log_lines: int = 100
    log_chars: int = 500  #: of one line; the rest is cut
    output_bytes: int = 16 * 1024  #: of the JSON of what the script returned

    def __post_init__(self) -> None:
        """Refuse what is not more than 0 and finite: to the kernel, a timer of 0 seconds is no timer."""
        for name in ("wall_s", "cpu_s", "memory_bytes", "output_bytes"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be more than 0 and finite")


@dataclass(frozen=True)
class ScriptInput:
    """The input of a script: plain JSON values only, and no secret among them.

    `user` and `session` hold the fields of the script API, times as RFC 3339 text; `scans` holds
    `{"at": RFC 3339, "direction": "in" | "out"}`, oldest first. `minutes` are what they amount to until now; None: the time
    inside is counted from the scans. `facts` are what a vendor told beforehand of this user at this session, and `facts_at`
    is when it was true, as RFC 3339 text; None without any.
    """

    user: Mapping[str, Any]
    session: Mapping[str, Any]
    settings: Mapping[str, Any]
    now: str
    return_url: str = ""
    scans: Sequence[Mapping[str, Any]] = ()
    minutes: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    facts_at: str | None = None


@dataclass(frozen=True)
class Call:
    """A call that a script makes. The broker checks the types; the powers decide whether it may be made."""

    method: str  #: GET or POST
    connection: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    json: Any = None
    has_json: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answer:
    """The answer to a call. Header names are lower case; the body was decoded to text within the read budget."""

    status: int
    headers: Mapping[str, str]
    text: str
    bytes_read: int


class CallFault(StrEnum):
    """Why a call could not be made: the `.kind` of the `ApiError` that the script may catch."""

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
    #: The script's own functions, the outermost first, each with the line that it was at; at most 20.
    chain: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Usage:
    """What a run used. `memory_bytes` is the peak resident size of its child, `idle_bytes` that of a child without a run."""

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

    For a returned run of `prepare`, `value` is the facts by user id. For one of `status`, it is `{"text", "link", "color"}` as the script set them (keys and types are checked, the
    content is not), or `None` for `hidden()`. `alarm` says that the kernel killed the child for a forbidden system call,
    or that the child sent a forged frame: no script can do either without having left the language, so the version must
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
        """The name of the signal by which the interpreter died of its own fault, if it did."""
        if self.kind is not OutcomeKind.CRASHED or self.error is None or self.error.type not in FATAL_SIGNALS:
            return None
        return self.error.type
