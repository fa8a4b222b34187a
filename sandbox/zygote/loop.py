"""The zygote's loop: hand out children on request, kill those that are cancelled or overdue, report how each ended.

Single-threaded, with `poll`. A descriptor's number is reused as soon as it is closed, so all events of a round are mapped
to their handlers before the first handler is called.
"""

from __future__ import annotations

import functools
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sandbox.jail.lockdown import Plan

from .fork_child import Child, open_pidfd

#: A request for one child, sent together with the run's status socket: wall and CPU time in seconds, memory in bytes.
REQUEST = struct.Struct("=ddQ")
CHANNEL_SENT = b"c"  #: on the status socket, with the broker's end of the child's channel
NO_CHILD = b"n"  #: the system allows no more forks

_SPARE_DELAY_MS = 5  #: of quiet before a spare is forked while runs go on: a fork delays requests and ends of runs
_GRACE_S = 0.25  #: beyond the broker's own deadline, which comes first; this is for a broker that hangs
_REAP_INTERVAL_S = 0.005  #: how often children are checked where the system cannot report their end


@dataclass(frozen=True)
class ChildSpec:
    """How children lock themselves in, what they then do, and what spares do before."""

    plan: Plan
    body: Callable[[], None]
    warm_up: Callable[[], None]
    spares: int  #: how many children are forked in advance
    idle_bytes: int = 0  #: the peak size of a child that runs nothing


class RunningChild:
    """A child that the broker has requested. Owns the child, its pidfd and the status socket."""

    def __init__(self, child: Child, status: socket.socket, deadline: float, idle_bytes: int) -> None:
        self.child = child
        self.status = status
        self.deadline = deadline
        self.idle_bytes = idle_bytes
        self.pidfd = open_pidfd(child.pid)
        self.killed: str | None = None
        self.has_ended = False

    def kill(self, why: str) -> None:
        """Kill it, and remember the first reason."""
        if self.killed is None and not self.has_ended:
            self.killed = why
            self.child.kill()

    def report(self) -> None:
        """Report on the status socket how it ended, if the broker still listens."""
        self.has_ended = True
        record = {
            "status": self.child.wait_status,
            "cpu_s": self.child.cpu_s,
            "peak_bytes": self.child.peak_bytes,
            "idle_bytes": self.idle_bytes,
            "killed": self.killed,
        }
        with suppress(OSError):
            self.status.send(json.dumps(record).encode())
        self.status.close()
        if self.pidfd is not None:
            os.close(self.pidfd)


class ZygoteLoop:
    """The state of the zygote: its runs, its spares, and what it listens to."""

    def __init__(self, control: socket.socket, broker: int | None, child_spec: ChildSpec) -> None:
        self._control = control
        self._child_spec = child_spec
        self._spares: list[Child] = []
        self._runs: set[RunningChild] = set()
        self._open = True
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._listen(control.fileno(), self._handle_request)
        if broker is not None:
            self._listen(broker, self._handle_broker_exit)

    def run(self) -> None:
        """Serve until the control socket is closed and the last run has ended: closing it does not end the runs."""
        while self._open or self._runs:
            wants_spare = self._open and len(self._spares) < self._child_spec.spares
            delay_ms = _SPARE_DELAY_MS if self._runs else 0
            events = self._poll.poll(delay_ms if wants_spare else self._timeout_ms())
            if wants_spare and not events:
                self._spares.append(Child(self._child_spec.plan, self._child_spec.body, self._child_spec.warm_up))
            for handle in [self._handlers[number] for number, _ in events]:
                handle()
            self._check_runs()

    def _listen(self, number: int, handle: Callable[[], None]) -> None:
        self._handlers[number] = handle
        self._poll.register(number, select.POLLIN)

    def _stop_listening(self, number: int) -> None:
        if self._handlers.pop(number, None) is not None:
            self._poll.unregister(number)

    def _timeout_ms(self) -> float | None:
        if not self._runs:
            return None
        first = min((run.deadline for run in self._runs if run.killed is None), default=float("inf"))
        left = max(0.0, first - time.monotonic())
        if any(run.pidfd is None for run in self._runs):
            left = min(left, _REAP_INTERVAL_S)
        return None if left == float("inf") else left * 1000 + 1

    def _handle_request(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        if not data:
            self._close()
            return
        if not descriptors:
            return  # too many files are open here; the broker sees that the other end is closed
        wall_s, cpu_s, memory_bytes = REQUEST.unpack(data)
        status = socket.socket(fileno=descriptors[0])
        status.setblocking(False)
        try:
            child = self._take_child()
        except OSError:
            with suppress(OSError):
                status.send(NO_CHILD)
            status.close()
            return
        run = RunningChild(child, status, time.monotonic() + wall_s + _GRACE_S, self._child_spec.idle_bytes)
        self._runs.add(run)
        self._listen(status.fileno(), functools.partial(self._handle_status_event, run))
        if run.pidfd is not None:
            self._listen(run.pidfd, functools.partial(self._handle_exit, run))
        child.send_limits(memory_bytes, cpu_s)
        with suppress(OSError):
            socket.send_fds(status, [CHANNEL_SENT], [child.channel.fileno()])
        child.channel.close()

    def _take_child(self) -> Child:
        while self._spares:
            spare = self._spares.pop(0)
            if not spare.reap(wait=False):
                return spare
            spare.channel.close()
        return Child(self._child_spec.plan, self._child_spec.body)

    def _handle_status_event(self, run: RunningChild) -> None:
        """Kill the run's child: anything that the broker sends or closes on the status socket means that."""
        if not run.has_ended:
            self._stop_listening(run.status.fileno())
            run.kill("broker")

    def _handle_exit(self, run: RunningChild) -> None:
        if run.has_ended or not run.child.reap(wait=False):
            return
        self._stop_listening(run.status.fileno())
        if run.pidfd is not None:
            self._stop_listening(run.pidfd)
        self._runs.discard(run)
        run.report()

    def _check_runs(self) -> None:
        now = time.monotonic()
        for run in list(self._runs):
            if run.deadline <= now:
                run.kill("wall")
            if run.pidfd is None:
                self._handle_exit(run)

    def _close(self) -> None:
        """Accept no more requests: the broker replaces this zygote, or it is dead and its status sockets are closed, too."""
        self._open = False
        self._stop_listening(self._control.fileno())
        for spare in self._spares:
            spare.kill()
            spare.reap()
        self._spares.clear()

    def _handle_broker_exit(self) -> None:
        for child in [*self._spares, *(run.child for run in self._runs)]:
            child.kill()
        os._exit(0)
