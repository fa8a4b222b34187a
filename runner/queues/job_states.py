"""The states of background jobs: one hash for each job, which the worker writes and the web side reads.

A job is waiting, running or ended; an ended one can be read for a day. The death of a worker is never written, because
no process is left to write it: a running job without a heartbeat is read as lost. A state is only written if the job
still exists, so that an emptied store stays empty.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis

from .job_orders import KEPT_S, JobOrder

WAITING, RUNNING, DONE, REFUSED, FAILED, CANCELLED = "waiting", "running", "done", "refused", "failed", "cancelled"
#: How a job can end: as ordered; not done because of its input; stopped by a fault; cancelled by the person.
ENDED = frozenset({DONE, REFUSED, FAILED, CANCELLED})

#: Seconds for which a job counts as running after its last heartbeat. The worker sends one every second.
ALIVE_S = 15
UNCHANGED = -1
#: Seconds after which a waiting job must be in the queue.
QUEUED_S = 10
#: Characters of a sentence and of a result, as JSON.
LONGEST_SENTENCE, LONGEST_RESULT = 500, 64 * 1024

LOST = "The worker stopped before the job had ended."
LOST_WAITING = "The job was lost before a worker had begun it."
#: All names share one part in braces, so that a cluster keeps them on one node.
PREFIX = "{jobs}:"
OPEN = f"{PREFIX}open"

#: Add an order, unless the same is open (its id is returned) or too many are (an empty text). Open jobs are in two sorted
#: sets: all, and those of the implementation. KEYS: open, open of the implementation, same, newest, state.
#: ARGV: id, now, most of the implementation, most in total, seconds, fields and values.
_ADD = """
local there = redis.call('GET', KEYS[3])
if there and redis.call('ZSCORE', KEYS[1], there) then return there end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not redis.call('ZSCORE', KEYS[1], id) then redis.call('ZREM', KEYS[2], id) end
end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) or redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return '' end
for number = 1, 2 do
  redis.call('ZADD', KEYS[number], ARGV[2], ARGV[1])
  redis.call('EXPIRE', KEYS[number], ARGV[5])
end
for number = 3, 4 do redis.call('SET', KEYS[number], ARGV[1], 'EX', ARGV[5]) end
redis.call('HSET', KEYS[5], unpack(ARGV, 6))
redis.call('EXPIRE', KEYS[5], ARGV[5])
return ARGV[1]
"""

#: Change a job if it is in one of the given states. KEYS: state, alive, open, open of the implementation.
#: ARGV: id, seconds, seconds alive (0: not running any more; -1: unchanged), ends (1 or 0), number of states, states, fields and values.
#: Returns its `cancel` field, and nothing if the job was not changed.
_MOVE = """
local state, allowed, states = redis.call('HGET', KEYS[1], 'state'), false, tonumber(ARGV[5])
for number = 6, 5 + states do allowed = allowed or state == ARGV[number] end
if not allowed then return false end
redis.call('HSET', KEYS[1], unpack(ARGV, 6 + states))
redis.call('EXPIRE', KEYS[1], ARGV[2])
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[2], '1', 'EX', ARGV[3]) end
if tonumber(ARGV[3]) == 0 then redis.call('DEL', KEYS[2]) end
if ARGV[4] == '1' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZREM', KEYS[4], ARGV[1])
end
return redis.call('HGET', KEYS[1], 'cancel') or ''
"""


@dataclass(frozen=True)
class JobState:
    """A job as pages show it. `done` of `of` steps are finished; `said` is a sentence for people, `result` depends on the kind."""

    id: str
    kind: str
    implementation: str
    by: str
    ordered_at: int
    state: str
    done: int = 0
    of: int = 0
    said: str = ""
    cancelling: bool = False
    lost: bool = False  #: its worker died
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def ordered_at_time(self) -> datetime:
        """When it was ordered."""
        return datetime.fromtimestamp(self.ordered_at, UTC)


class JobStates:
    """Writes and reads the states. Thread-safe. Raises what the client raises."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._move = redis.register_script(_MOVE)

    def add(self, order: JobOrder, *, most: int, most_in_total: int) -> str:
        """Add an order; return its id, the id of an open job with the same order, or "" if too many are open."""
        fields = {
            "kind": order.kind,
            "implementation": order.implementation,
            "by": order.by,
            "ordered_at": order.ordered_at,
            "state": WAITING,
            "moved_at": int(time.time()),
        }
        keys = [OPEN, _open_of(order.implementation), _same(order.same)]
        keys += [_newest(order.kind, order.implementation, order.by), _key(order.id)]
        bounds: list[Any] = [order.id, order.ordered_at, most, most_in_total, KEPT_S]
        return _text(self._add(keys=keys, args=[*bounds, *_flat(fields)]))

    def begin(self, order: JobOrder | JobState) -> bool:
        """Write that a waiting job runs now. Returns False if it is not waiting any more."""
        return self._moved(order, (WAITING,), {"state": RUNNING}, alive_s=ALIVE_S) is not None

    def note(self, order: JobOrder | JobState, done: int, of: int, said: str) -> bool | None:
        """Write the progress of a running job; return whether it is to be cancelled, or None if it does not exist any more."""
        fields = {"done": done, "of": of, "said": said[:LONGEST_SENTENCE]}
        cancel = self._moved(order, (RUNNING,), fields, alive_s=ALIVE_S)
        return None if cancel is None else cancel == "1"

    def give_back(self, order: JobOrder, said: str) -> bool:
        """Write that a running job waits again."""
        fields = {"state": WAITING, "done": 0, "of": 0, "said": said}
        return self._moved(order, (RUNNING,), fields) is not None

    def end(self, order: JobOrder | JobState, state: str, said: str, result: Mapping[str, Any]) -> bool:
        """Write how a job ended. Returns False if it does not exist any more."""
        fields = {"state": state, "said": said[:LONGEST_SENTENCE], "result": json.dumps(dict(result))}
        return self._moved(order, (WAITING, RUNNING), fields, ends=True) is not None

    def cancel_waiting(self, state: JobState, said: str) -> bool:
        """End a job that is still waiting. Returns False if it is not."""
        return self._moved(state, (WAITING,), {"state": CANCELLED, "said": said}, ends=True) is not None

    def ask_to_cancel(self, state: JobState) -> bool:
        """Ask the worker to cancel a running job. Returns False if it is not running."""
        return self._moved(state, (RUNNING,), {"cancel": "1"}, alive_s=UNCHANGED) is not None

    def find(self, job_id: str, queued: str | None) -> JobState | None:
        """Read a job; None if it does not exist, or was not written by this service. `queued` is its status in RQ."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(_key(job_id))
            pipe.exists(_alive(job_id))
            fields, alive = pipe.execute()
        return _read(job_id, {_text(name): _text(value) for name, value in fields.items()}, bool(alive), queued)

    def last_of(self, same: str) -> str:
        """Return the id of the last job with this digest of its order; "" if there is none."""
        return _text(self._redis.get(_same(same)) or b"")

    def newest(self, kind: str, implementation: str, by: str) -> str:
        """Return the id of the last job of a kind that a person ordered; "" if there is none."""
        return _text(self._redis.get(_newest(kind, implementation, by)))

    def open_ids(self) -> list[str]:
        """Return the ids of the jobs that have not ended, lost ones included."""
        return [_text(raw) for raw in cast("list[bytes]", self._redis.zrange(OPEN, 0, -1))]

    def forget_open(self, job_id: str) -> None:
        """Stop counting a lost job as open. The set of its implementation is corrected at the next order."""
        self._redis.zrem(OPEN, job_id)

    def _moved(
        self,
        job: JobOrder | JobState,
        states: tuple[str, ...],
        fields: Mapping[str, Any],
        *,
        alive_s: int = 0,
        ends: bool = False,
    ) -> str | None:
        keys = [_key(job.id), _alive(job.id), OPEN, _open_of(job.implementation)]
        head: list[Any] = [job.id, KEPT_S, alive_s, int(ends), len(states), *states]
        found = self._move(keys=keys, args=[*head, *_flat({**fields, "moved_at": int(time.time())})])
        return None if found is None else _text(found)


def _read(job_id: str, fields: Mapping[str, str], alive: bool, queued: str | None) -> JobState | None:  # noqa: FBT001 - private, with one caller
    try:
        state, moved_at = fields["state"], int(fields["moved_at"])
        lost = (state == RUNNING and not alive) or (
            state == WAITING and queued in GONE and time.time() - moved_at > QUEUED_S
        )
        result = json.loads(fields.get("result", "{}")[:LONGEST_RESULT])
        return JobState(
            job_id,
            fields["kind"],
            fields["implementation"],
            fields["by"],
            int(fields["ordered_at"]),
            FAILED if lost else state,
            int(fields.get("done", "0")),
            int(fields.get("of", "0")),
            _sentence(fields, lost=lost),
            cancelling=fields.get("cancel") == "1",
            lost=lost,
            result=result if isinstance(result, dict) else {},
        )
    except (KeyError, ValueError, RecursionError):  # it has expired, or somebody else wrote it
        return None


def _sentence(fields: Mapping[str, str], *, lost: bool) -> str:
    if lost:
        return LOST if fields["state"] == RUNNING else LOST_WAITING
    return fields.get("said", "")[:LONGEST_SENTENCE]


#: Statuses in RQ of a job that will not run any more; None: RQ does not know it.
GONE = (None, "failed", "stopped", "canceled", "finished")


def _key(job_id: str) -> str:
    return f"{PREFIX}job:{job_id}"


def _alive(job_id: str) -> str:
    return f"{PREFIX}alive:{job_id}"


def _open_of(implementation: str) -> str:
    return f"{PREFIX}open:{implementation}"


def _same(digest: str) -> str:
    return f"{PREFIX}same:{digest}"


def _newest(kind: str, implementation: str, by: str) -> str:
    return f"{PREFIX}newest:{json.dumps([kind, implementation, by])}"


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [each for pair in fields.items() for each in pair]


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
