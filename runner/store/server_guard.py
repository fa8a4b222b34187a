"""Runs the store's server so that it ends with the process that started it; executed as a script, never imported.

A `preexec_fn` may deadlock in a process with threads, so this small program does it instead. On Linux it asks the kernel
to end it with its parent, and then becomes the server. Elsewhere it stays beside the server, and ends it when the pipe to
the parent closes.

    python -I -S server_guard.py PARENT_PID SERVER ARGUMENT...
"""

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def become_the_server(parent: int, command: list[str]) -> None:
    """Linux: ask the kernel, then become the server."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # survives the exec below
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the launcher chose the binary


def stay_beside_the_server(command: list[str]) -> int:
    """Elsewhere: watch the pipe on standard input."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as server:  # noqa: S603 - the launcher chose the binary
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        sys.stdin.buffer.read()  # returns when the parent ends, or when it closes the pipe
        server.terminate()
    return server.returncode


if __name__ == "__main__":
    if sys.platform == "linux":
        become_the_server(int(sys.argv[1]), sys.argv[2:])
    sys.exit(stay_beside_the_server(sys.argv[2:]))
