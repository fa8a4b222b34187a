"""A program that a `warm_server` has forked, as the process that asked for it sees it."""

import json
import os
import select
import signal
import socket
import subprocess
from pathlib import Path


def ask_for(server, module, arguments, env, files, **more):
    """Ask the server at the other end of this socket for a program; return the pipe that tells of its process. `files`: its input, output and errors."""
    asked, told = os.pipe()
    program = {"module": module, "arguments": arguments, "env": dict(env), "cwd": str(Path.cwd()), "before": "", **more}
    socket.send_fds(server, [json.dumps(program).encode()], [*files, told])
    os.close(told)
    return asked


class WarmProcess:
    """A started program, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, pipe):
        self._pipe = pipe
        self.returncode = None
        self.pid = int.from_bytes(os.read(pipe, 4), "little")

    def poll(self):
        if self.returncode is None and self._has_ended(0):
            self._end()
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            self._end()
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, timeout):
        ends = select.poll()  # `select` knows no file above 1023
        ends.register(self._pipe, select.POLLIN)
        return bool(ends.poll(None if timeout is None else timeout * 1000))

    def _end(self):
        self.returncode = int.from_bytes(os.read(self._pipe, 4), "little", signed=True)
        os.close(self._pipe)
