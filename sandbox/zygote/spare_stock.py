"""The broker's stock of spare children: ordered ahead, handed over by the zygote, taken by runs.

A thread receives what the zygote hands over, so a run only takes a child that is already here: no round trip to the zygote as
long as there are spares. The stock is filled up in groups, and the zygote forks at quiet moments.
"""

from __future__ import annotations

import os
import socket
import threading
from array import array
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Literal

from sandbox.channel import Channel
from sandbox.errors import SandboxError

from .loop import HURRY, MOST_ORDERED, SOCKET_TYPE

_DESCRIPTORS = 2  #: of a child: its channel and its status socket
_ANCILLARY_BYTES = socket.CMSG_SPACE(_DESCRIPTORS * array("i").itemsize)
#: A program that is started meanwhile must not inherit a run's channel. (`socket.recv_fds` drops its flags.)
_NOT_INHERITED = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
#: Bytes of a message that are read: all, for the reason why a zygote died; one where messages have no boundaries.
_MESSAGE_BYTES = 8192 if SOCKET_TYPE == socket.SOCK_SEQPACKET else 1
_PASSED_OVER = 3  #: times as many children as there are spares are looked at for one run
_HAND_OVER_S = 10.0  #: a zygote that hands out no child for this long is replaced

#: What is received: a child; that there is none, because the system allows no more processes or files; that there will be none.
Received = Literal["none", "lost"] | Channel


class ZygoteLost(SandboxError):
    """This zygote no longer answers. Never leaves this package: the pool starts another."""


class ZygoteSilent(ZygoteLost):
    """This zygote hands out no children, but is not known to be dead: on a busy machine it may only be slow."""


class NoChild(SandboxError):
    """The zygote lives, but the system allows no more processes or open files. Never leaves this package."""


class SpareStock:
    """The children of one zygote that no run has taken yet. Safe to use from many threads."""

    def __init__(self, control: socket.socket, spares: int) -> None:
        self._control = control
        self._ready: SimpleQueue[Received] = SimpleQueue()
        self._lock = threading.Lock()
        self._spares = min(max(spares, 1), MOST_ORDERED)
        self._stock = 0  #: children that were ordered and that no run has taken
        self._thread: threading.Thread | None = None
        self._is_filled = threading.Event()
        self.taken = 0  #: children that runs have taken
        self.fault = ""  #: why the zygote died, if it could report that

    def open(self) -> None:
        """Order the first spares, and receive what the zygote hands over. Only after its hello was read."""
        self._control.settimeout(None)
        self._thread = threading.Thread(target=self._receive_all, name="zygote-spares", daemon=True)
        self._thread.start()
        with suppress(ZygoteLost):  # the first run notices it
            self._count(taken=0)

    def wait_until_filled(self) -> None:
        """Wait until the first spares are here. Raises `ZygoteLost`."""
        if not self._is_filled.wait(_HAND_OVER_S):
            raise ZygoteSilent("the zygote hands out no children")

    def take(self) -> Channel:
        """A jailed child that no run has had. Raises `ZygoteLost` and `NoChild`; in both cases no part of a run has happened.

        It passes over children that died while they waited, but not for ever.
        """
        received: Received = "none"
        for _ in range(_PASSED_OVER * self._spares):
            self._count(taken=1)
            received = self._next()
            if received == "none":
                continue  # it could not be forked when it was ordered ahead
            if received == "lost":
                self._ready.put("lost")  # for the next thread
                raise ZygoteLost("the zygote died or is retired")
            if received.is_unused():
                return received
            received.close()  # it died; if its zygote did, too, that is received as well
        if received == "none":
            raise NoChild("the system allows no more processes or open files")
        raise ZygoteSilent("the children of the zygote die before any run has them")

    def close(self) -> None:
        """Order and hand out no more; the children that no run has taken end."""
        with suppress(OSError):  # an explicit shutdown, because a careless fork may hold a copy of the socket
            self._control.shutdown(socket.SHUT_RDWR)
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        with self._lock:  # so that no order goes to another file that gets the same number
            self._control.close()
        with suppress(Empty):
            while True:
                received = self._ready.get_nowait()
                if isinstance(received, Channel):
                    received.close()
        self._ready.put("lost")

    def _next(self) -> Received:
        try:
            return self._ready.get_nowait()
        except Empty:
            with self._lock:
                self._send(HURRY)
        try:
            received = self._ready.get(timeout=_HAND_OVER_S)
        except Empty as fault:
            raise ZygoteSilent("the zygote does not answer") from fault
        if received == "none":
            raise NoChild("the system allows no more processes or open files")
        return received

    def _count(self, taken: int) -> None:
        """Count what a run takes, and order more when half of the stock is used up."""
        with self._lock:
            self.taken += taken
            self._stock -= taken
            if self._stock > self._spares // 2:
                return
            self._send(bytes([self._spares - self._stock]))
            self._stock = self._spares

    def _send(self, order: bytes) -> None:
        try:
            self._control.send(order)
        except OSError as fault:
            raise ZygoteLost("the zygote does not listen") from fault

    def _receive_all(self) -> None:
        """The life of the thread: until the zygote is dead, or the socket was shut down and everything before it was received."""
        number = 0
        received: Received = "none"
        while received != "lost":
            received = self._receive()
            self._ready.put(received)
            number += 1
            if number == self._spares or received == "lost":
                self._is_filled.set()

    def _receive(self) -> Received:
        try:
            message, ancillary, _, _ = self._control.recvmsg(_MESSAGE_BYTES, _ANCILLARY_BYTES, _NOT_INHERITED)
        except OSError:
            return "lost"
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
        return "lost" if not message or self.fault else "none"
