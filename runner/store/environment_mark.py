"""What a store was made for: development or production. Each connection that we open asks before its first use.

As with the database, a process never works on a store of the other kind: it holds logins, and the work of workers. A
store can be replaced or flushed at any moment, so it is asked at each new connection, not once at the start:

1. A marked store takes those of its environment only.
2. An empty one without a mark becomes that of who asks first.
3. One without a mark that holds anything counts as production: it is of an earlier release, or of somebody else.

The store in a data folder is that of `session-status up` alone, which marks it before anybody else can ask (`adopt`).
"""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.exceptions import RedisError

KEY = "st:environment"
#: Written for a moment to see whether the store takes anything (`runner.health.outages`).
PROBE = "st:probe"
PRODUCTION = "production"

#: ARGV: the environment of who asks -> the store's, "" for one that holds something and has no mark. In one step.
ASK = """
local mark = redis.call('GET', KEYS[1])
if mark then return mark end
if redis.call('DBSIZE') > 0 and ARGV[1] ~= 'production' then return '' end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
"""


class StoreEnvironmentMismatch(RedisError):
    """The store was made for another environment. Never tried again by redis-py: it would be the same."""

    def __init__(self, found: str, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        made = f"was made for {found}" if found else "holds data and carries no mark, so it counts as production,"
        super().__init__(f"the store {made} and this process runs in {wanted}")


class EnvironmentMarkCheck:
    """What redis-py calls for each new connection: the usual handshake, then the question."""

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def __call__(self, connection: Any) -> None:
        """Raises `StoreEnvironmentMismatch`."""
        connection.on_connect_check_health(
            check_health=False
        )  # else a check, when it fails, connects again, without end
        connection.send_command("EVAL", ASK, 1, KEY, self._environment, check_health=False)
        found = text_of(connection.read_response())
        if found != self._environment:
            connection.disconnect()
            raise StoreEnvironmentMismatch(found, self._environment)


def try_write(redis: Redis) -> None:
    """Write something and take it away in the same step. Raises what the client raises: one that only reads is of no use."""
    with redis.pipeline() as both:
        both.set(PROBE, 1, px=1000)
        both.delete(PROBE)
        both.execute()


def read_mark(redis: Redis) -> tuple[str, bool]:
    """Return the mark, "" for none, and whether the store is empty. Changes nothing; the client asks nothing by itself."""
    return text_of(redis.get(KEY)), redis.dbsize() == 0


def adopt(redis: Redis, environment: str) -> str:
    """Mark a store that has no mark, whatever it holds; return its mark, the earlier one if it has one."""
    redis.set(KEY, environment, nx=True)
    return text_of(redis.get(KEY))


def change_mark(redis: Redis, environment: str) -> str:
    """Mark a store anew; return what it was marked as, "" for none. The edge notes it."""
    return text_of(redis.set(KEY, environment, get=True))


def empty_but_mark(redis: Redis, environment: str) -> None:
    """Take out everything but the mark, in one step: nobody can come between and mark the empty store for themselves."""
    with redis.pipeline(transaction=True) as pipe:
        pipe.flushdb()
        pipe.set(KEY, environment)
        pipe.execute()


def text_of(value: Any) -> str:
    """A value of the store as text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
