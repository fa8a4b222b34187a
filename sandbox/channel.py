"""The broker's side of one child: frames over the channel, each with a deadline, and the child's exit report over the status socket.

A child can send slowly, nothing, or half a frame, and it can refuse to read. So every wait here has the run's deadline.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from .frames import HEADER, FrameError, pack
from .jail.lockdown import LIMITS
from .outcomes import RunLimits

_GRACE_S = 0.25  #: beyond the broker's own deadline, which comes first; this is for a broker that hangs
_LOOK = int(socket.MSG_DONTWAIT | socket.MSG_PEEK)  #: at what has come, without waiting for it or taking it
_PIECE_BYTES = 1 << 16  #: that are read at a time
_RECORD_BYTES = 4096  #: more than the report on a child's end has


class ChildEnded(Exception):
    """The child closed its side of the channel, which it does only by ending."""


class TimeUp(Exception):
    """The run's deadline has passed. Not `TimeoutError`, which a power could leak."""


class TooLarge(FrameError):
    """The child announced a frame over the cap; no more of it is read."""

    def __init__(self, length: int, cap: int) -> None:
        super().__init__(f"{length} bytes in one frame; the limit is {cap}")
        self.length = length


@dataclass(frozen=True)
class ChildExit:
    """How a child ended, as the zygote reported it. `status` is a wait status, or None if the zygote died before it knew."""

    status: int | None = None
    cpu_s: float = 0.0
    peak_bytes: int = 0
    idle_bytes: int = 0  #: how much of that a child uses that does nothing
    killed: str | None = None  #: "broker", if the zygote killed it on behalf of the broker


class Channel:
    """The two sockets of one run. Closing it ends the child, whatever the child is doing."""

    #: Seconds to wait for the report on a child that was killed.
    REPORT_TIMEOUT_S = 2.0

    def __init__(self, frames: socket.socket, status: socket.socket) -> None:
        self._frames = frames
        self._status = status
        self._opening = b""
        self._ahead = bytearray()  #: what came with an earlier frame

    def limit(self, limits: RunLimits) -> Self:
        """Set the limits of the run: the child reads them first, before any frame, and closes its jail with them."""
        self._opening = LIMITS.pack(limits.memory_bytes, limits.cpu_s, limits.wall_s + _GRACE_S)
        return self

    def is_unused(self) -> bool:
        """Whether the child waits for a run. Both sockets are looked at: the zygote may be dead, too."""
        return _is_silent(self._frames) and _is_silent(self._status)

    def send(self, body: bytes, deadline: float, *more: bytes) -> None:
        """Send a frame to the child, and more frames with it. Raises `ChildEnded` and `TimeUp`."""
        data, self._opening = b"".join([self._opening, pack(body), *map(pack, more)]), b""
        self._frames.settimeout(_seconds_left(deadline))
        try:
            self._frames.sendall(data)
        except TimeoutError as fault:
            raise TimeUp from fault
        except OSError as fault:
            raise ChildEnded from fault

    def receive(self, cap: int, deadline: float) -> bytes:
        """Receive one frame and return its body. Raises `TooLarge`, `ChildEnded` and `TimeUp`."""
        (length,) = HEADER.unpack(self._take(HEADER.size, deadline))
        if length > cap:
            raise TooLarge(length, cap)
        return self._take(length, deadline)

    def end(self, deadline: float | None = None) -> ChildExit:
        """Wait until `deadline` for the child to end by itself, then kill it (without a deadline: at once); return how it ended.

        Raises nothing: a zygote that died sends no report, and then the `ChildExit` has no status.
        """
        try:
            if deadline is not None:
                child_exit = self._receive_exit(deadline)
                if child_exit is not None:
                    return child_exit
            self._status.shutdown(socket.SHUT_WR)
            return self._receive_exit(time.monotonic() + self.REPORT_TIMEOUT_S) or ChildExit()
        except OSError:
            return ChildExit()

    def has_unread_data(self) -> bool:
        """Whether the child sent bytes that belong to no received frame. Call it after the child's end; an end of file is not data."""
        self._frames.settimeout(0.0)  # MSG_DONTWAIT alone lets Python wait for what is left of the last time
        try:
            return bool(self._ahead or self._frames.recv(1))
        except OSError:
            return False

    def close(self) -> None:
        """Close both sockets. The zygote then kills a child that still runs, even if a careless fork holds copies of them."""
        with suppress(OSError):
            self._status.shutdown(socket.SHUT_RDWR)
        self._frames.close()
        self._status.close()

    def _receive_exit(self, deadline: float) -> ChildExit | None:
        try:
            self._status.settimeout(_seconds_left(deadline))
            record = self._status.recv(_RECORD_BYTES)
        except (TimeoutError, TimeUp):
            return None
        return _exit_of(record)

    def _take(self, length: int, deadline: float) -> bytes:
        """The next bytes. A frame mostly comes as a whole, so what comes with its header is kept for its body."""
        while len(self._ahead) < length:
            self._frames.settimeout(_seconds_left(deadline))
            try:
                chunk = self._frames.recv(_PIECE_BYTES)
            except TimeoutError as fault:
                raise TimeUp from fault
            except OSError as fault:
                raise ChildEnded from fault
            if not chunk:
                raise ChildEnded
            self._ahead += chunk
        taken = bytes(self._ahead[:length])
        del self._ahead[:length]
        return taken


def _is_silent(end: socket.socket) -> bool:
    """Whether the other side has neither sent anything nor closed its end."""
    try:
        end.recv(1, _LOOK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _exit_of(record: bytes) -> ChildExit:
    return ChildExit(**json.loads(record)) if record else ChildExit()


def _seconds_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeUp
    return left
