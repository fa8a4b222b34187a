"""Closes connections of clients that do not read their response.

The server has deadlines for what a client sends but not for what it reads, so such connections would stay open for ever.
Once a second, the sockets of this process are checked: one that had unsent bytes in every check for a while is shut down.
Only Linux reports the number of unsent bytes.
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

#: Seconds between two checks, and for which a client may read nothing.
LOOK_S = 1.0
UNREAD_S = 10.0

#: linux/sockios.h: the number of unsent bytes of a TCP socket.
SIOCOUTQNSD = 0x894B

OPEN_FILES = Path("/proc/self/fd")


class SlowReaders:
    """Watches the connections to our port."""

    def __init__(self, port: int, *, unread_s: float = UNREAD_S) -> None:
        self._port = port
        self._unread_s = unread_s
        #: socket (its inode, which is not reused) -> since when it had unsent bytes in every check
        self._full_since: dict[int, float] = {}

    def start(self) -> None:
        """Start checking, in a separate thread."""
        if sys.platform.startswith("linux"):
            threading.Thread(target=self._watch, name="slow readers", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Check all sockets once."""
        full = {inode: number for number in _open_files() if (inode := _unsent(number)) is not None}
        self._full_since = {inode: self._full_since.get(inode, now) for inode in full}
        for inode, since in self._full_since.items():
            if now - since > self._unread_s:
                self._hang_up(full[inode], inode)

    def _hang_up(self, number: int, inode: int) -> None:
        with suppress(OSError):  # the connection has just ended
            own = socket.socket(fileno=os.dup(number))  # the copy refers to this socket, even if the number is reused
            with own:
                if os.fstat(own.fileno()).st_ino == inode and own.getsockname()[1] == self._port:
                    own.shutdown(socket.SHUT_RDWR)
                    log.warning("closed the connection of a client that does not read its response")


def _open_files() -> list[int]:
    return [int(file.name) for file in OPEN_FILES.iterdir()]


def _unsent(number: int) -> int | None:
    """Return the inode of a TCP socket that has unsent bytes; None for any other file."""
    try:
        unsent = struct.unpack("i", fcntl.ioctl(number, SIOCOUTQNSD, bytes(4)))[0]
        return os.fstat(number).st_ino if unsent else None
    except OSError:  # closed, or not a TCP socket
        return None
