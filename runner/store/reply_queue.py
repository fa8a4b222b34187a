"""Matches the replies of one connection to the questions that were asked on it. Pure: it knows no socket and no clock.

The server answers commands in their order and replies carry no number, so the place in the queue decides whose a reply is.
The invariant that keeps a person from getting another's answer: a question leaves the queue only when its reply has been
read. A question whose asker has gone keeps its place, and its reply is thrown away. After anything unexpected, nothing of
this connection can be trusted any more: it raises `OutOfStep`, and the connection must be closed.
"""

from __future__ import annotations

from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from hiredis import HiredisError, Reader, ReplyError, pack_command

#: Most bytes of an unfinished reply. The longest of ours is a status, of a few KB.
MOST_UNFINISHED: Final = 256 * 1024

#: What the parser returns while a reply is unfinished; False is a reply of its own in newer protocols.
_UNFINISHED: Final = object()


class OutOfStep(Exception):
    """The bytes are no replies, nothing was asked, or a reply is too long. No later reply can be matched."""


class ReplyQueue:
    """The questions of one connection that wait for replies. `on_message` takes what is published on channels it subscribes to."""

    def __init__(self, on_message: Callable[[bytes], None] | None = None) -> None:
        self._on_message = on_message
        self._reader = Reader(notEnoughData=_UNFINISHED)
        #: future, when it was asked
        self._waiting: deque[tuple[Future[Any], float]] = deque()
        self._unfinished = 0

    def expect(self, future: Future[Any], now: float) -> None:
        """Give the reply after those that others wait for to this future. An error is a value (`is_error`)."""
        self._waiting.append((future, now))

    @property
    def oldest(self) -> float | None:
        """When the question was asked that waits longest; None if none waits."""
        return self._waiting[0][1] if self._waiting else None

    def feed(self, data: bytes) -> None:
        """Take bytes from the server. Raises `OutOfStep`."""
        self._reader.feed(data)
        self._unfinished += len(data)
        while (reply := self._next()) is not _UNFINISHED:
            self._unfinished = 0
            self._take(reply)
        if self._unfinished > MOST_UNFINISHED:
            raise OutOfStep(f"a reply is longer than {MOST_UNFINISHED} bytes")

    def give_up(self) -> None:
        """Give None to all that wait: the connection is lost."""
        while self._waiting:
            future = self._waiting.popleft()[0]
            if not future.done():
                future.set_result(None)

    def _next(self) -> Any:
        try:
            return self._reader.gets()
        except HiredisError as error:
            raise OutOfStep(str(error)) from error

    def _take(self, reply: Any) -> None:
        if self._on_message and isinstance(reply, list) and len(reply) == 3 and reply[0] == b"message":
            self._on_message(reply[2])
            return
        if not self._waiting:
            raise OutOfStep("a reply came without a question")
        future = self._waiting.popleft()[0]
        if not future.done():  # otherwise its asker has gone
            future.set_result(reply)


def packed(*words: Any) -> bytes:
    """Return the bytes of a command. Words are texts, bytes and numbers."""
    packed_words: bytes = pack_command(words)
    return packed_words


def is_error(reply: Any, code: str) -> bool:
    """Say whether a reply is an error with this code."""
    return isinstance(reply, ReplyError) and str(reply).startswith(code)
