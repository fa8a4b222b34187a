"""Whose turn it is in the queue of background jobs: implementations take turns, so that no one waits for all jobs of another.

A job has as many jobs before it as its own implementation has open, and about as many of each other one. Within an
implementation, jobs stay in the order in which they were ordered.
"""

from __future__ import annotations

from redis import Redis

from .job_states import OPEN, PREFIX

#: Move a job that was just queued forward to its turn, if no worker has taken it yet. What runs counts as having had a turn.
#: KEYS: the queue of RQ, open jobs. ARGV: id, beginning of the keys of states. Returns 1 if the job has its place, else 0.
_TAKE = """
local function owner(id) return redis.call('HGET', ARGV[2] .. id, 'implementation') or '' end
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return 0 end
local ids, owners, turns, waits = redis.call('LRANGE', KEYS[1], 0, -1), {}, {}, {}
local function count(name) turns[name] = (turns[name] or 0) + 1 end
for _, id in ipairs(ids) do waits[id] = true end
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not waits[id] and id ~= ARGV[1] then count(owner(id)) end
end
local mine, last = owner(ARGV[1]), 0
local turn = turns[mine] or 0
for place, id in ipairs(ids) do
  owners[place] = owner(id)
  if owners[place] == mine then turn, last = turn + 1, place end
end
for place, id in ipairs(ids) do
  if place > last and (turns[owners[place]] or 0) > turn then
    redis.call('LINSERT', KEYS[1], 'BEFORE', id, ARGV[1])
    return 1
  end
  count(owners[place])
end
redis.call('RPUSH', KEYS[1], ARGV[1])
return 1
"""


class JobTurns:
    """Gives jobs their places. Thread-safe. Raises what the client raises."""

    def __init__(self, redis: Redis, queue: str) -> None:
        self._take = redis.register_script(_TAKE)
        self._queue = queue

    def take(self, job_id: str) -> bool:
        """Move a job to its turn. Returns False if a worker has it already."""
        return bool(self._take(keys=[self._queue, OPEN], args=[job_id, f"{PREFIX}job:"]))
