"""Derives how a run ended from how its child ended and from what the child sent before.

The kernel's word goes before the child's: a forbidden system call is an alarm even after a perfect answer, and an answer
counts only if the child then exited cleanly.
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


def is_alarm(child_exit: ChildExit) -> bool:
    """Whether the kernel killed the child for a forbidden system call."""
    return _signal(child_exit) == getattr(signal, "SIGSYS", None)


def exited_cleanly(child_exit: ChildExit) -> bool:
    """Whether the child ended by itself with exit status 0."""
    return child_exit.status == 0


def is_unknown(child_exit: ChildExit) -> bool:
    """Whether the zygote died before it could tell how the child ended. A child cannot bring that about."""
    return child_exit.status is None


def overrules_nothing(child_exit: ChildExit) -> bool:
    """Whether the end of a child whose answer was given says nothing against it.

    The child exited cleanly, or took too long, so that the broker had it killed or a limit ended it, or the zygote could not
    tell. A child can bring about the last of these neither for itself nor for others.
    """
    number = _signal(child_exit)
    was_killed = child_exit.killed is not None and number == signal.SIGKILL
    took_too_long = was_killed or number in (signal.SIGALRM, *_CPU_SIGNALS)
    return exited_cleanly(child_exit) or took_too_long or is_unknown(child_exit)


def report_from_exit(child_exit: ChildExit, limits: RunLimits) -> RunReport:
    """The report on a run whose child sent no report, or did not exit cleanly after it."""
    number = _signal(child_exit)
    if is_alarm(child_exit):
        return crash_report("ForbiddenCall", "the kernel ended the script for a system call that no script can make")
    killed_by_limit = number == signal.SIGKILL and child_exit.killed is None and child_exit.cpu_s > limits.cpu_s
    if number in _CPU_SIGNALS or killed_by_limit:
        return timeout_report(f"the CPU time of {limits.cpu_s:g} s is used up")
    if child_exit.killed is not None or number == signal.SIGALRM:
        return timeout_report(f"the time of {limits.wall_s:g} s is used up")
    if child_exit.status is None:
        return crash_report("ZygoteDied", "the process that supervises the scripts died during the run")
    if number == signal.SIGKILL:
        return crash_report(
            "Killed", "the script's process was killed from outside; a system short of memory does that"
        )
    if number is not None:
        return _fatal(signal.Signals(number).name)
    code = os.waitstatus_to_exitcode(child_exit.status)
    if code == EXIT_MEMORY:
        return RunReport(OutcomeKind.OUT_OF_MEMORY, error=ScriptError("MemoryError", None, "the memory is used up"))
    if code == EXIT_NOT_JAILED:
        return crash_report("NotJailed", "the jail could not be closed, so the script was not run")
    return crash_report("Ended", "the script's process ended without an answer")


def forged_frame_report(what: object) -> RunReport:
    """The report on a run whose child sent a frame that no script can send."""
    return crash_report("ForgedFrame", f"the script's process sent what no script can send: {what}")


def with_last_known_line(report: RunReport, line: int | None) -> RunReport:
    """Add the last known line before the interpreter died: the line of the script's last call or log line.

    The line is the child's own statement from before it died. It helps people to find the place; decide nothing by it.
    """
    error = report.error
    if error is None or error.type not in FATAL_SIGNALS:
        return report
    when = f"after a call or log in line {line}, as its process reported" if line else "before its first call or log"
    return replace(report, error=replace(error, line=line, text=f"{error.text} {when}"))


def _fatal(name: str) -> RunReport:
    kind = name if name in FATAL_SIGNALS else "Crashed"
    return crash_report(kind, f"the interpreter died with {name}")


def crash_report(name: str, text: str) -> RunReport:
    """The report on a run that neither answered nor reached a limit."""
    return RunReport(OutcomeKind.CRASHED, error=ScriptError(name, None, text))


def timeout_report(text: str) -> RunReport:
    """The report on a run that used up its wall or CPU time."""
    return RunReport(OutcomeKind.TIMED_OUT, error=ScriptError("TimedOut", None, text))


def _signal(child_exit: ChildExit) -> int | None:
    if child_exit.status is None or not os.WIFSIGNALED(child_exit.status):
        return None
    return os.WTERMSIG(child_exit.status)
