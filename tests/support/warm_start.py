"""Starts programs of the product as processes, quickly: forked from a process that has imported them.

A real process with its own environment, files and exit status; only its command line in /proc is that of `warm_server`.
What a test says about starting itself (imports, options of Python, the parent) needs `subprocess`.
"""

import atexit
import functools
import os
import socket
import subprocess
import sys
import tempfile

from tests.support import warm_server
from tests.support.warm_process import WarmProcess, ask_for


def start(module, *arguments, env, output, new_session=False, before=""):
    """Do what `python -P -m` does. `output` is a file for standard output and errors, or one each for input, output and errors.

    `before` is the text of a program that runs first, in the same process. If the environment tells Python something at its
    start that ours does not, Python is started.
    """
    with open(os.devnull) as nothing:  # noqa: PTH123 - a device
        files = output if isinstance(output, tuple) else (nothing, output, output)
        if python_variables(env) != python_variables(os.environ):
            assert not before, "a Python that is started has no text to run first"
            command = [sys.executable, "-P", "-m", module, *arguments]
            streams = dict(zip(("stdin", "stdout", "stderr"), files, strict=True))
            return subprocess.Popen(command, env=env, start_new_session=new_session, **streams)
        numbers = [file.fileno() for file in files]
        return WarmProcess(ask_for(_server(), module, arguments, env, numbers, new_session=new_session, before=before))


def run(module, *arguments, env, typed="", timeout=60, before=""):
    """Do what `subprocess.run` does with a program, and return its exit status, output and errors as texts."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(typed.encode())
        given.seek(0)
        process = start(module, *arguments, env=env, output=(given, output, errors), before=before)
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
