"""Whether the web server may listen where the settings say, and what to do if not."""

from __future__ import annotations

import errno
import socket

from runner.settings.readers import address_and_port

BIND = "SESSION_STATUS_WEB_BIND"


def listening_fault(bind: str) -> tuple[int, str]:
    """Try the address without listening. Returns the error number and a sentence; 0 and nothing if it can be used.

    The server's own sockets would share a port with any other process of this user, silently; this one does not.
    """
    host, port = address_and_port(bind)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EIO, f"{BIND}: cannot listen on {host} port {port}: {_why(error, host, port)}"
    return 0, ""


def _why(error: OSError, host: str, port: int) -> str:
    every = "[::]" if ":" in host else "0.0.0.0"  # noqa: S104 - advice, nothing is bound to it
    match error.errno:
        case errno.EADDRINUSE:
            return f"{error.strerror}. Stop the process that listens there, or choose another port."
        case errno.EADDRNOTAVAIL:
            return f"this machine has no address {host}. Name one that it has, or {every} for all of them."
        case errno.EACCES:
            return f"this user may not use port {port}. Choose one from 1024 on: the proxy in front has 443."
    return f"{error.strerror or error}. Choose another address."
