"""A socket that counts and times every read and write of one exchange.

The layers above (TLS, http.client, urllib3) each have their own time-outs and read sizes, and all of them start again with
each byte that arrives. This socket enforces one deadline and one number of bytes, whatever they do.
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
        self.body_bytes = 0  #: bytes of the answer's body that were read
        self.answered = False  #: whether any byte of the answer came

    def seconds_left(self) -> float:
        """Return the seconds until the deadline; raises TimeoutError after it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    def spend(self, count: int) -> None:
        """Note that `count` bytes were read."""
        self.answered = self.answered or count > 0
        self.room -= count


class CountedSocket:
    """A connected socket, as far as http.client needs one, that obeys the budget at every read and write."""

    def __init__(self, sock: socket.socket, budget: ExchangeBudget) -> None:
        self.sock = sock
        self.budget = budget
        self.surplus = False  #: whether more was read than the answer; known when the reading end is closed

    def sendall(self, data: Any) -> None:
        """Send everything before the deadline."""
        self.budget.sent = True
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(self.budget.seconds_left())
            rest = rest[self.sock.send(rest) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Return the reading end, which stays open after `close()` until it is closed itself."""
        return _Buffered(self)

    def settimeout(self, _: float | None) -> None:
        """Do nothing: the budget sets the time-outs."""

    def fileno(self) -> int:
        """Return the file descriptor, for polling."""
        return self.sock.fileno()

    def close(self) -> None:
        """Close the socket, which happens when nothing reads from it any more."""
        self.sock.close()

    def has_no_pending_data(self) -> bool:
        """Say whether no data is left in the TLS layer, where polling the socket does not see it."""
        return not isinstance(self.sock, ssl.SSLSocket) or self.sock.pending() == 0


class _Reading(io.RawIOBase):
    """The reading end of a counted socket, which obeys its budget."""

    def __init__(self, counted: CountedSocket) -> None:
        self._socket = counted
        self._raw = counted.sock.makefile("rb", buffering=0)
        self.over = False  #: nothing more may be read from the socket

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        budget = self._socket.budget
        if self.over:
            return 0
        if budget.room <= 0:
            raise OSError("more bytes than allowed")
        self._socket.sock.settimeout(budget.seconds_left())
        count = self._raw.readinto(memoryview(buffer)[: budget.room]) or 0
        budget.spend(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Buffered(io.BufferedReader):
    """Reads ahead, and notes at the end on its socket whether any bytes were left over."""

    def __init__(self, counted: CountedSocket) -> None:
        self._socket = counted
        self._reading = _Reading(counted)
        super().__init__(self._reading, PIECE)

    def close(self) -> None:
        if not self.closed:
            self._reading.over = True
            self._socket.surplus = bool(self.peek(1))
        super().close()
