"""The broker's stock of spare children: ordered ahead, handed over by the zygote, taken by runs.

A child that was handed over lies in the control socket, as two descriptors, until a run takes it. So a run costs no round trip
to the zygote as long as there are spares; the stock is filled up in groups, and the zygote forks at quiet moments.
"""

from __future__ import annotations

import os
import socket
import threading
from array import array
from collections import deque
from contextlib import suppress

from sandbox.channel import Channel
from sandbox.errors import SandboxError

from .loop import HURRY, MOST_ORDERED, SOCKET_TYPE

_DESCRIPTORS = 2  #: of a child: its channel and its status socket
_ANCILLARY_BYTES = socket.CMSG_SPACE(_DESCRIPTORS * array("i").itemsize)
#: A program that is started meanwhile must not inherit a run's channel. (`socket.recv_fds` drops its flags.)
_NOT_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
#: Bytes of a message that are read: all, for the reason why a zygote died; one where messages have no boundaries.
_MESSAGE_BYTES = 8192 if SOCKET_TYPE == socket.SOCK_SEQPACKET else 1
HAND_OVER_S = 10.0  #: a zygote that hands out no child for this long is considered dead


class ZygoteLost(SandboxError):
    """This zygote no longer answers. Never leaves this package: the pool starts another."""


class NoChild(SandboxError):
    """The zygote lives, but the system allows no more processes or open files. Never leaves this package."""


class SpareStock:
    """The children of one zygote that no run has taken yet. Safe to use from many threads."""

    def __init__(self, control: socket.socket, spares: int) -> None:
        control.settimeout(HAND_OVER_S)
        self._control = control
        self._ready = control.dup()  #: the same socket, to read what is already there
        self._ready.setblocking(False)
        self._gathered: deque[Channel] = deque()
        self._lock = threading.Lock()
        self._spares = min(max(spares, 1), MOST_ORDERED)
        self._stock = 0  #: children that were ordered and that no run has taken
        self._takers = 0  #: threads that use the sockets, so that these may not be closed yet
        self._open = True
        self.taken = 0  #: children that runs have taken
        self.fault = ""  #: why the zygote died, if it could report that

    def take(self) -> Channel:
        """A jailed child that no run has had. Raises `ZygoteLost` and `NoChild`; in both cases no part of a run has happened."""
        self._enter()
        try:
            return self._take()
        finally:
            self._leave()

    def fill(self) -> None:
        """Order the first spares. A zygote that is already dead is noticed by the first run."""
        with suppress(ZygoteLost):
            self._count(taken=0)

    def gather(self) -> None:
        """Wait until the children that were ordered are here. Raises `ZygoteLost`."""
        self._enter()
        try:
            while len(self._gathered) < self._spares:
                channel = self._receive(self._control)
                if channel is None:
                    return  # the system is short of processes or files; runs will find out
                self._gathered.append(channel)
        finally:
            self._leave()

    def close(self) -> None:
        """Order and hand out no more; the children that no run has taken end."""
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._takers += 1
        with suppress(OSError):  # an explicit shutdown, because a careless fork may hold a copy of the socket
            self._control.shutdown(socket.SHUT_RDWR)
        with suppress(ZygoteLost, OSError):
            while True:
                self._drop(self._receive(self._ready))
        while self._gathered:
            self._drop(self._gathered.popleft())
        self._leave()

    def _enter(self) -> None:
        with self._lock:
            if not self._open:
                raise ZygoteLost("the zygote is retired")
            self._takers += 1

    def _leave(self) -> None:
        """The last one out closes the sockets: before, their numbers could be reused under a thread that waits."""
        with self._lock:
            self._takers -= 1
            if not self._open and not self._takers:
                self._control.close()
                self._ready.close()

    def _take(self) -> Channel:
        while True:
            self._count(taken=1)
            channel = self._next()
            if channel is None:
                continue
            child_exit = channel.exit_before_use()
            if child_exit is None:
                return channel
            channel.close()
            if child_exit.status is None:
                raise ZygoteLost("the zygote died")

    def _next(self) -> Channel | None:
        """The next child, or None for one that could not be forked when it was ordered ahead."""
        if self._gathered:
            with suppress(IndexError):
                return self._gathered.popleft()
        try:
            return self._receive(self._ready)
        except BlockingIOError:
            channel = self._receive_in_a_hurry()
        if channel is None:
            raise NoChild("the system allows no more processes or open files")
        return channel

    def _count(self, taken: int) -> None:
        """Count what a run takes, and order more when half of the stock is used up."""
        with self._lock:
            self.taken += taken
            self._stock -= taken
            if self._stock > self._spares // 2:
                return
            self._send(bytes([self._spares - self._stock]))
            self._stock = self._spares

    def _receive_in_a_hurry(self) -> Channel | None:
        with self._lock:
            self._send(HURRY)
        return self._receive(self._control)

    def _send(self, order: bytes) -> None:
        try:
            self._control.send(order)
        except OSError as fault:
            raise ZygoteLost("the zygote does not listen") from fault

    def _receive(self, control: socket.socket) -> Channel | None:
        """The next child; None for one that could not be forked or received. Raises `ZygoteLost` and `BlockingIOError`."""
        try:
            message, ancillary, _, _ = control.recvmsg(_MESSAGE_BYTES, _ANCILLARY_BYTES, _NOT_INHERITED)
        except BlockingIOError:
            raise
        except OSError as fault:
            raise ZygoteLost("the zygote does not answer") from fault
        numbers = array("i", ancillary[0][2] if ancillary else b"")
        if len(numbers) == _DESCRIPTORS:
            channel, status = numbers
            return Channel(
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, channel),
                socket.socket(socket.AF_UNIX, SOCKET_TYPE, 0, status),
            )
        for number in numbers:
            os.close(number)  # too many files are open here for both
        if message.startswith(b"{"):
            self.fault = message.decode(errors="replace")
        if not message or message.startswith(b"{"):
            raise ZygoteLost("the zygote died")
        return None

    def _drop(self, channel: Channel | None) -> None:
        if channel is not None:
            channel.close()
