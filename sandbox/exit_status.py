"""How a run ended, told from how its child ended and from what was said before.

What the kernel says goes before what the child says: a forbidden system call is an alarm even after a perfect answer,
and an answer counts only if its child then ended well.
"""

from __future__ import annotations

import os
import signal
from dataclasses import replace

from .channel import ChildExit
from .child import EXIT_MEMORY
from .frame_schemas import RunReport
from .outcomes import FATAL_SIGNALS, OutcomeKind, RunLimits, ScriptError
from .zygote.fork_child import EXIT_NOT_JAILED

_CPU_SIGNALS = (signal.SIGPROF, signal.SIGXCPU)


def is_alarm(end: ChildExit) -> bool:
    """Whether the kernel killed the child for a forbidden system call."""
    return _signal(end) == getattr(signal, "SIGSYS", None)


def ended_well(end: ChildExit) -> bool:
    """Whether the child ended by itself after it had said all."""
    return end.status == 0


def report_from_exit(end: ChildExit, limits: RunLimits) -> RunReport:
    """What the child's end alone says, for a child that said nothing or did not end after it."""
    number = _signal(end)
    if is_alarm(end):
        return crash_report("ForbiddenCall", "the kernel ended the script for a system call which no script can make")
    if number in _CPU_SIGNALS or (number == signal.SIGKILL and end.killed is None and end.cpu_s > limits.cpu_s):
        return timeout_report(f"the CPU time of {limits.cpu_s:g} s is used up")
    if end.killed is not None:
        return timeout_report(f"the time of {limits.wall_s:g} s is used up")
    if end.status is None:
        return crash_report("ZygoteDied", "the process which looks after the scripts died during the run")
    if number == signal.SIGKILL:
        return crash_report("Killed", "the script's process was killed from outside, as a system short of memory does")
    if number is not None:
        return _fatal(signal.Signals(number).name)
    code = os.waitstatus_to_exitcode(end.status)
    if code == EXIT_MEMORY:
        return RunReport(OutcomeKind.OUT_OF_MEMORY, error=ScriptError("MemoryError", None, "the memory is used up"))
    if code == EXIT_NOT_JAILED:
        return crash_report("NotJailed", "the jail could not be closed, so the script was not run")
    return crash_report("Ended", "the script's process ended without an answer")


def forged_frame_report(what: object) -> RunReport:
    """A frame that no script can send."""
    return crash_report("ForgedFrame", f"the script's process sent what no script can send: {what}")


def with_last_known_line(last: RunReport, line: int | None) -> RunReport:
    """With the nearest that is known of where the interpreter died: where the script last called or logged.

    The line is the child's own word, from before it died: good for people who look for the place, and for nothing else.
    """
    error = last.error
    if error is None or error.type not in FATAL_SIGNALS:
        return last
    said = f"after line {line} had called or logged, as its process said" if line else "before it called or logged"
    return replace(last, error=replace(error, line=line, text=f"{error.text} {said}"))


def _fatal(name: str) -> RunReport:
    kind = name if name in FATAL_SIGNALS else "Crashed"
    return crash_report(kind, f"the interpreter died by {name}")


def crash_report(name: str, text: str) -> RunReport:
    """Neither an answer nor a limit."""
    return RunReport(OutcomeKind.CRASHED, error=ScriptError(name, None, text))


def timeout_report(text: str) -> RunReport:
    """Out of wall or CPU time."""
    return RunReport(OutcomeKind.TIMED_OUT, error=ScriptError("TimedOut", None, text))


def _signal(end: ChildExit) -> int | None:
    if end.status is None or not os.WIFSIGNALED(end.status):
        return None
    return os.WTERMSIG(end.status)
