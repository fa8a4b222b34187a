"""Reading and changing the environment mark of a store, for commands that must know it before they work on the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from .clients import connect
from .environment_mark import adopt, change_mark, read_mark


class NotMarked(Exception):
    """The store could not be marked; the text says why."""


@dataclass(frozen=True)
class StoreMark:
    """What was found: the environment ("" for no mark), whether the store is empty, or why it could not be asked."""

    environment: str = ""
    empty: bool = False
    fault: str = ""


def mark_of(redis_url: str) -> StoreMark:
    """Read the mark of a store. Changes nothing, and does not raise for a store that is away."""
    try:
        redis = connect(redis_url)
    except ValueError as error:
        return StoreMark(fault=f"REDIS_URL cannot be read: {error}")
    try:
        environment, empty = read_mark(redis)
    except (RedisError, OSError) as error:
        return StoreMark(fault=f"it does not answer ({type(error).__name__})")
    finally:
        redis.close()
    return StoreMark(environment, empty)


def adopt_own(redis_url: str, environment: str) -> str:
    """Mark the store of a data folder, unless it has a mark; return the mark. Raises NotMarked."""
    return _asked(redis_url, lambda redis: adopt(redis, environment))


def replace_mark(redis_url: str, environment: str) -> str:
    """Change what a store is for; return what it was for, "" if it had no mark. Raises NotMarked."""
    return _asked(redis_url, lambda redis: change_mark(redis, environment))


def _asked(redis_url: str, ask: Callable[[Redis], str]) -> str:
    redis = connect(redis_url)
    try:
        return ask(redis)
    except (RedisError, OSError) as error:
        raise NotMarked(f"The store cannot be marked: it does not answer ({type(error).__name__}).") from error
    finally:
        redis.close()
