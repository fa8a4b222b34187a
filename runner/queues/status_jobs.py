"""The queue of runs: what RQ does for us, and what it must not do.

JSON on the wire is not enough: a job names a function, so whoever can write to Redis could name any. `StatusJob` runs
one function of ours and nothing else. RQ never repeats a run; the lock in the cache and the next request do.
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
#: The one function that a job may name. It is a name on the wire and not a path: jobs of an earlier release carry it.
RUN = "runner.job.run_status"
#: Seconds that a job may take beyond its run's wall time, before the worker's death is assumed.
MARGIN_S = 10
#: Seconds after which a job that nobody took is dropped: whoever wanted it has asked again many times.
WAITING_S = 120
#: Longer than any run is kept waiting: an id that says so was not made by us.
LONGEST_WAIT_MS = 3_600_000
FAILED_S = 60
BACKLOG_S = 1.0
#: How a run's id begins: with the time, in ms.
_TIME = re.compile(r"[0-9a-f]{12}(?=-)")

#: RQ's loggers, and how its lines begin that tell of an outage in each of its threads.
LOGGERS = ("rq.worker", "rq.job", "rq.queue", "rq.registry")
OF_OUTAGES = ("Worker %s: could not connect to Redis instance", "Worker %s: Redis connection timeout")

log = logging.getLogger(__name__)


class JobRefused(Exception):
    """The job in Redis is not one that we write."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What a run is told. Plain values; everything else it reads from the records itself."""

    implementation: str  #: slug
    user: str
    session: str
    version: str  #: SHA-256
    edition: str  #: for which the answer counts
    token: str  #: of the claim; the id of the run and of the job
    generation: int
    because: str = ""  #: see `run_causes`; an order of an earlier release has none

    def __post_init__(self) -> None:
        """Refuse what we never write; it would only fail later, where it costs others something."""
        texts = (self.implementation, self.user, self.session, self.version, self.token)
        if type(self.generation) is not int or not all(type(text) is str for text in texts):
            raise JobRefused("has arguments of the wrong kind")
        if self.because not in run_causes.ORDERED:
            raise JobRefused("names a cause that there is not")


class StatusJob(GuardedJob):
    """A job which can only be a run of ours."""

    takes_turns = True

    @property
    def func(self) -> Any:
        """The function to run. Raises `JobRefused` for any but ours."""
        if self.refused:
            raise JobRefused(f"asks for {self.refused}")
        if self.func_name != RUN or self.instance:
            raise JobRefused(f"names {self.func_name!r}")
        return self.run


class RqStatusQueue(GuardedQueue):
    """The queue of status jobs, as RQ has it."""

    job_class = StatusJob


def rq_status_queue(redis: Redis) -> RqStatusQueue:
    """The queue in RQ's terms."""
    return RqStatusQueue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=StatusJob)


class StatusQueue:
    """Where the web side puts runs. `redis` is a client of its own, never one which a worker is given."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queue = rq_status_queue(redis)
        self._backlogs: dict[str, tuple[float, int]] = {}

    def enqueue(self, order: RunOrder, *, concurrency: int, wall_s: float, returned: bool = False) -> None:
        """Queue a run. Those after a return have their own share, so that they do not stand behind the others."""
        self._queue.enqueue_call(
            RUN,
            kwargs=asdict(order),
            job_id=order.token,
            timeout=int(wall_s) + MARGIN_S,
            ttl=WAITING_S,
            result_ttl=0,
            failure_ttl=FAILED_S,
            description="status",  # RQ's own would hold the arguments, and it is logged
            rate_limit=RateLimit(key=rate_limit_key(order.implementation, returned=returned), concurrency=concurrency),
        )

    def is_waiting(self, token: str) -> bool:
        """Whether a run queued earlier still stands in the queue, so that another would be one too many."""
        if self._redis.lpos(self._queue.key, token) is not None:
            return True
        return self._redis.hget(StatusJob.key_for(token), "status") == JobStatus.RATE_LIMITED.value.encode()

    def give_back(self, implementation: str, token: str) -> None:
        """The run's worker is dead: free the place which it held in its implementation's share."""
        for returned in (False, True):
            registry = RateLimitRegistry(rate_limit_key(implementation, returned=returned), self._redis)
            if registry.concurrency:
                registry.release_and_enqueue(token)

    def close(self) -> None:
        """Close the connections to the store."""
        self._redis.close()

    def backlog(self, implementation: str) -> int:
        """How many runs stand before a new one; about a second old."""
        kept = self._backlogs.get(implementation)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.llen(self._queue.key)
            pipe.zcard(RateLimitRegistry(rate_limit_key(implementation), self._redis).rate_limited_key)
            found = int(sum(pipe.execute()))
        self._backlogs[implementation] = (time.monotonic() + BACKLOG_S, found)
        return found


def quieten_rq() -> None:
    """Let RQ log what goes wrong only, and nothing of outages: the `OutageLog` tells these, once for the process."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)  # it says four things for each run, and we say one
        logger.addFilter(is_no_outage)


def is_no_outage(record: logging.LogRecord) -> bool:
    """Say whether a line of RQ is about something other than an outage."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, OUTAGE) and not str(record.msg).startswith(OF_OUTAGES)


def rate_limit_key(implementation: str, *, returned: bool = False) -> str:
    """The name of an implementation's part of the workers."""
    return f"{implementation}:back" if returned else implementation


def new_run_id() -> str:
    """The id of a run, of its job and of its claim; sorts by time."""
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(6)}"


def waited_ms(run_id: str) -> int | None:
    """For how many milliseconds the run with this id has existed, which is made when it is queued. None: no id of ours."""
    made_ms = _TIME.match(run_id)
    if made_ms is None:
        return None
    waited = time.time_ns() // 1_000_000 - int(made_ms[0], 16)
    return max(0, waited) if abs(waited) <= LONGEST_WAIT_MS else None  # clocks of two machines may differ a little
