"""A socket that counts and times every read and write of one exchange.

The layer below (TLS) and the parser above each read as often as they like, and a time-out of the system starts again with each
byte that arrives. This socket enforces one deadline and one number of bytes, whatever they do.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import Final

PIECE: Final = 16 * 1024  #: bytes read at a time
MAX_LINE: Final = 64 * 1024  #: bytes of one line


class BrokenAnswer(ValueError):
    """What came is not an HTTP answer, or not a whole one. The text names the part, and quotes nothing."""


class AnswerTooLarge(Exception):
    """The answer, or a part of it, is larger than allowed."""


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
    """A connected socket that obeys the budget at every read and write."""

    def __init__(self, sock: socket.socket, budget: ExchangeBudget) -> None:
        self.sock = sock
        self.budget = budget

    def sendall(self, data: bytes) -> None:
        """Send everything before the deadline."""
        self.budget.sent = True
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(self.budget.seconds_left())
            rest = rest[self.sock.send(rest) :]

    def receive(self) -> bytes:
        """Return what comes next, and no more than the budget has room for; b"" at the end. Raises TimeoutError and OSError."""
        budget = self.budget
        if budget.room <= 0:
            raise AnswerTooLarge("more bytes than allowed")
        self.sock.settimeout(budget.seconds_left())
        data = self.sock.recv(min(PIECE, budget.room))
        budget.spend(len(data))
        return data

    def fileno(self) -> int:
        """Return the file descriptor, for polling."""
        return self.sock.fileno()

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()

    def has_no_pending_data(self) -> bool:
        """Say whether no data is left in the TLS layer, where polling the socket does not see it."""
        return not isinstance(self.sock, ssl.SSLSocket) or self.sock.pending() == 0


class CountedReader:
    """Reads one answer from a counted socket, ahead of what is asked for."""

    def __init__(self, counted: CountedSocket) -> None:
        self._counted = counted
        self._ahead = bytearray()

    @property
    def has_surplus(self) -> bool:
        """Whether more was read than was asked for."""
        return bool(self._ahead)

    def at_end(self) -> bool:
        """Say whether nothing more comes; waits for the next byte if need be."""
        return not self._ahead and not self._read_on()

    def line(self) -> bytes:
        """Return the next line without its end. Raises `BrokenAnswer` for one that has none, or a carriage return in it."""
        looked_at = 0
        while (end := self._ahead.find(b"\n", looked_at)) < 0:
            looked_at = len(self._ahead)
            if looked_at > MAX_LINE:
                raise AnswerTooLarge("a line that is longer than allowed")
            if not self._read_on():
                raise BrokenAnswer("an incomplete line")
        if end > MAX_LINE:
            raise AnswerTooLarge("a line that is longer than allowed")
        line = bytes(self._ahead[:end]).removesuffix(b"\r")
        del self._ahead[: end + 1]
        if b"\r" in line:  # to some readers it ends a line
            raise BrokenAnswer("a carriage return within a line")
        return line

    def some(self, most: int) -> bytes:
        """Return at least one byte and at most so many; b"" at the end."""
        if self.at_end():
            return b""
        piece = bytes(self._ahead[:most])
        del self._ahead[:most]
        return piece

    def _read_on(self) -> bool:
        data = self._counted.receive()
        self._ahead += data
        return bool(data)
