"""The broker's end of one child: frames with a deadline on the channel, and the child's end on the status socket.

A child can send slowly, nothing, or half a frame, and it can refuse to read. So every wait here has the run's deadline.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass

from .frames import HEADER, FrameError, pack


class ChildEnded(Exception):
    """The child closed its end, which it does by ending."""


class TimeUp(Exception):
    """The deadline of the run came first. Not `TimeoutError`, which a power could leak."""


class TooLarge(FrameError):
    """The child announced a frame over the cap; nothing of it was read."""

    def __init__(self, length: int, cap: int) -> None:
        super().__init__(f"{length} bytes in one piece; the limit is {cap}")
        self.length = length


@dataclass(frozen=True)
class ChildExit:
    """How a child ended, as the zygote saw it. `status` is a wait status, None if the zygote died before it knew."""

    status: int | None = None
    cpu_s: float = 0.0
    peak_bytes: int = 0
    idle_bytes: int = 0  #: how much of that a child has which does nothing
    killed: str | None = None  #: "wall" or "broker", if the zygote killed it


class Channel:
    """One run's two sockets. Closing it ends the child, whatever it is doing."""

    #: How long to wait for the report about a child that was killed, in seconds.
    PATIENCE_S = 2.0

    def __init__(self, frames: socket.socket, status: socket.socket) -> None:
        self._frames = frames
        self._status = status

    def send(self, body: bytes, deadline: float) -> None:
        """A frame to the child. Raises `ChildEnded` and `TimeUp`."""
        self._frames.settimeout(_left(deadline))
        try:
            self._frames.sendall(pack(body))
        except TimeoutError as fault:
            raise TimeUp from fault
        except OSError as fault:
            raise ChildEnded from fault

    def receive(self, cap: int, deadline: float) -> bytes:
        """A frame's body. Raises `TooLarge`, `ChildEnded` and `TimeUp`."""
        (length,) = HEADER.unpack(self._exactly(HEADER.size, deadline))
        if length > cap:
            raise TooLarge(length, cap)
        return self._exactly(length, deadline)

    def end(self, deadline: float | None = None) -> ChildExit:
        """Wait for the child's own end until `deadline`, then (or, without one, at once) kill it; how it ended.

        Raises nothing: a zygote that died says nothing, and that is an `ChildExit` without a status.
        """
        try:
            if deadline is not None:
                said = self._said(deadline)
                if said is not None:
                    return said
            self._status.shutdown(socket.SHUT_WR)
            return self._said(time.monotonic() + self.PATIENCE_S) or ChildExit()
        except OSError:
            return ChildExit()

    def said_more(self) -> bool:
        """Whether something came that nobody has read. Ask after the child's end; an end alone is nothing."""
        try:
            return bool(self._frames.recv(1, socket.MSG_DONTWAIT))
        except OSError:
            return False

    def close(self) -> None:
        """Let go of both sockets. The zygote kills a child that is still there, even if a careless fork has copies."""
        with suppress(OSError):
            self._status.shutdown(socket.SHUT_RDWR)
        self._frames.close()
        self._status.close()

    def _said(self, deadline: float) -> ChildExit | None:
        try:
            self._status.settimeout(_left(deadline))
            record = self._status.recv(4096)
        except (TimeoutError, TimeUp):
            return None
        return ChildExit(**json.loads(record)) if record else ChildExit()

    def _exactly(self, length: int, deadline: float) -> bytes:
        read = bytearray()
        while len(read) < length:
            self._frames.settimeout(_left(deadline))
            try:
                chunk = self._frames.recv(min(length - len(read), 1 << 16))
            except TimeoutError as fault:
                raise TimeUp from fault
            except OSError as fault:
                raise ChildEnded from fault
            if not chunk:
                raise ChildEnded
            read += chunk
        return bytes(read)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeUp
    return left
