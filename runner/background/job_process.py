"""The process of a job, as its worker sees it: started, listened to, bounded in time, and killed if it does not end.

A process of its own for each job, because only a process can be stopped at any moment and be bounded in its memory, and
because what it leaves half done the database rolls back. The worker has threads and therefore never forks by itself.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Self

from runner.queues.job_orders import JobOrder
from runner.queues.job_states import ENDED

from .job_steps import JobEnd

#: Seconds between two looks at what the worker has to know: the time, the signal, the cancelled job.
LOOK_S = 0.25
#: Seconds that a cancelled job may take until its next step.
CANCEL_S = 10.0
#: Seconds that the process may take to end after its last line.
EXIT_S = 5.0
#: Bytes of its output that are read: a bound for a bug, not for a job.
MOST_BYTES = 4 * 1024 * 1024


class JobProcessDied(Exception):
    """The process ended without saying how the job ended; the text says how it ended itself."""


class JobOvertime(Exception):
    """The job took longer than it may, or did not look whether it was cancelled; it was killed."""


class JobProcess:
    """One process. Leaving the context kills it if it still runs."""

    def __init__(self, order: JobOrder) -> None:
        self._order = order
        self._ends_at = time.monotonic() + order.what.wall_s
        self._rest = b""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.background.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what still runs."""
        self.stop()

    def stop(self) -> JobEnd | None:
        """Kill the process; return how the job ended if it had said so by then. Harmless when it is called twice."""
        self._process.kill()  # nothing, if it has been waited for
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return None
        rest, _ = self._process.communicate()
        lines = [json.loads(line) for line in (self._rest + rest).split(b"\n")[:-1]]
        return next((_end_of(line["end"]) for line in lines if "end" in line), None)

    def run(self, told: Callable[[int, int, str], None], look: Callable[[], bool]) -> JobEnd:
        """Carry out the order. `told` is called with each step, `look` all the time: True once the job is cancelled.

        Raises `JobProcessDied`, `JobOvertime`, and what `told` and `look` raise.
        """
        self._write(json.dumps(asdict(self._order)).encode())
        cancelled = False
        while time.monotonic() < self._ends_at:
            for line in self._lines():
                if "end" in line:
                    return _end_of(line["end"])
                told(int(line["done"]), int(line["of"]), str(line["said"]))
            if look() and not cancelled:
                cancelled = True
                self._write(b"cancel")
                self._ends_at = min(self._ends_at, time.monotonic() + CANCEL_S)
        raise JobOvertime

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it has ended; its output says how, or does not
            return

    def _lines(self) -> list[dict[str, Any]]:
        """Return what it said since the last look. Raises `JobProcessDied` when it says nothing more."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LOOK_S)
        if not ready:
            return []
        read = os.read(self._process.stdout.fileno(), 64 * 1024)
        if not read:
            raise JobProcessDied(_how(self._process.wait(EXIT_S)))
        *lines, self._rest = (self._rest + read).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            raise JobProcessDied("it said too much")
        return [json.loads(line) for line in lines]


def _end_of(said: dict[str, Any]) -> JobEnd:
    end = JobEnd(said["state"], said["said"], said["result"], tuple(said["changed"]))
    assert end.state in ENDED
    return end


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
