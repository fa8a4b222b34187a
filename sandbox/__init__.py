"""The sandbox: runs scripts of untrusted authors and gives them nothing but named powers.

Four layers. Each may have holes that the others close; each is tested alone:

1. **The language** (`sandbox.language`): what a script may contain. A refusal gives line, reason and replacement.
2. **The jail** (`sandbox.jail`): one throwaway process per run, which the kernel allows only to compute and to
   communicate over one socket. It holds when the language has a hole.
3. **The broker** (this process): every power is exercised here, and everything that a child sends is taken as hostile.
4. **The message contract** (outside this package): what a run returned is checked before anyone sees it.

The path of a run, file by file:

    broker.py             `Sandbox`: check, run, close; `examine` for `doctor`
    zygote/pool.py        the current zygote, its renewal and replacement
    zygote/process.py     starts a zygote by exec, requests children from it
    zygote/entry.py       where the zygote's interpreter starts
    zygote/startup.py     warms up, drops every right it can, attacks its own jail
    zygote/child_warmup.py what a spare child does while it waits
    zygote/loop.py        the zygote's loop: fork, kill, reap, report
    zygote/fork_child.py  one fork, one jailed child
    jail/                 the lock-down, its layers and its probes
    child.py              in the jail: one check or one run
    frames.py             length and JSON, both ways
    channel.py            the broker's end, with deadlines
    prepare_protocol.py   one run of `prepare`, whose result is facts
    run_protocol.py       one run: calls, budgets, the final report
    check_protocol.py     one check
    tracing/              runs with probes, for coverage and exploration; never for a live status
    frame_schemas.py      what a child may send
    exit_status.py        from how a child ended to how its run ended
    jail/confinement.py   confines a process that decodes hostile images; it is no part of a run
    jail/report.py        what the jail must stop, and what it was found to stop
    source_digest.py      whether broker and zygote are of one release
    memory_errors.py      whether an error means that memory ran out
    outcomes.py           the values that go into a run and come out of it
    errors.py             the sandbox's own faults

Use it as `with Sandbox() as box:`, and check before running: `box.run(box.check(source).code, script_input, powers=...)`.
Start it before other threads where that is possible; it is safe to use from many threads. The invariant that the next
editor must keep: no process that holds secrets ever compiles, unmarshals or runs anything that comes from a script.
"""

from .broker import Sandbox, examine
from .errors import CallNotMade, JailTooWeak, SandboxError, ZygoteGone
from .jail.confinement import confine_process
from .jail.report import JailConfig, JailReport
from .language import (
    API_LEVEL,
    LEVELS,
    OFFERED,
    RECORDS,
    RUNTIME_KEY,
    SIGNATURES,
    STUB_MODULE,
    WITHHELD,
    OfferedEntry,
    RecordType,
    Signature,
    WithheldEntry,
    script_stubs,
)
from .outcomes import (
    FATAL_SIGNALS,
    Answer,
    Call,
    CallFault,
    CallLiteral,
    CheckResult,
    Finding,
    MessageLiteral,
    Outcome,
    OutcomeKind,
    Powers,
    RunLimits,
    ScriptError,
    ScriptInput,
    Severity,
    Usage,
)
from .prepare_protocol import PREPARE_LIMITS
from .tracing.trace_protocol import TracedRuns
from .tracing.traces import (
    InstrumentedScript,
    InstrumentResult,
    NotedComparison,
    NotedMisuse,
    NotedRead,
    NotedValue,
    RunTrace,
    TracedOutcome,
    TraceSite,
)
from .zygote.process import Launch

__all__ = [
    "API_LEVEL",
    "FATAL_SIGNALS",
    "LEVELS",
    "OFFERED",
    "PREPARE_LIMITS",
    "RECORDS",
    "RUNTIME_KEY",
    "SIGNATURES",
    "STUB_MODULE",
    "WITHHELD",
    "Answer",
    "Call",
    "CallFault",
    "CallLiteral",
    "CallNotMade",
    "CheckResult",
    "Finding",
    "InstrumentResult",
    "InstrumentedScript",
    "JailConfig",
    "JailReport",
    "JailTooWeak",
    "Launch",
    "MessageLiteral",
    "NotedComparison",
    "NotedMisuse",
    "NotedRead",
    "NotedValue",
    "OfferedEntry",
    "Outcome",
    "OutcomeKind",
    "Powers",
    "RecordType",
    "RunLimits",
    "RunTrace",
    "Sandbox",
    "SandboxError",
    "ScriptError",
    "ScriptInput",
    "Severity",
    "Signature",
    "TraceSite",
    "TracedOutcome",
    "TracedRuns",
    "Usage",
    "WithheldEntry",
    "ZygoteGone",
    "confine_process",
    "examine",
    "script_stubs",
]
