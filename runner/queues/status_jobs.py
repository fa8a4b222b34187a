"""The queue of runs: what RQ may do, and what it must not do.

JSON on the wire is not enough: a job names a function, so anyone who can write to Redis could name any function.
`StatusJob` runs one fixed function only. RQ never repeats a run: when the lock in the cache expires, the next request
starts another.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from redis import Redis
from rq.job import JobStatus
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.serializers import JSONSerializer

from runner.health.outages import OUTAGE

from . import run_causes
from .guarded_rq import GuardedJob, GuardedQueue

QUEUE = "status"
#: The only function that a job may name. This is a name on the wire, not a path; jobs of earlier releases carry it.
RUN = "runner.job.run_status"
#: Seconds that a job may exceed its run's wall time before its worker is assumed dead.
MARGIN_S = 10
#: Seconds after which a waiting job is dropped. By then, its status has been asked for again many times.
WAITING_S = 120
#: Longer than any run waits: an id with such a time was not made by this service.
LONGEST_WAIT_MS = 3_600_000
FAILED_S = 60
BACKLOG_S = 1.0
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
    token: str  #: of the claim; the id of the run and of the job
    generation: int
    because: str = ""  #: see `run_causes`; an order of an earlier release has none

    def __post_init__(self) -> None:
        """Refuse what we never write; later, the failure would cost other runs time."""
        texts = (self.implementation, self.user, self.session, self.version, self.token)
        if type(self.generation) is not int or not all(type(text) is str for text in texts):
            raise JobRefused("has arguments of the wrong kind")
        if self.because not in run_causes.ORDERED:
            raise JobRefused("names an unknown cause")


class StatusJob(GuardedJob):
    """A job that can only be a run."""

    takes_turns = True

    @property
    def func(self) -> Any:
        """The function to run. Raises `JobRefused` for a job that names any other."""
        if self.refused:
            raise JobRefused(f"asks for {self.refused}")
        if self.func_name != RUN or self.instance:
            raise JobRefused(f"names {self.func_name!r}")
        return self.run


class RqStatusQueue(GuardedQueue):
    """The queue of status jobs, as RQ has it."""

    job_class = StatusJob


def rq_status_queue(redis: Redis) -> RqStatusQueue:
    """Return the queue as RQ has it."""
    return RqStatusQueue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=StatusJob)


class StatusQueue:
    """Queues runs, for the web side. `redis` is a client of its own, never that of a worker."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = rq_status_queue(redis)
        self._backlogs: dict[str, tuple[float, int]] = {}

    def enqueue(self, order: RunOrder, *, concurrency: int, wall_s: float, returned: bool = False) -> None:
        """Queue a run. Runs after a return have a share of their own, so that they do not wait for others."""
        self._queue.enqueue_call(
            RUN,
            kwargs=asdict(order),
            job_id=order.token,
            timeout=int(wall_s) + MARGIN_S,
            ttl=WAITING_S,
            result_ttl=0,
            failure_ttl=FAILED_S,
            description="status",  # RQ's default contains the arguments, and is logged
            rate_limit=RateLimit(key=rate_limit_key(order.implementation, returned=returned), concurrency=concurrency),
        )

    def is_waiting(self, token: str) -> bool:
        """Say whether an earlier run is still queued, so that another one is not needed."""
        if self._redis.lpos(self._queue.key, token) is not None:
            return True
        return self._redis.hget(StatusJob.key_for(token), "status") == JobStatus.RATE_LIMITED.value.encode()

    def give_back(self, implementation: str, token: str) -> None:
        """Free the share of its implementation that a run still holds whose worker has died."""
        for returned in (False, True):
            registry = RateLimitRegistry(rate_limit_key(implementation, returned=returned), self._redis)
            if registry.concurrency:
                registry.release_and_enqueue(token)

    def close(self) -> None:
        """Close the connections to the store."""
        self._redis.close()

    def backlog(self, implementation: str) -> int:
        """Return how many runs are queued before a new one. The number may be a second old."""
        cached = self._backlogs.get(implementation)
        if cached and cached[0] > time.monotonic():
            return cached[1]
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.llen(self._queue.key)
            pipe.zcard(RateLimitRegistry(rate_limit_key(implementation), self._redis).rate_limited_key)
            found = int(sum(pipe.execute()))
        self._backlogs[implementation] = (time.monotonic() + BACKLOG_S, found)
        return found


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


def rate_limit_key(implementation: str, *, returned: bool = False) -> str:
    """Return the key of an implementation's share of the workers."""
    return f"{implementation}:back" if returned else implementation


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
