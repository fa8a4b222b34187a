"""The process of one job: `python -m runner.background.job_child`, started by `job_process` and by nothing else.

Its input is the order as one line, then `cancel` if the job is to be cancelled. Its output is one line of JSON for each
step, and one for the end. The end of its input means that the worker is gone. The process then ends at once and the
database rolls back, so that no job goes on whose end no worker can report.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from records import Database, DatabaseUnavailable, support_references
from runner.logs.process_log import start_log
from runner.pressure.giving_way import giving_way
from runner.queues.job_orders import (
    AGENDA_IMPORT,
    ATTENDANCE_REPORT,
    BADGE_IMAGE,
    FACTS_PREPARATION,
    REHEARSAL,
    SUBMISSION_TRIAL,
    JobOrder,
)
from runner.queues.job_states import CANCELLED, FAILED
from runner.settings.operator_settings import MIB, Settings

from . import (
    agenda_import,
    attendance_report,
    badge_image,
    facts_preparation,
    submission_trial,
    version_rehearsal,
)
from .agenda_import import import_agenda
from .attendance_report import make_report
from .badge_image import read_image
from .facts_preparation import prepare_facts
from .job_steps import JobCancelled, JobEnd, JobSteps
from .submission_trial import try_submission
from .version_rehearsal import rehearse_version

#: How much the process yields to others: people wait for statuses, not for jobs.
NICENESS = 10
#: Bytes of an order, as one line.
LONGEST_ORDER = 16 * 1024
CANCEL = b"cancel"
#: Exit status of a process whose worker is gone.
ORPHANED = 3

WAS_CANCELLED = "Cancelled. Nothing was changed."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFunction:
    """The function that does one kind of job, and its number of steps. The last step is the end of its one transaction."""

    run: Callable[[JobSteps, JobOrder], JobEnd]
    steps: int


#: The function of each kind in `job_orders.KINDS`.
FUNCTIONS: Mapping[str, JobFunction] = MappingProxyType(
    {
        AGENDA_IMPORT: JobFunction(import_agenda, agenda_import.STEPS),
        ATTENDANCE_REPORT: JobFunction(make_report, attendance_report.STEPS),
        BADGE_IMAGE: JobFunction(read_image, badge_image.STEPS),
        FACTS_PREPARATION: JobFunction(prepare_facts, facts_preparation.STEPS),
        SUBMISSION_TRIAL: JobFunction(try_submission, submission_trial.STEPS),
        REHEARSAL: JobFunction(rehearse_version, version_rehearsal.STEPS),
    }
)


def main() -> int:
    """Carry out the order on standard input, and write to standard output how it ended."""
    lines = OutputLines(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not get among our lines
    order = JobOrder(**json.loads(sys.stdin.buffer.readline(LONGEST_ORDER)))
    settings = Settings.from_environment(os.environ, make=False)
    start_log(settings)
    limit(order.what.memory_mib)
    cancelled = threading.Event()
    threading.Thread(target=listen, args=(sys.stdin.buffer, cancelled), name="orders", daemon=True).start()
    lines.write({"end": asdict(run_order(settings, order, lines.step, cancelled.is_set))})
    return 0


def run_order(
    settings: Settings, order: JobOrder, report: Callable[[int, int, str], None], is_cancelled: Callable[[], bool]
) -> JobEnd:
    """Do the work, and return how it ended, whatever goes wrong. `is_cancelled` is called between two steps."""
    function = FUNCTIONS[order.kind]
    database = Database(settings.database_url, environment=settings.environment, pool_size=1)
    try:
        with giving_way(settings, order.implementation) as pauses:
            steps = JobSteps(settings, database, function.steps, report, is_cancelled, pauses.wait)
            return function.run(steps, order)
    except JobCancelled:
        return JobEnd(CANCELLED, WAS_CANCELLED)
    except MemoryError:
        return JobEnd(FAILED, f"It needed more than {order.what.memory_mib} MiB of memory, the most that it may use.")
    except DatabaseUnavailable as error:
        # The worker says it in its own words: it knows the outage and its reference.
        return JobEnd(FAILED, "", {"database": str(error)})
    except Exception:
        reference = support_references.new()
        log.exception("background job failed ref=%s kind=%s id=%s", reference, order.kind, order.id)
        return JobEnd(FAILED, "An error on our side stopped it.", {"reference": reference})
    finally:
        database.dispose()


def limit(memory_mib: int) -> None:
    """Limit the memory of this process, and let other processes go first.

    It has a session of its own. Where Linux shares out processors by session, niceness counts within one only, and the session
    has a niceness beside it (sched(7), "The autogroup feature").
    """
    os.nice(NICENESS)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))
    most = memory_mib * MIB
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def listen(orders: BinaryIO, cancelled: threading.Event) -> None:
    """Wait for `cancel`, and for the end of the worker."""
    for line in orders:
        if line.strip() == CANCEL:
            cancelled.set()
    os._exit(ORPHANED)


class OutputLines:
    """Writes to the worker, one line of JSON for each message."""

    def __init__(self, file: int) -> None:
        self._file = os.fdopen(file, "w")

    def step(self, done: int, of: int, said: str) -> None:
        """Write that a step begins, after `done` of `of` steps."""
        self.write({"done": done, "of": of, "said": said})

    def write(self, message: dict[str, Any]) -> None:
        """Write one line."""
        self._file.write(f"{json.dumps(message)}\n")
        self._file.flush()


if __name__ == "__main__":
    sys.exit(main())
