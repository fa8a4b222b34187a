"""The zygote's loop: hand out children on request, kill those that are given up or too late, tell how each ended.

Single-threaded over `poll`. Numbers of descriptors are given out again as soon as one is closed, so events are
translated into what they are about before the first of them is handled.
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

#: A request for one child, with the run's status socket beside it: wall and CPU time in seconds, memory in bytes.
REQUEST = struct.Struct("=ddQ")
HANDED = b"c"  #: on the status socket, with the broker's end of the child's channel
NO_CHILD = b"n"  #: the system let us fork no more

_QUIET_MS = 5  #: before a spare is forked while runs go on: forking delays whoever asks or ends meanwhile
_GRACE_S = 0.25  #: the broker's own deadline comes first; this one is for a broker that hangs
_BLIND_S = 0.005  #: how often to look after children where the system cannot tell of their end


@dataclass(frozen=True)
class ChildSpec:
    """What children are like: how they lock themselves in, what they then do, and what spares do before."""

    plan: Plan
    body: Callable[[], None]
    prelude: Callable[[], None]
    spares: int  #: how many children wait, ready made
    idle_bytes: int = 0  #: the peak size of one that does nothing of its own


class RunningChild:
    """One child and the broker's interest in it. Owns the child, its watch and the status socket."""

    def __init__(self, child: Child, status: socket.socket, deadline: float, idle_bytes: int) -> None:
        self.child = child
        self.status = status
        self.deadline = deadline
        self.idle_bytes = idle_bytes
        self.watch = open_pidfd(child.pid)
        self.killed: str | None = None
        self.over = False

    def kill(self, why: str) -> None:
        """End it for the first reason that comes up."""
        if self.killed is None and not self.over:
            self.killed = why
            self.child.kill()

    def report(self) -> None:
        """The last word on the status socket, if anyone still listens."""
        self.over = True
        record = {
            "status": self.child.ended,
            "cpu_s": self.child.used_s,
            "peak_bytes": self.child.peak_bytes,
            "idle_bytes": self.idle_bytes,
            "killed": self.killed,
        }
        with suppress(OSError):
            self.status.send(json.dumps(record).encode())
        self.status.close()
        if self.watch is not None:
            os.close(self.watch)


class ZygoteLoop:
    """Everything that lives in the zygote: runs, spares, and what it listens to."""

    def __init__(self, control: socket.socket, broker: int | None, brood: ChildSpec) -> None:
        self._control = control
        self._brood = brood
        self._spares: list[Child] = []
        self._runs: set[RunningChild] = set()
        self._open = True
        self._poll = select.poll()
        self._about: dict[int, Callable[[], None]] = {}
        self._listen(control.fileno(), self._requested)
        if broker is not None:
            self._listen(broker, self._broker_died)

    def tend(self) -> None:
        """Until the control socket is closed and the last run is over. A closed socket alone lets the runs end."""
        while self._open or self._runs:
            wants_spare = self._open and len(self._spares) < self._brood.spares
            quiet = _QUIET_MS if self._runs else 0
            events = self._poll.poll(quiet if wants_spare else self._patience_ms())
            if wants_spare and not events:
                self._spares.append(Child(self._brood.plan, self._brood.body, self._brood.prelude))
            for handle in [self._about[number] for number, _ in events]:
                handle()
            self._look_around()

    def _listen(self, number: int, handle: Callable[[], None]) -> None:
        self._about[number] = handle
        self._poll.register(number, select.POLLIN)

    def _ignore(self, number: int) -> None:
        if self._about.pop(number, None) is not None:
            self._poll.unregister(number)

    def _patience_ms(self) -> float | None:
        if not self._runs:
            return None
        first = min(run.deadline for run in self._runs if run.killed is None) if self._waiting() else float("inf")
        left = max(0.0, first - time.monotonic())
        if any(run.watch is None for run in self._runs):
            left = min(left, _BLIND_S)
        return None if left == float("inf") else left * 1000 + 1

    def _waiting(self) -> bool:
        return any(run.killed is None for run in self._runs)

    def _requested(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, 1)
        if not data:
            self._close()
            return
        if not descriptors:
            return  # we have too many open; the broker sees that its end is closed
        wall_s, cpu_s, memory_bytes = REQUEST.unpack(data)
        status = socket.socket(fileno=descriptors[0])
        status.setblocking(False)
        try:
            child = self._take()
        except OSError:
            with suppress(OSError):
                status.send(NO_CHILD)
            status.close()
            return
        run = RunningChild(child, status, time.monotonic() + wall_s + _GRACE_S, self._brood.idle_bytes)
        self._runs.add(run)
        self._listen(status.fileno(), functools.partial(self._given_up, run))
        if run.watch is not None:
            self._listen(run.watch, functools.partial(self._ended, run))
        child.begin(memory_bytes, cpu_s)
        with suppress(OSError):
            socket.send_fds(status, [HANDED], [child.channel.fileno()])
        child.channel.close()

    def _take(self) -> Child:
        while self._spares:
            spare = self._spares.pop(0)
            if not spare.reap(wait=False):
                return spare
            spare.channel.close()
        return Child(self._brood.plan, self._brood.body)

    def _given_up(self, run: RunningChild) -> None:
        """The broker said or did something on the status socket, and all it can mean is: end it."""
        if not run.over:
            self._ignore(run.status.fileno())
            run.kill("broker")

    def _ended(self, run: RunningChild) -> None:
        if run.over or not run.child.reap(wait=False):
            return
        self._ignore(run.status.fileno())
        if run.watch is not None:
            self._ignore(run.watch)
        self._runs.discard(run)
        run.report()

    def _look_around(self) -> None:
        now = time.monotonic()
        for run in list(self._runs):
            if run.deadline <= now:
                run.kill("wall")
            if run.watch is None:
                self._ended(run)

    def _close(self) -> None:
        """No more requests: the broker renews its zygote, or it is dead and its status sockets closed with it."""
        self._open = False
        self._ignore(self._control.fileno())
        for spare in self._spares:
            spare.kill()
            spare.reap()
        self._spares.clear()

    def _broker_died(self) -> None:
        for child in [*self._spares, *(run.child for run in self._runs)]:
            child.kill()
        os._exit(0)
