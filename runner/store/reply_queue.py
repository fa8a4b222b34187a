"""Matches the replies of one connection to the questions that were asked on it. Pure: it knows no socket and no clock.

The server answers commands in their order and replies carry no number, so the place in the queue decides whose a reply is.
The invariant that keeps a person from getting another's answer: a question leaves the queue only when all its replies have
been read. A question whose asker has gone keeps its place, and its replies are thrown away. After anything unexpected,
nothing of this connection can be trusted any more: it raises `OutOfStep`, and the connection must be closed.
"""

from __future__ import annotations

from asyncio import Future
from collections import deque
from typing import Any, Final

from hiredis import HiredisError, Reader, ReplyError, pack_command

#: Most bytes of an unfinished reply. The longest of ours is a status, of a few KB.
MOST_UNFINISHED: Final = 256 * 1024

#: What the parser returns while a reply is unfinished; False is a reply of its own in newer protocols.
_UNFINISHED: Final = object()

#: The replies to a question, in the order of its commands; an error among them is a value (`hiredis.ReplyError`). None if
#: the connection was lost before the last of them.
Replies = list[Any] | None


class OutOfStep(Exception):
    """The bytes are no replies, nothing was asked, or a reply is too long. No later reply can be matched."""


class ReplyQueue:
    """The questions of one connection that wait for replies."""

    def __init__(self) -> None:
        self._reader = Reader(notEnoughData=_UNFINISHED)
        #: future, number of replies, when it was asked
        self._waiting: deque[tuple[Future[Replies], int, float]] = deque()
        self._replies: list[Any] = []
        self._unfinished = 0

    def expect(self, future: Future[Replies], count: int, now: float) -> None:
        """Give the next `count` replies that nobody else waits for to this future."""
        self._waiting.append((future, count, now))

    @property
    def oldest(self) -> float | None:
        """When the question was asked that waits longest; None if none waits."""
        return self._waiting[0][2] if self._waiting else None

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
        """Tell all that wait that no reply will come."""
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
        if not self._waiting:
            raise OutOfStep("a reply came without a question")
        self._replies.append(reply)
        future, count, _ = self._waiting[0]
        if len(self._replies) < count:
            return
        self._waiting.popleft()
        replies, self._replies = self._replies, []
        if not future.done():  # otherwise its asker has gone
            future.set_result(replies)


def packed(*commands: tuple[Any, ...]) -> bytes:
    """Return the bytes of some commands. A command is its words: texts, bytes and numbers."""
    return b"".join(pack_command(each) for each in commands)


def is_error(reply: Any, code: str = "") -> bool:
    """Say whether a reply is an error, with this code if one is given."""
    return isinstance(reply, ReplyError) and str(reply).startswith(code)
