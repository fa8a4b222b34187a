"""Starts programs of the product as processes, quickly: forked from a process that has imported them.

A real process with its own environment, files and exit status; only its command line in /proc is that of `warm_server`.
What a test says about starting itself (imports, options of Python, the parent) needs `subprocess`.
"""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import warm_server


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


def start(module, *arguments, env, output, new_session=False):
    """Do what `python -P -m` does. `output` is a file for standard output and errors, or one each for input, output and errors.

    If the environment tells Python something at its start that ours does not, Python is started.
    """
    with open(os.devnull) as nothing:  # noqa: PTH123 - a device
        files = output if isinstance(output, tuple) else (nothing, output, output)
        if python_variables(env) != python_variables(os.environ):
            command = [sys.executable, "-P", "-m", module, *arguments]
            streams = dict(zip(("stdin", "stdout", "stderr"), files, strict=True))
            return subprocess.Popen(command, env=env, start_new_session=new_session, **streams)
        asked, told = os.pipe()
        program = {"module": module, "arguments": arguments, "env": dict(env), "cwd": str(Path.cwd())}
        message = json.dumps(program | {"new_session": new_session}).encode()
        socket.send_fds(_server(), [message], [*(file.fileno() for file in files), told])
    os.close(told)
    return WarmProcess(asked)


def run(module, *arguments, env, typed="", timeout=60):
    """Do what `subprocess.run` does with a program, and return its exit status, output and errors as texts."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(typed.encode())
        given.seek(0)
        process = start(module, *arguments, env=env, output=(given, output, errors))
        try:
            status = process.wait(timeout)
        finally:
            process.kill()
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(arguments, status, output.read().decode(), errors.read().decode())


def python_variables(env):
    return {name: value for name, value in env.items() if name.startswith("PYTHON")}


@functools.cache
def _server():
    """The socket of this process's server."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, warm_server.MESSAGE_BYTES)
    command = [sys.executable, "-P", warm_server.__file__, str(its.fileno())]
    process = subprocess.Popen(command, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL)
    its.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours
