"""Whether the web server can listen on the address in the settings, and what to do if not."""

from __future__ import annotations

import errno
import socket

from runner.settings.readers import address_and_port

BIND = "SESSION_STATUS_WEB_BIND"


def listening_fault(bind: str) -> tuple[int, str]:
    """Try the address without listening. Return the error number and a sentence; 0 and "" if it can be used.

    The server's own sockets would silently share a port with another process of this user; this socket does not.
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
    every = "[::]" if ":" in host else "0.0.0.0"  # noqa: S104 - only mentioned, not bound
    match error.errno:
        case errno.EADDRINUSE:
            return f"{error.strerror}. Stop the process that listens there, or choose another port."
        case errno.EADDRNOTAVAIL:
            return f"this machine has no address {host}. Use one of its addresses, or {every} for all of them."
        case errno.EACCES:
            return f"this user may not use port {port}. Choose 1024 or higher; only the proxy needs port 443."
    return f"{error.strerror or error}. Choose another address."
