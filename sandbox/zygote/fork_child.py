"""Forks one jailed child for the zygote. The only place of the project where a process forks."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from sandbox.jail import inspection, probes
from sandbox.jail.lockdown import CHANNEL, LIMITS, Plan, finish_lockdown, start_lockdown

EXIT_NOT_JAILED = 95  #: the lock-down failed, so nothing of a script was read
EXIT_BROKEN = 97  #: our own code in the child failed
_TESTIMONY_BYTES = 4096


def no_warmup() -> None:
    """The prelude of a child that has no time to spare."""


class Child:
    """A jailed child that waits for its limits: its process, and the broker's end of its channel.

    Whoever holds it owns both, so that a number which the system gives out again never means two children.
    """

    def __init__(self, plan: Plan, body: Callable[[], None], prelude: Callable[[], None] = no_warmup) -> None:
        self.channel, inner = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _live(plan, inner.fileno(), prelude, body)
        inner.close()
        self.ended: int | None = None  #: the wait status
        self.used_s = 0.0  #: CPU time, known when it has ended
        self.peak_bytes = 0

    def begin(self, memory_bytes: int, cpu_s: float) -> None:
        """Tell the child what it may use. Before the channel is handed over, so that it is we who say it."""
        with suppress(OSError):  # a child that is dead already is seen when it is reaped
            self.channel.send(LIMITS.pack(memory_bytes, cpu_s))

    def kill(self) -> None:
        """End it. Its number is ours until it was reaped."""
        if self.ended is None:
            os.kill(self.pid, signal.SIGKILL)

    def reap(self, *, wait: bool = True) -> bool:
        """Take what is left of it; True once it has ended."""
        if self.ended is None:
            pid, status, usage = os.wait4(self.pid, 0 if wait else os.WNOHANG)
            if pid == 0:
                return False
            self.ended, self.used_s = status, usage.ru_utime + usage.ru_stime
            self.peak_bytes = usage.ru_maxrss * 1024
        return True


def open_pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends, or None where the system has no such thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except PermissionError:
        return None  # a container's profile may forbid it
    except OSError as fault:
        if fault.errno == errno.ENOSYS:
            return None
        raise


def inspect_jail(plan: Plan) -> inspection.JailObservation:
    """What a child finds that locks itself in as every child does."""
    outer, inner = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _testify(plan, inner.fileno())
    inner.close()
    with outer:
        said = outer.recv(_TESTIMONY_BYTES)
    _, status = os.waitpid(pid, 0)
    if not said:
        return inspection.JailObservation(
            fault=f"a child that was locking itself in ended ({_ending(status)}) before it said why"
        )
    return inspection.JailObservation(**json.loads(said))


def run_probes(plan: Plan) -> dict[str, bool]:
    """Let every probe try to break out; by its name, whether it was stopped."""
    stopped = {}
    for name in probes.names():
        child = Child(plan, probes.body_of(name))
        child.begin(*probes.PROBE_LIMITS)
        child.reap()
        child.channel.close()
        stopped[name] = child.ended is not None and probes.holds(name, child.ended)
    return stopped


def idle_bytes(plan: Plan, prelude: Callable[[], None]) -> int:
    """The peak size of a child that does nothing of its own: where a run's memory begins."""
    child = Child(plan, no_warmup, prelude)
    child.begin(*probes.PROBE_LIMITS)
    child.reap()
    child.channel.close()
    return child.peak_bytes


def _testify(plan: Plan, channel: int) -> None:
    """The whole life of the witness. It never returns. Where step 1 fails, it has no channel, and says nothing."""
    try:
        seen = inspection.inspect_self(plan, channel, *probes.PROBE_LIMITS)
        os.write(CHANNEL, json.dumps(asdict(seen)).encode())
    finally:
        os._exit(0)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _live(plan: Plan, channel: int, prelude: Callable[[], None], body: Callable[[], None]) -> None:
    """The whole life of a child. It never returns, runs no exit handler and flushes no buffer it inherited."""
    code = EXIT_NOT_JAILED
    try:
        start_lockdown(plan, channel)
        prelude()
        limits = os.read(CHANNEL, LIMITS.size)
        if not limits:
            os._exit(0)  # a spare that is no longer needed
        finish_lockdown(plan, limits)
        code = EXIT_BROKEN
        body()
        code = 0
    finally:
        os._exit(code)
