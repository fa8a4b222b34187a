"""A process that has imported all of the product, and forks for each program that a test starts (see `warm_start`).

Each request comes as one message: the program, and the files that are its input, output and errors. The last file is a pipe
to which we write the process id, and later the exit status. We end with the test process, whose end closes our socket.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import re
import runpy
import selectors
import signal
import socket
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from runner.background import job_process
from tests.support.job_starter import JobStarter

MESSAGE_BYTES = 1_000_000
#: Programs themselves, what databases run, and decoders of images, which say at the end of a process what they leave behind.
NOT_PRELOADED = r"migrations|__main__$|image_decoder$"


def preload():
    """Import what the programs import. A program that is itself a module must be loaded again, as `__main__`."""
    for package in ("records", "runner", "web"):
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not re.search(NOT_PRELOADED, found.name):
                importlib.import_module(found.name)
    importlib.import_module("worker")
    del sys.modules["worker"]
    gc.collect()
    gc.freeze()


def next_program(requests):
    """Serve requests; return the program in each forked child, None in this process at the end."""
    running = {}
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    with selectors.DefaultSelector() as ready:
        ready.register(requests, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj == woken:
                    os.read(woken, 4096)
                    tell_ends(running)
                    continue
                message, files, *_ = socket.recv_fds(requests, MESSAGE_BYTES, 4)
                if not message:
                    return None
                pid = os.fork()
                if not pid:
                    become(files, json.loads(message))
                    return json.loads(message)
                os.write(files[3], pid.to_bytes(4, "little"))
                running[pid] = files[3]
                for file in files[:3]:
                    os.close(file)


def tell_ends(running):
    """Write the exit status of each program that has ended to its pipe."""
    for pid in [*running]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            pipe = running.pop(pid)
            with contextlib.suppress(BrokenPipeError):
                os.write(pipe, os.waitstatus_to_exitcode(status).to_bytes(4, "little", signed=True))
            os.close(pipe)


def become(files, program):
    """Make this forked child what a new process would be. In `/proc`, it has the name of its module."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    if program["new_session"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(program["env"])
    os.chdir(program["cwd"])
    Path("/proc/self/comm").write_text(program["module"].rpartition(".")[2])


def main():
    requests = socket.socket(fileno=int(sys.argv[1]))
    preload()
    program = next_program(requests)
    if program:
        requests.detach()  # its number was closed
        run(program)


def run(program):
    """Be this program to its end, as Python would, but for what it does last: to take all modules apart copies all their memory."""
    try:
        if program["before"]:
            exec(program["before"], {})
        if program["module"] == "worker" and "background" in program["arguments"]:
            serve_jobs()
        sys.argv = ["", *program["arguments"]]
        runpy.run_module(program["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        if not isinstance(ending.code, int | None):
            raise
        end(ending.code or 0)
    end(0)


def end(status):
    """End this process: wait for its threads, call what wants to be called, and write what was not written."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def serve_jobs():
    """Fork a server like this one, from which the worker that this process becomes starts its jobs.

    It is forked now because a process with threads must not fork; and what was replaced here is replaced in the jobs, too.
    """
    asking, requests = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork():
        requests.close()
        job_process.subprocess = JobStarter(asking)
        return
    asking.close()
    program = next_program(requests)
    if not program:
        os._exit(0)
    requests.detach()
    run(program)


if __name__ == "__main__":
    main()
