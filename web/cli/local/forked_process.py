"""A process that is forked from `up` and runs one of our programs.

`up` has imported every program before it starts the first one, so a program starts without importing anything, and all of
them share the memory of what was imported. A server starts each program with an interpreter of its own instead.

What a fork must not take along is dropped in `_become`, whose comments number it. `up` has no threads, so no lock can be held.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .die_with_parent import die_with_parent, name_process

#: What stops a program, and `up` itself. They wait while a program is forked, because until then `up` handles them.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Exit status of a program that ends with an exception or with a sentence.
FAILED = 1
WAIT_S = 0.01  #: between two looks whether a process has ended


@dataclass(frozen=True)
class Program:
    """A program to fork. `main` returns or raises SystemExit at its end; what it returns is its exit status (None: 0)."""

    name: str
    main: Callable[[], int | None]
    environment: Mapping[str, str]
    log: Path  #: takes what it writes


class ForkedProcess:
    """A child process, with the methods of `subprocess.Popen` that a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; return False if it runs after so many seconds."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                return False
            time.sleep(WAIT_S)
        return True

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def fork(program: Program) -> ForkedProcess:
    """Start a program."""
    assert threading.active_count() == 1, "a process that starts children with fork has no threads"
    parent, log = os.getpid(), os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    gc.collect()  # garbage with an open file would otherwise close a file of the program later, which has the same number there
    gc.freeze()  # what is left lives on: the next fork need not look through it, and its memory stays shared
    sys.stdout.flush()  # what is buffered here would otherwise be written twice
    sys.stderr.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    pid = os.fork()
    if not pid:
        _run(program, parent, log)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(log)
    return ForkedProcess(pid)


def _run(program: Program, parent: int, log: int) -> NoReturn:
    """Run the program in the child, and end it here: what lies below on the stack belongs to `up`."""
    status = FAILED
    try:
        _become(program, parent, log)
        status = _exit_status(program.main)
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        if sys.exc_info()[1]:
            traceback.print_exc()
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(status)


def _become(program: Program, parent: int, log: int) -> None:
    """Make the child what a new process would be."""
    # 1. A session of its own, so that Ctrl-C in the terminal reaches only `up`, which stops the programs in order.
    os.setsid()
    # 2. It ends with `up`, and can be told from it in a list of processes.
    die_with_parent(parent)
    name_process(program.name)
    # 3. No open files, but the three that every process has.
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    for file in [int(each.name) for each in Path("/dev/fd").iterdir()]:
        os.closerange(max(file, 3), file + 1)  # says nothing of one that is closed, as that of the folder is now
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # not replaced by `up`
    # 4. Its own environment.
    os.environ.clear()
    os.environ.update(program.environment)
    # 5. Signals do what they do in a new process, and those that came meanwhile do it now.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _exit_status(main: Callable[[], int | None]) -> int:
    """Return the exit status of a program, as the interpreter does at its end."""
    try:
        status: object = main()
    except SystemExit as end:
        status = end.code
    if status is None or isinstance(status, int):
        return status or 0
    sys.stderr.write(f"{status}\n")
    return FAILED
