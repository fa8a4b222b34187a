"""Keeps the programs of a local run alive, and ends them all, in order, when it is told to.

For `session-status up` only; a server has its own (systemd, Kubernetes). One thread, no magic: it starts programs,
looks after them five times a second, starts a dead one again after a growing pause, and stops them last to first.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TETHER = Path(__file__).with_name("die_with_parent.py")

LOOK_S = 0.2  #: between two looks at the programs
FIRST_PAUSE_S = 0.5  #: before a dead program is started again; doubles each time
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  #: one that lived so long starts afresh with the first pause
READY_S = 60.0  #: how long all programs together may take to get ready
STOP_S = 10.0  #: how long one program may take to end before it is killed
DEATHS_AT_START = 3  #: one that dies so often before it was ready will not get better


class StartError(Exception):
    """A program did not get ready; the text says which, and shows the end of its log."""


@dataclass(frozen=True)
class SupervisedProgram:
    """One process to keep alive. `is_ready` is asked until it says yes once; it must answer quickly."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    is_ready: Callable[[], bool]


@dataclass
class RunningProgram:
    """A program and its present process."""

    program: SupervisedProgram
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    again_at: float | None = None  #: when it is started again; None while it lives
    was_ready: bool = False


@dataclass
class StopRequest:
    """Set by a signal; the loop looks at it."""

    asked: bool = False
    signals: list[int] = field(default_factory=list)

    def note(self, number: int, _frame: object) -> None:
        """A signal handler: the loop acts on what is noted here."""
        self.asked = True
        self.signals.append(number)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Within the block SIGINT, SIGTERM and SIGHUP are only noted."""
    stop = StopRequest()
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop.note) for number in wanted}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Supervisor:
    """Looks after some programs; the first is started first and stopped last."""

    def __init__(self, programs: Sequence[SupervisedProgram], *, say: Callable[[str], None], stop: StopRequest) -> None:
        self._programs = programs
        self._say = say
        self._stop = stop
        self._running: list[RunningProgram] = []

    def start(self) -> bool:
        """Start all and wait until they are ready. False if a signal came first. Raises StartError."""
        self._running = [RunningProgram(program, spawn(program), time.monotonic()) for program in self._programs]
        end = time.monotonic() + READY_S
        while not self._stop.asked:
            waiting = [one for one in self._running if not self._check_ready(one)]
            if not waiting:
                return True
            self._look()
            self._give_up(waiting, late=time.monotonic() > end)
            time.sleep(LOOK_S)
        return False

    def watch(self) -> None:
        """Keep them alive until a signal comes."""
        while not self._stop.asked:
            self._look()
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """End all programs, last to first, each with all its processes."""
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
                one.process, one.started, one.again_at = spawn(one.program), now, None

    def _plan_restart(self, one: RunningProgram, now: float) -> None:
        sweep(one.process.pid)
        one.deaths = 1 if now - one.started > STEADY_S else one.deaths + 1
        pause = min(FIRST_PAUSE_S * 2 ** (one.deaths - 1), LONGEST_PAUSE_S)
        one.again_at = now + pause
        how = f"was killed by signal {-one.process.returncode}" if one.process.returncode < 0 else "ended"
        self._say(f"{one.program.name} {how}; it starts again in {pause:g} s. Its log: {one.program.log}")

    def _give_up(self, waiting: Sequence[RunningProgram], *, late: bool) -> None:
        """Raise StartError for one which dies again and again, or else for one that is not ready in time."""
        hopeless = [one for one in self._running if one.deaths >= DEATHS_AT_START]
        for one in (*hopeless, *(waiting if late else ())):
            what = "ends as soon as it starts" if one in hopeless else f"did not get ready within {READY_S:g} s"
            raise StartError(f"{one.program.name} {what}. The end of {one.program.log}:\n{tail(one.program.log)}")


def spawn(program: SupervisedProgram) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own, so that a Ctrl-C in the terminal reaches only us."""
    with program.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *program.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(program.environment),
            start_new_session=True,
        )


def end(one: RunningProgram) -> None:
    """Ask to stop, wait, then kill; whatever is left of its group goes too."""
    if one.process.poll() is None:
        one.process.terminate()
        try:
            one.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()
    sweep(one.process.pid)


def sweep(group: int) -> None:
    """Kill what a dead program left in its process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (empty)"
