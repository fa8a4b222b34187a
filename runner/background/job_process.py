"""The process of a job, as its worker sees it: started, listened to, limited in time, and killed if it does not end.

Each job has a process of its own, because only a process can be stopped at any moment and limited in its memory. The
database rolls back what a killed process leaves unfinished. The worker has threads, and therefore never forks itself.
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

#: Seconds between two checks of the time, the stop signal and the cancellation.
LOOK_S = 0.25
#: Seconds that a cancelled job may take until its next step.
CANCEL_S = 10.0
#: Seconds that the process may take to end after its last line.
EXIT_S = 5.0
#: Bytes of one line of its output. Only a bug would exceed this.
MOST_BYTES = 4 * 1024 * 1024


class JobProcessDied(Exception):
    """The process ended without reporting how the job ended. The text is its exit status."""


class JobOvertime(Exception):
    """The job took longer than allowed, or did not react to its cancellation."""


class JobProcess:
    """One process. Leaving the context kills it if it still runs.

    `may_have_saved`: the last step had begun, which ends the transaction. If the process died after that without
    reporting its end, its changes may have been made. Before it, nothing was changed.
    """

    def __init__(self, order: JobOrder) -> None:
        self._order = order
        self._ends_at = time.monotonic() + order.what.wall_s
        self._rest = b""
        self.may_have_saved = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "runner.background.job_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the process if it still runs."""
        self.stop()

    def stop(self) -> JobEnd | None:
        """Kill the process; return how the job ended if it had reported that. Harmless if called twice."""
        self._process.kill()  # does nothing after the process was waited for
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return None
        rest, _ = self._process.communicate()
        end = None
        for line in (self._rest + rest).split(b"\n")[:-1]:
            end = self._read(json.loads(line), lambda *_: None) or end
        return end

    def run(self, on_step: Callable[[int, int, str], None], is_cancelled: Callable[[], bool]) -> JobEnd:
        """Carry out the order. `on_step` is called with each step, `is_cancelled` several times a second.

        Raises `JobProcessDied`, `JobOvertime`, and what `on_step` and `is_cancelled` raise.
        """
        self._write(json.dumps(asdict(self._order)).encode())
        cancelled = False
        while time.monotonic() < self._ends_at:
            for line in self._lines():
                end = self._read(line, on_step)
                if end:
                    return end
            if is_cancelled() and not cancelled:
                cancelled = True
                self._write(b"cancel")
                self._ends_at = min(self._ends_at, time.monotonic() + CANCEL_S)
        raise JobOvertime

    def _read(self, line: dict[str, Any], on_step: Callable[[int, int, str], None]) -> JobEnd | None:
        """Read a line: the end of the job, or a step."""
        if "end" in line:
            return _end_of(line["end"])
        done, of = int(line["done"]), int(line["of"])
        self.may_have_saved = done + 1 >= of
        on_step(done, of, str(line["said"]))
        return None

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it has ended; its output may say how
            return

    def _lines(self) -> list[dict[str, Any]]:
        """Return the lines since the last call. Raises `JobProcessDied` at the end of the output."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LOOK_S)
        if not ready:
            return []
        read = os.read(self._process.stdout.fileno(), 64 * 1024)
        if not read:
            raise JobProcessDied(_exit_in_words(self._process.wait(EXIT_S)))
        *lines, self._rest = (self._rest + read).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            raise JobProcessDied("a line of its output was too long")
        return [json.loads(line) for line in lines]


def _end_of(line: dict[str, Any]) -> JobEnd:
    end = JobEnd(line["state"], line["said"], line["result"], tuple(line["changed"]))
    assert end.state in ENDED
    return end


def _exit_in_words(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
