"""Keeps the programs of a local run running, and stops them in order on a signal.

For `session-status up` only; a server has its own supervisor (systemd, Kubernetes). In one thread, it starts the programs,
checks them five times a second, restarts one that has ended after a growing pause, and stops them in reverse order.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .forked_process import STOP_SIGNALS, ForkedProcess, Program, fork

LOOK_S = 0.2  #: between two checks of the programs
FIRST_PAUSE_S = 0.5  #: before the first restart of a program; doubles each time
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  #: after running for this long, a program starts again with the first pause
READY_S = 60.0  #: how long all programs together may take to get ready
STOP_S = 10.0  #: how long one program may take to end before it is killed
DEATHS_AT_START = 3  #: a start fails if a program ends this often before all are ready


class StartError(Exception):
    """A program did not become ready. The text names it and shows the end of its log."""


@dataclass(frozen=True)
class SupervisedProgram(Program):
    """A program to keep running. `is_ready` is called until it returns True once; it must be quick."""

    is_ready: Callable[[], bool]


@dataclass
class RunningProgram:
    """A program and its current process."""

    program: SupervisedProgram
    process: ForkedProcess
    started: float
    deaths: int = 0
    again_at: float | None = None  #: when it is restarted; None while it runs
    was_ready: bool = False


@dataclass
class StopRequest:
    """Set by a signal, and read by the loop."""

    requested: bool = False
    signals: list[int] = field(default_factory=list)

    def note(self, number: int, _frame: object) -> None:
        """Signal handler: note the signal for the loop."""
        self.requested = True
        self.signals.append(number)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Within the block, SIGINT, SIGTERM and SIGHUP are only noted."""
    stop = StopRequest()
    before = {number: signal.signal(number, stop.note) for number in STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """Runs some programs; the first is started first and stopped last."""

    def __init__(self, programs: Sequence[SupervisedProgram], *, say: Callable[[str], None], stop: StopRequest) -> None:
        self._programs = programs
        self._say = say
        self._stop = stop
        self._running: list[RunningProgram] = []

    def start(self) -> bool:
        """Start all programs and wait until they are ready; return False if a signal came first. Raises StartError."""
        self._running = [RunningProgram(program, fork(program), time.monotonic()) for program in self._programs]
        end = time.monotonic() + READY_S
        while not self._stop.requested:
            waiting = [one for one in self._running if not self._check_ready(one)]
            if not waiting:
                return True
            self._look()
            self._give_up(waiting, late=time.monotonic() > end)
            time.sleep(LOOK_S)
        return False

    def watch(self) -> None:
        """Keep the programs running until a signal comes."""
        while not self._stop.requested:
            self._look()
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """Stop all programs, last to first, each with all its processes."""
        for one in reversed(self._running):
            end(one)
        self._running = []

    def _check_ready(self, one: RunningProgram) -> bool:
        if not one.was_ready and one.again_at is None:
            one.was_ready = one.program.is_ready()
        return one.was_ready

    def _look(self) -> None:
        now = time.monotonic()
        for one in self._running:
            if one.again_at is None and one.process.poll() is not None:
                self._plan_restart(one, now)
            elif one.again_at is not None and now >= one.again_at:
                one.process, one.started, one.again_at = fork(one.program), now, None

    def _plan_restart(self, one: RunningProgram, now: float) -> None:
        sweep(one.process.pid)
        one.deaths = 1 if now - one.started > STEADY_S else one.deaths + 1
        pause = min(FIRST_PAUSE_S * 2 ** (one.deaths - 1), LONGEST_PAUSE_S)
        one.again_at = now + pause
        status = one.process.poll() or 0
        how = f"was killed by signal {-status}" if status < 0 else "ended"
        self._say(f"{one.program.name} {how} and will be restarted in {pause:g} s. Its log: {one.program.log}")

    def _give_up(self, waiting: Sequence[RunningProgram], *, late: bool) -> None:
        """Raise StartError for a program that ends again and again, or is not ready in time."""
        hopeless = [one for one in self._running if one.deaths >= DEATHS_AT_START]
        for one in (*hopeless, *(waiting if late else ())):
            what = "ends again and again" if one in hopeless else f"was not ready within {READY_S:g} s"
            raise StartError(f"{one.program.name} {what}. The end of {one.program.log}:\n{tail(one.program.log)}")


def end(one: RunningProgram) -> None:
    """Terminate a program, wait, then kill it and its process group."""
    one.process.send_signal(signal.SIGTERM)
    if not one.process.wait(STOP_S):
        one.process.send_signal(signal.SIGKILL)
        one.process.wait(STOP_S)
    sweep(one.process.pid)


def sweep(group: int) -> None:
    """Kill the remaining processes of a process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (empty)"
