"""The command that started this `up`, and the one to use instead when its ports are taken.

Whoever typed `make run` is told a `make` command: they may not have `session-status` on their PATH.
"""

from __future__ import annotations

import errno
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path

from runner.settings.readers import LARGEST_PORT
from web.loopback_server import HOST

#: How many ports in a row `--port` takes: the service, the demo, the identity provider.
IN_A_ROW = 3
#: The first port that is proposed instead of one that is taken, and the steps from there.
PROPOSED = 9000
STEP = 10


@dataclass(frozen=True)
class StartCommand:
    """How `up` was started: by `make run` or by itself, and with which data folder, if one was named."""

    by_make: bool
    data_folder: Path | None

    def elsewhere(self) -> str:
        """The same command on ports that are free."""
        port = free_row()
        if self.by_make:
            return f"make run PORT={port}"
        folder = f" --data-folder {shlex.quote(str(self.data_folder))}" if self.data_folder else ""
        return f"session-status up --port {port}{folder}"

    def beside(self) -> str:
        """The command that starts a second one beside this one: on other ports, with data of its own."""
        return f"session-status up --port {free_row()} --data-folder FOLDER"


def free_row() -> int:
    """Return the first of three ports in a row on which nothing answers, or the first proposal if there are none."""
    for first in range(PROPOSED, LARGEST_PORT - IN_A_ROW, STEP):
        if not any(port_fault(port) for port in range(first, first + IN_A_ROW)):
            return first
    return PROPOSED


def port_fault(port: int) -> str:
    """Say why a port cannot be used, or nothing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another program uses it"
            return error.strerror or str(error)
    return ""
