"""Forks jailed children for the zygote; apart from the zygote's own start, nothing else in the product forks."""

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

EXIT_NOT_JAILED = 95  #: the lock-down failed, so no byte of a script was read
EXIT_BROKEN = 97  #: the sandbox's own code in the child failed
_OBSERVATION_BYTES = 4096


def no_warmup() -> None:
    """The warm-up of a child that is needed at once."""


class Child:
    """A jailed child that waits for its limits: its process, and the broker's end of its channel.

    This object owns both, so that a process or descriptor number that the system reuses never means two children.
    """

    def __init__(self, plan: Plan | None, body: Callable[[], None], warm_up: Callable[[], None] = no_warmup) -> None:
        """Fork the child. Without a plan it has the zygote's jail and nothing more: only for attacks on that."""
        self.channel, inner = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _run_child(plan, inner.fileno(), warm_up, body)
        inner.close()
        self.wait_status: int | None = None  #: None until it has ended
        self.cpu_s = 0.0  #: CPU time, known when it has ended
        self.peak_bytes = 0

    def send_limits(self, limits: tuple[int, float, float]) -> None:
        """Send the child its limits in place of the broker: for probes, which no broker sees."""
        with suppress(OSError):  # a child that is already dead is noticed when it is reaped
            self.channel.send(LIMITS.pack(*limits))

    def kill(self) -> None:
        """Kill it. Its process number cannot be reused before it is reaped."""
        if self.wait_status is None:
            os.kill(self.pid, signal.SIGKILL)

    def reap(self, *, wait: bool = True) -> bool:
        """Collect its wait status and usage; return whether it has ended."""
        if self.wait_status is None:
            pid, status, usage = os.wait4(self.pid, 0 if wait else os.WNOHANG)
            if pid == 0:
                return False
            self.wait_status, self.cpu_s = status, usage.ru_utime + usage.ru_stime
            self.peak_bytes = usage.ru_maxrss * 1024
        return True


def open_pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends, or None where the system does not offer one now."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except PermissionError:
        return None  # a container's profile may forbid it
    except OSError as fault:
        if fault.errno in (errno.ENOSYS, errno.EMFILE, errno.ENFILE):
            return None
        raise


def inspect_jail(plan: Plan) -> inspection.JailObservation:
    """Fork a child that locks itself in as every child does, and return what it observed."""
    outer, inner = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _observe(plan, inner.fileno())
    inner.close()
    with outer:
        observation = outer.recv(_OBSERVATION_BYTES)
    _, status = os.waitpid(pid, 0)
    if not observation:
        return inspection.JailObservation(
            fault=f"a child ended during its lock-down ({_exit_text(status)}) before it could say why"
        )
    return inspection.JailObservation(**json.loads(observation))


def run_probes(plan: Plan) -> dict[str, bool]:
    """Let every probe try to break out; return for each name whether it was stopped.

    Those of the jail attack from a child that took every step of a child; those of the zygote from one that took none. The
    ones that use up their time take longer than all others, which run meanwhile.
    """
    slow = {name: _start_probe(plan, name) for name in probes.SLOW}
    stopped = {name: _was_stopped(name, _start_probe(plan, name)) for name in probes.names()}
    of_zygote = {name: _was_stopped(name, Child(None, body)) for name, body in probes.of_zygote()}
    return stopped | of_zygote | {name: _was_stopped(name, child) for name, child in slow.items()}


def _start_probe(plan: Plan, name: str) -> Child:
    child = Child(plan, probes.body_of(name))
    child.send_limits(probes.limits_of(name))
    return child


def _was_stopped(name: str, child: Child) -> bool:
    child.reap()
    child.channel.close()
    return child.wait_status is not None and probes.holds(name, child.wait_status)


def idle_bytes(plan: Plan, warm_up: Callable[[], None]) -> int:
    """The peak size of a child that runs nothing: the base of a run's memory."""
    child = Child(plan, no_warmup, warm_up)
    child.send_limits(probes.PROBE_LIMITS)
    child.reap()
    child.channel.close()
    return child.peak_bytes


def _observe(plan: Plan, channel: int) -> None:
    """The whole life of the observing child; never returns. Its channel has another number until the child's first step."""
    try:
        seen = json.dumps(asdict(inspection.inspect_self(plan, channel, LIMITS.pack(*probes.PROBE_LIMITS)))).encode()
        try:
            os.write(channel, seen)
        except OSError:
            os.write(CHANNEL, seen)
    finally:
        os._exit(0)


def _exit_text(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def _run_child(plan: Plan | None, channel: int, warm_up: Callable[[], None], body: Callable[[], None]) -> None:
    """The whole life of a child. It never returns, runs no exit handler and flushes no inherited buffer."""
    code = EXIT_NOT_JAILED
    try:
        if plan is not None:
            _lock_in(plan, channel, warm_up)
        code = EXIT_BROKEN
        body()
        code = 0
    finally:
        os._exit(code)


def _lock_in(plan: Plan, channel: int, warm_up: Callable[[], None]) -> None:
    """Take the steps of a child, and wait before the last ones for the limits of its run.

    Not a byte beyond the limits is read before the last step, although the broker may already have sent more.
    """
    start_lockdown(plan, channel)
    warm_up()
    limits = os.read(CHANNEL, LIMITS.size)
    if len(limits) < LIMITS.size:
        os._exit(0)  # a spare that is no longer needed
    finish_lockdown(plan, limits)
