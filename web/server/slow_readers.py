"""Hangs up on clients which do not read what they asked for.

The server has deadlines for what a client sends and none for what it takes, so a few connections that are never read
would be held for ever. Once a second the sockets of this process are looked at: one that had bytes to send in every
look for a while, which its client had no room for, is shut down. Only Linux tells how many these are.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

#: Seconds between two looks, and for how long a client may leave no room for bytes of its answer.
LOOK_S = 1.0
UNREAD_S = 10.0

#: linux/sockios.h: how many bytes of a TCP socket were not sent yet.
SIOCOUTQNSD = 0x894B

OPEN_FILES = Path("/proc/self/fd")


class SlowReaders:
    """Watches the connections to one port of ours."""

    def __init__(self, port: int, *, unread_s: float = UNREAD_S) -> None:
        self._port = port
        self._unread_s = unread_s
        #: socket (its inode, which no later one has) -> since when it has been full in every look
        self._full_since: dict[int, float] = {}

    def start(self) -> None:
        """Look from now on, in a thread of its own."""
        if sys.platform.startswith("linux"):
            threading.Thread(target=self._watch, name="slow readers", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Look at all sockets once."""
        full = {inode: number for number in _open_files() if (inode := _unsent(number)) is not None}
        self._full_since = {inode: self._full_since.get(inode, now) for inode in full}
        for inode, since in self._full_since.items():
            if now - since > self._unread_s:
                self._hang_up(full[inode], inode)

    def _hang_up(self, number: int, inode: int) -> None:
        with suppress(OSError):  # it has just ended
            own = socket.socket(fileno=os.dup(number))  # from here on the number means this socket and no later one
            with own:
                if os.fstat(own.fileno()).st_ino == inode and own.getsockname()[1] == self._port:
                    own.shutdown(socket.SHUT_RDWR)
                    log.warning("hung up on a client which does not read its answers")


def _open_files() -> list[int]:
    return [int(file.name) for file in OPEN_FILES.iterdir()]


def _unsent(number: int) -> int | None:
    """Return the inode of a TCP socket which has bytes that could not be sent yet."""
    try:
        unsent = struct.unpack("i", fcntl.ioctl(number, SIOCOUTQNSD, bytes(4)))[0]
        return os.fstat(number).st_ino if unsent else None
    except OSError:  # closed, or no TCP socket
        return None
