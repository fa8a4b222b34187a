"""The environment mark of a store: whether it is for development or production. Each new connection checks it.

As with the database, a process never works on a store of the other environment, because it holds logins and queued work.
A store can be replaced or flushed at any moment, so each new connection checks it, not only the start:

1. A marked store accepts processes of its environment only.
2. An empty store without a mark gets that of the first process that connects.
3. A store without a mark that holds anything counts as production: it is from an earlier release, or somebody else's.

The store in a data folder belongs to `session-status up`, which marks it before any other process can connect (`adopt`).
"""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.exceptions import RedisError

KEY = "st:environment"
#: Written for a moment to see whether the store accepts writes (`runner.health.outages`).
PROBE = "st:probe"
PRODUCTION = "production"

#: ARGV: the environment of the process -> that of the store; "" for one that holds something and has no mark. In one step.
ASK = """
local mark = redis.call('GET', KEYS[1])
if mark then return mark end
if redis.call('DBSIZE') > 0 and ARGV[1] ~= 'production' then return '' end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
"""


class StoreEnvironmentMismatch(RedisError):
    """The store was made for another environment. redis-py does not retry after it."""

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        made = f"was made for {found}" if found else "holds data and carries no mark, so it counts as production,"
        super().__init__(f"the store {made} and this process runs in {wanted}")


class EnvironmentMarkCheck:
    """Called by redis-py for each new connection: does the usual handshake, then checks the mark."""

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def __call__(self, connection: Any) -> None:
        """Raises `StoreEnvironmentMismatch`."""
        connection.on_connect_check_health(check_health=False)  # otherwise a failed check connects again, endlessly
        connection.send_command("EVAL", ASK, 1, KEY, self._environment, check_health=False)
        found = text_of(connection.read_response())
        if found != self._environment:
            connection.disconnect()
            raise StoreEnvironmentMismatch(found, self._environment)


def try_write(redis: Redis) -> None:
    """Write a key and delete it in the same step. Raises what the client raises, also for a store that can only be read."""
    with redis.pipeline() as pipeline:
        pipeline.set(PROBE, 1, px=1000)
        pipeline.delete(PROBE)
        pipeline.execute()


def read_mark(redis: Redis) -> tuple[str, bool]:
    """Return the mark ("" for none), and whether the store is empty. Changes nothing; use a client without an environment."""
    return text_of(redis.get(KEY)), redis.dbsize() == 0


def adopt(redis: Redis, environment: str) -> str:
    """Mark a store if it has no mark, whatever it holds; return its mark."""
    redis.set(KEY, environment, nx=True)
    return text_of(redis.get(KEY))


def change_mark(redis: Redis, environment: str) -> str:
    """Change the mark of a store; return the earlier one, "" for none. The edge writes the audit entry."""
    return text_of(redis.set(KEY, environment, get=True))


def empty_but_mark(redis: Redis, environment: str) -> None:
    """Delete everything but the mark, in one step, so that no other process can mark the empty store in between."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.flushdb()
        pipe.set(KEY, environment)
        pipe.execute()


def text_of(value: Any) -> str:
    """Return a value of the store as text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
