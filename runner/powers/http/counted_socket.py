"""A socket that counts and times every read and write of one exchange.

The layers above (TLS, http.client, urllib3) each have their own idea of a time-out and of how much to read, and all of
them start anew with each byte that drips in. Here is one deadline and one number of bytes, whatever they do.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from typing import Any, Final

PIECE: Final = 16 * 1024  #: bytes read at a time


class ExchangeBudget:
    """What is left of one exchange: time until the deadline (monotonic) and bytes that may still be read."""

    def __init__(self, deadline: float, room: int) -> None:
        self.deadline = deadline
        self.room = room
        self.sent = False  #: whether anything of the request may have gone out
        self.body_bytes = 0  #: of the answer's body, as far as it was wanted
        self.answered = False  #: whether a single byte of the answer came

    def seconds_left(self) -> float:
        """Seconds until the deadline; raises TimeoutError when it is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left

    def spend(self, count: int) -> None:
        """Note that so many bytes were read."""
        self.answered = self.answered or count > 0
        self.room -= count


class CountedSocket:
    """A connected socket, as much of one as http.client needs, which obeys the guard at every read and write."""

    def __init__(self, sock: socket.socket, guard: ExchangeBudget) -> None:
        self.sock = sock
        self.guard = guard
        self.surplus = False  #: whether more was read than belonged to the answer, once its reading end is closed

    def sendall(self, data: Any) -> None:
        """Send everything before the deadline."""
        self.guard.sent = True
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(self.guard.seconds_left())
            rest = rest[self.sock.send(rest) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """The reading end, which stays open after `close()` until it is closed itself."""
        return _Buffered(self)

    def settimeout(self, _: float | None) -> None:
        """The guard sets the time-outs."""

    def fileno(self) -> int:
        """For polling."""
        return self.sock.fileno()

    def close(self) -> None:
        """Close the socket, once nothing reads from it any more."""
        self.sock.close()

    def quiet(self) -> bool:
        """Tell whether nothing waits inside the TLS layer, where polling the socket does not see it."""
        return not isinstance(self.sock, ssl.SSLSocket) or self.sock.pending() == 0


class _Reading(io.RawIOBase):
    """The reading end of a wire, guarded."""

    def __init__(self, wire: CountedSocket) -> None:
        self._wire = wire
        self._raw = wire.sock.makefile("rb", buffering=0)
        self.over = False  #: nothing more is to be read from the socket

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        guard = self._wire.guard
        if self.over:
            return 0
        if guard.room <= 0:
            raise OSError("more bytes than allowed")
        self._wire.sock.settimeout(guard.seconds_left())
        count = self._raw.readinto(memoryview(buffer)[: guard.room]) or 0
        guard.spend(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Buffered(io.BufferedReader):
    """Reads ahead, and tells the wire at the end whether anything was left over: bytes which would vanish with us."""

    def __init__(self, wire: CountedSocket) -> None:
        self._wire = wire
        self._reading = _Reading(wire)
        super().__init__(self._reading, PIECE)

    def close(self) -> None:
        if not self.closed:
            self._reading.over = True
            self._wire.surplus = bool(self.peek(1))
        super().close()
