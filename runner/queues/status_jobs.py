"""The queue of runs: what RQ may do, and what it must not do.

A job starts a *drainer*, which takes one order after another from its implementation's lists (`order_scripts`). JSON on the wire
is not enough: a job names a function, so anyone who can write to Redis could name any function. `StatusJob` runs two fixed
functions only. RQ never repeats a job: when the lease of a drainer ends, another one is appointed.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from redis import Redis
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.serializers import JSONSerializer

from runner.health.outages import OUTAGE

from . import run_causes
from .guarded_rq import GuardedJob, GuardedQueue

QUEUE = "status"
#: The only functions that a job may name: a run, as earlier releases queued it, and a drainer. These are names on the wire, not paths.
RUN, DRAIN = "runner.job.run_status", "runner.drain"
#: Seconds that a job may take; nothing ends it then, because its worker says every few seconds that it goes on.
JOB_S = 300
#: Seconds after which a waiting order or job is dropped. By then, its status has been asked for again many times.
WAITING_S = 120
#: Longer than any run waits: an id with such a time was not made by this service.
LONGEST_WAIT_MS = 3_600_000
FAILED_S = 60
BACKLOG_S = 1.0
#: The beginning of the keys of the lists of orders.
ORDERS_KEY = "st:orders:"
#: The beginning of a run's id: the time in ms.
_TIME = re.compile(r"[0-9a-f]{12}(?=-)")

#: RQ's loggers, and the beginnings of the lines with which each of its threads reports an outage.
LOGGERS = ("rq.worker", "rq.job", "rq.queue", "rq.registry")
OF_OUTAGES = ("Worker %s: could not connect to Redis instance", "Worker %s: Redis connection timeout")

log = logging.getLogger(__name__)


class JobRefused(Exception):
    """The job in Redis was not written by this service."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """The order of a run: plain values. It reads everything else from the records."""

    implementation: str  #: slug
    user: str
    session: str
    version: str  #: SHA-256
    edition: str  #: for which the answer is valid
    token: str  #: of the claim; the id of the run
    generation: int
    because: str = ""  #: see `run_causes`; an order of an earlier release has none

    def __post_init__(self) -> None:
        """Refuse what we never write; later, the failure would cost other runs time."""
        texts = (self.implementation, self.user, self.session, self.version, self.token)
        if type(self.generation) is not int or not all(type(text) is str for text in texts):
            raise JobRefused("has arguments of the wrong kind")
        if self.because not in run_causes.ORDERED:
            raise JobRefused("names an unknown cause")


@dataclass(frozen=True, slots=True)
class DrainOrder:
    """The arguments of a job that starts a drainer; `most` is how many its implementation may have."""

    implementation: str  #: slug
    drainer: str
    most: int

    def __post_init__(self) -> None:
        """Refuse what we never write."""
        if type(self.most) is not int or not all(type(text) is str for text in (self.implementation, self.drainer)):
            raise JobRefused("has arguments of the wrong kind")


@dataclass(frozen=True, slots=True)
class DueDrainer:
    """A drainer for which a job is to be queued; `name` is "" if none is due. The share that `dead` had of the queue is to be freed."""

    implementation: str  #: slug
    name: str
    most: int
    dead: str = ""


class StatusJob(GuardedJob):
    """A job that can only be a run or a drainer."""

    takes_turns = True
    #: The function that starts a drainer, set by the worker.
    drain: ClassVar[Callable[..., None] | None] = None

    @property
    def func(self) -> Any:
        """The function to run. Raises `JobRefused` for a job that names any other."""
        if self.refused:
            raise JobRefused(f"asks for {self.refused}")
        if self.func_name not in (RUN, DRAIN) or self.instance:
            raise JobRefused(f"names {self.func_name!r}")
        return self.run if self.func_name == RUN else self.drain


class RqStatusQueue(GuardedQueue):
    """The queue of status jobs, as RQ has it."""

    job_class = StatusJob


def rq_status_queue(redis: Redis) -> RqStatusQueue:
    """Return the queue as RQ has it."""
    return RqStatusQueue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=StatusJob)


class StatusQueue:
    """Queues jobs and counts orders. `redis` is a client of its own, never that of an RQ worker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = rq_status_queue(redis)
        self._backlogs: dict[str, tuple[float, int, int]] = {}

    def enqueue(self, due: DueDrainer) -> None:
        """Queue a job for a drainer, and free the share of a dead one. RQ, too, lets an implementation have no more than its share."""
        if due.dead:
            registry = RateLimitRegistry(due.implementation, self._redis)
            if registry.concurrency:
                registry.release_and_enqueue(due.dead)
        if due.name:
            self._queue.enqueue_call(
                DRAIN,
                kwargs=asdict(DrainOrder(due.implementation, due.name, due.most)),
                job_id=due.name,
                timeout=JOB_S,
                ttl=WAITING_S,
                result_ttl=0,
                failure_ttl=FAILED_S,
                description="status",  # RQ's default contains the arguments, and is logged
                rate_limit=RateLimit(key=due.implementation, concurrency=due.most),
            )

    def close(self) -> None:
        """Close the connections to the store."""
        self._redis.close()

    def backlog(self, implementation: str, *, returned: bool = False) -> int:
        """Return how many orders wait before a new one, of a user who came back or not. The number may be a second old."""
        cached = self._backlogs.get(implementation)
        if cached is None or cached[0] <= time.monotonic():
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.llen(f"{ORDERS_KEY}{{{implementation}}}:back")
                pipe.llen(f"{ORDERS_KEY}{{{implementation}}}")
                first, others = pipe.execute()
            cached = self._backlogs[implementation] = (time.monotonic() + BACKLOG_S, first, others)
        return cached[1] if returned else cached[1] + cached[2]


def quieten_rq() -> None:
    """Let RQ log only what goes wrong, except outages, which the `OutageLog` reports once for the process."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)  # RQ logs four lines for each run, and we log one
        logger.addFilter(is_no_outage)


def is_no_outage(record: logging.LogRecord) -> bool:
    """Say whether a line of RQ is about something other than an outage."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, OUTAGE) and not str(record.msg).startswith(OF_OUTAGES)


def new_run_id() -> str:
    """Return an id for a run, its job and its claim. Ids sort by time."""
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(6)}"


def waited_ms(run_id: str) -> int | None:
    """Return how many milliseconds ago the run with this id was queued; None for an id that was not made by this service."""
    made_ms = _TIME.match(run_id)
    if made_ms is None:
        return None
    waited = time.time_ns() // 1_000_000 - int(made_ms[0], 16)
    return max(0, waited) if abs(waited) <= LONGEST_WAIT_MS else None  # clocks of two machines may differ a little
