"""The process of one job: `python -m runner.background.child`, started by `job_process` and by nothing else.

Its input is the order as one line, then `cancel` if the job is to be cancelled. Its output is one line of JSON for each
step, and one for the end. When its input ends, the worker is gone: then it ends at once, and the database rolls back, so
that no job goes on that its worker cannot tell the end of.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from records import Database, DatabaseUnavailable, support_references
from runner.process_log import start_log
from runner.queues.job_orders import JobOrder
from runner.queues.job_states import CANCELLED, FAILED
from runner.settings.table import MIB, Settings

from .functions import FUNCTIONS
from .job_steps import JobCancelled, JobEnd, JobSteps

#: How much less often than others the process gets a processor: statuses are waited for, jobs are not.
NICENESS = 10
#: Bytes of an order, as one line.
LONGEST_ORDER = 16 * 1024
CANCEL = b"cancel"
#: Exit status of a process whose worker is gone.
ORPHANED = 3

NOTHING_DONE = "Nothing was changed."
NOT_CANCELLED = f"Cancelled. {NOTHING_DONE}"

log = logging.getLogger(__name__)


def main() -> int:
    """Carry out the order on standard input, and say on standard output how it ended."""
    lines = OutputLines(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no line of ours
    order = JobOrder(**json.loads(sys.stdin.buffer.readline(LONGEST_ORDER)))
    settings = Settings.from_environment(os.environ, make=False)
    start_log(settings.log_level)
    limit(order.what.memory_mib)
    cancelled = threading.Event()
    threading.Thread(target=listen, args=(sys.stdin.buffer, cancelled), name="orders", daemon=True).start()
    lines.write({"end": asdict(ended(settings, order, lines.tell, cancelled.is_set))})
    return 0


def ended(
    settings: Settings, order: JobOrder, tell: Callable[[int, int, str], None], is_cancelled: Callable[[], bool]
) -> JobEnd:
    """Do the work; whatever goes wrong is told as an end, too. `is_cancelled` is asked between two steps."""
    function = FUNCTIONS[order.kind]
    database = Database(settings.database_url, environment=settings.environment, pool_size=1)
    try:
        return function.run(JobSteps(database, function.steps, tell, is_cancelled), order)
    except JobCancelled:
        return JobEnd(CANCELLED, NOT_CANCELLED)
    except MemoryError:
        most = f"{order.what.memory_mib} MiB"
        return JobEnd(
            FAILED, f"It needed more than {most} of memory, which is the most that such a job may have. {NOTHING_DONE}"
        )
    except DatabaseUnavailable as error:
        # The worker tells it: it knows of the outage, and its reference.
        return JobEnd(FAILED, "", {"database": str(error)})
    except Exception:
        reference = support_references.new()
        log.exception("background job failed ref=%s kind=%s id=%s", reference, order.kind, order.id)
        return JobEnd(
            FAILED, f"An error on our side stopped it. {NOTHING_DONE} Reference: {reference}", {"reference": reference}
        )
    finally:
        database.dispose()


def limit(memory_mib: int) -> None:
    """Bound the memory of this process, and let others go first."""
    os.nice(NICENESS)
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
    """What the worker is told, one line of JSON for each thing."""

    def __init__(self, file: int) -> None:
        self._file = os.fdopen(file, "w")

    def tell(self, done: int, of: int, said: str) -> None:
        """Say how far the job is."""
        self.write({"done": done, "of": of, "said": said})

    def write(self, what: dict[str, Any]) -> None:
        """Write one line."""
        self._file.write(f"{json.dumps(what)}\n")
        self._file.flush()


if __name__ == "__main__":
    sys.exit(main())
