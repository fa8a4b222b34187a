"""The command that started this `up`, and the command to use instead if its ports are in use.

After `make run`, messages suggest `make` commands, because `session-status` may not be on the PATH.
"""

from __future__ import annotations

import errno
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path

from runner.settings.readers import LARGEST_PORT
from web.loopback_server import HOST

#: How many consecutive ports `--port` uses: the service, the demo, the identity provider.
IN_A_ROW = 3
#: The first port that is suggested instead of one in use, and the step to the next suggestion.
PROPOSED = 9000
STEP = 10


@dataclass(frozen=True)
class StartCommand:
    """How `up` was started: by `make run` or by itself, and with which data folder, if one was named."""

    by_make: bool
    data_folder: Path | None

    def elsewhere(self) -> str:
        """Return the same command with free ports."""
        port = free_row()
        if self.by_make:
            return f"make run PORT={port}"
        folder = f" --data-folder {shlex.quote(str(self.data_folder))}" if self.data_folder else ""
        return f"session-status up --port {port}{folder}"

    def beside(self) -> str:
        """Return the command that starts another one, with other ports and its own data."""
        return f"session-status up --port {free_row()} --data-folder FOLDER"


def free_row() -> int:
    """Return the first of three consecutive free ports, or the first suggestion if there are none."""
    for first in range(PROPOSED, LARGEST_PORT - IN_A_ROW, STEP):
        if not any(port_fault(port) for port in range(first, first + IN_A_ROW)):
            return first
    return PROPOSED


def port_fault(port: int) -> str:
    """Say why a port cannot be used; "" if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another program uses it"
            return error.strerror or str(error)
    return ""
