"""The sandbox: runs the script of an untrusted author, and gives it nothing but named powers.

Four layers, each with holes that the others close, each tested alone:

1. **The language** (`sandbox.language`): what a script may say at all. Refuses with line, reason and replacement.
2. **The jail** (`sandbox.jail`): one throwaway process per run, which the kernel lets do nothing but compute and talk
   on one socket. Holds when the language has a hole.
3. **The broker** (this process): every power is exercised here, and everything a child says is taken for hostile.
4. **The message contract** (outside this package): what a run returned is judged before anyone sees it.

The way of a run, file by file:

    broker.py             `Sandbox`: check, run, close; `examine` for the doctor
    zygote/pool.py        the current zygote, its renewal and replacement
    zygote/process.py     starts a zygote by exec, asks it for children
    zygote/entry.py       where the zygote's interpreter begins
    zygote/startup.py     warms up, gives up what it can, attacks its own jail
    zygote/child_warmup.py what a spare child does while it waits
    zygote/loop.py        the zygote's loop: fork, kill, reap, report
    zygote/fork_child.py  one fork, one jailed child
    jail/                 the lock-down, its layers and its probes
    child.py              in the jail: one check or one run
    frames.py             length and JSON, both ways
    channel.py            the broker's end, with deadlines
    run_protocol.py       one run: calls, budgets, the last word
    check_protocol.py     one check
    frame_schemas.py      what a child may say
    exit_status.py        how a run ended, told from how its child ended
    jail/report.py        what the jail must hold, and what it was found to hold
    source_digest.py      whether broker and zygote are of one release
    memory_errors.py      the end of the memory, where CPython lost its own error about it
    child_memory.py       what a child costs in memory
    runtime.py            which runtime code belongs to, what scripts are offered
    outcomes.py           the values which cross the wall
    errors.py             our own faults

Use it as `with Sandbox() as box:`, and check before running: `box.run(box.check(source).code, given, powers=...)`.
Start it before other threads where that is possible; it is safe to use from many. The invariant which the next editor
must keep: no process that holds secrets ever compiles, unmarshals or runs anything that comes from a script.
"""

from .broker import Sandbox, examine
from .errors import CallNotMade, JailTooWeak, SandboxError, ZygoteGone
from .jail.report import JailConfig, JailReport
from .outcomes import (
    FATAL_SIGNALS,
    Answer,
    Call,
    CallFault,
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
from .runtime import API_LEVEL, OfferedEntry, WithheldEntry, offered, runtime_key, withheld

__all__ = [
    "API_LEVEL",
    "FATAL_SIGNALS",
    "Answer",
    "Call",
    "CallFault",
    "CallNotMade",
    "CheckResult",
    "Finding",
    "JailConfig",
    "JailReport",
    "JailTooWeak",
    "MessageLiteral",
    "OfferedEntry",
    "Outcome",
    "OutcomeKind",
    "Powers",
    "RunLimits",
    "Sandbox",
    "SandboxError",
    "ScriptError",
    "ScriptInput",
    "Severity",
    "Usage",
    "WithheldEntry",
    "ZygoteGone",
    "examine",
    "offered",
    "runtime_key",
    "withheld",
]
