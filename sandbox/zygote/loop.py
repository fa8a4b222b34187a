"""The zygote's loop: fork children that were ordered, kill those that are cancelled, report how each ended.

Children are handed over as soon as they are forked, before any run needs them. A child that waits for its run and one that is
in a run are the same to the zygote: the broker alone knows which is which. Single-threaded, with `poll`. A descriptor's number
is reused as soon as it is closed, so all events of a round are mapped to their handlers before the first handler is called.
"""

from __future__ import annotations

import functools
import json
import os
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sandbox.jail.lockdown import Plan

from .fork_child import Child, no_warmup, open_pidfd

#: From the broker, each one byte: the number of children that it orders, or that a run waits for one of them.
HURRY = b"\0"
MOST_ORDERED = 255
CHILD_SENT = b"c"  #: to the broker, with the ends of the child's channel and of its status socket
NO_CHILD = b"n"  #: to the broker, in place of a child that was ordered: the system allows no more processes or files

_QUIET_MS = 3  #: without any event before a child is forked ahead: a fork delays the reports on the ends of runs
_GROUP = (
    4  #: children that are forked one right after the other, or for a run that waits: others are about to need one, too
)
_REAP_INTERVAL_MS = 5  #: how often children are checked where the system cannot report their end
#: Linux keeps message boundaries; elsewhere orders and what answers them are read byte by byte.
SOCKET_TYPE = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM


@dataclass(frozen=True)
class ChildSpec:
    """How children lock themselves in, what they then do, and what those do before that are forked ahead."""

    plan: Plan
    body: Callable[[], None]
    warm_up: Callable[[], None]
    idle_bytes: int = 0  #: the peak size of a child that runs nothing


class WatchedChild:
    """A child that was handed over. Owns the child, its pidfd and the zygote's end of its status socket."""

    def __init__(self, child: Child, status: socket.socket, idle_bytes: int) -> None:
        self.child = child
        self.status = status
        self.idle_bytes = idle_bytes
        self.pidfd = open_pidfd(child.pid)
        self.killed: str | None = None
        self.has_ended = False

    def kill(self) -> None:
        """Kill it on behalf of the broker."""
        if not self.has_ended:
            self.killed = "broker"
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
    """The state of the zygote: its children, what was ordered, and what it listens to."""

    def __init__(self, control: socket.socket, broker: int | None, child_spec: ChildSpec) -> None:
        self._control = control
        self._child_spec = child_spec
        self._children: set[WatchedChild] = set()
        self._ordered = 0  #: children that are still to be handed over
        self._hurried = 0  #: how many of them do not wait for a quiet moment
        self._is_quiet = False  #: nothing has happened for some milliseconds
        self._open = True
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._listen(control.fileno(), self._handle_order)
        if broker is not None:
            self._listen(broker, self._handle_broker_exit)

    def run(self) -> None:
        """Serve until the control socket is closed and the last child has ended: closing it does not end the runs."""
        while self._open or self._children:
            events = self._poll.poll(self._timeout_ms())
            self._is_quiet = not events
            for handle in [self._handlers[number] for number, _ in events]:
                handle()
            if self._hurried:
                self._hurried -= 1
                self._hand_over(1, no_warmup)  # a run may wait for it
            elif self._ordered and self._is_quiet:
                self._hand_over(min(self._ordered, _GROUP), self._child_spec.warm_up)
            if any(child.pidfd is None for child in self._children):
                for each in list(self._children):
                    self._handle_exit(each)

    def _timeout_ms(self) -> int | None:
        if self._ordered:
            return 0 if self._hurried or self._is_quiet else _QUIET_MS
        return _REAP_INTERVAL_MS if any(child.pidfd is None for child in self._children) else None

    def _listen(self, number: int, handle: Callable[[], None]) -> None:
        self._handlers[number] = handle
        self._poll.register(number, select.POLLIN)

    def _stop_listening(self, number: int) -> None:
        if self._handlers.pop(number, None) is not None:
            self._poll.unregister(number)

    def _handle_order(self) -> None:
        order = self._control.recv(1)
        if not order:
            self._close()
        elif order == HURRY:
            self._hurried = min(self._ordered, self._hurried + _GROUP)
        else:
            self._ordered += order[0]

    def _hand_over(self, number: int, warm_up: Callable[[], None]) -> None:
        """Fork children, one right after the other because what is done between two forks copies pages; then send them."""
        self._ordered -= number
        children = [self._fork(warm_up) for _ in range(number)]
        for child in children:
            try:
                self._send(child)
            except OSError:
                with suppress(OSError):
                    self._control.send(NO_CHILD)

    def _fork(self, warm_up: Callable[[], None]) -> Child | None:
        try:
            return Child(self._child_spec.plan, self._child_spec.body, warm_up)
        except OSError:
            return None

    def _send(self, child: Child | None) -> None:
        """Send the ends of a child's sockets to the broker, or that there is none. Raises `OSError`; then the child ends."""
        if child is None:
            self._control.send(NO_CHILD)
            return
        with child.channel:
            try:
                status, brokers_end = socket.socketpair(socket.AF_UNIX, SOCKET_TYPE)
                watched = WatchedChild(child, status, self._child_spec.idle_bytes)
            except OSError:
                child.kill()
                child.reap()
                raise
            with brokers_end:
                self._watch(watched)
                socket.send_fds(self._control, [CHILD_SENT], [child.channel.fileno(), brokers_end.fileno()])

    def _watch(self, child: WatchedChild) -> None:
        child.status.setblocking(False)
        self._children.add(child)
        self._listen(child.status.fileno(), functools.partial(self._handle_status_event, child))
        if child.pidfd is not None:
            self._listen(child.pidfd, functools.partial(self._handle_exit, child))

    def _handle_status_event(self, child: WatchedChild) -> None:
        """Kill the child: anything that the broker sends or closes on the status socket means that."""
        if not child.has_ended:
            self._stop_listening(child.status.fileno())
            child.kill()

    def _handle_exit(self, child: WatchedChild) -> None:
        if child.has_ended or not child.child.reap(wait=False):
            return
        self._stop_listening(child.status.fileno())
        if child.pidfd is not None:
            self._stop_listening(child.pidfd)
        self._children.discard(child)
        child.report()

    def _close(self) -> None:
        """Take no more orders: the broker replaces this zygote, or it is dead and its sockets are closed, too."""
        self._open = False
        self._ordered = self._hurried = 0
        self._stop_listening(self._control.fileno())
        self._control.close()

    def _handle_broker_exit(self) -> None:
        for each in self._children:
            each.child.kill()
        os._exit(0)
