"""Emptying the store: after the database was restored, or to delete what only the store holds, such as the app's tokens."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from runner.settings.operator_settings import Settings

from .clients import connect
from .environment_mark import empty_but_mark
from .worker_heartbeat import NAMES_OF, workers_present

#: What is deleted, in words for operators.
HOLDS = (
    "the cached messages",
    "the runs that wait for a worker",
    "the background jobs that wait or run, and how the last ones ended",
    "the tokens of the app",
    "the list of logins that have ended (they count again until they are 12 hours old)",
    "the notes behind references",
)


class NotEmptied(Exception):
    """The store was not emptied; the text says why."""


@dataclass(frozen=True)
class StoreContent:
    """What is in a store: the number of keys besides its mark, and the names of the running workers."""

    keys: int
    workers: tuple[str, ...]


def look_into(settings: Settings) -> StoreContent:
    """Count what `empty` would delete. Raises NotEmptied for a store of another environment, or one that does not answer."""
    redis = _connected(settings)
    try:
        workers = tuple(note.name for queue in NAMES_OF for note in workers_present(redis, queue))
        return StoreContent(max(0, int(redis.dbsize()) - 1), workers)
    except (RedisError, OSError) as error:
        raise NotEmptied(_why(error)) from error
    finally:
        redis.close()


def empty(settings: Settings) -> None:
    """Delete everything in the database number that REDIS_URL names, except the mark. Raises NotEmptied."""
    redis = _connected(settings)
    try:
        empty_but_mark(redis, settings.environment)
    except (RedisError, OSError) as error:
        raise NotEmptied(_why(error)) from error
    finally:
        redis.close()


def _connected(settings: Settings) -> Redis:
    try:
        return connect(settings.redis_url, environment=settings.environment)
    except ValueError as error:
        raise NotEmptied(f"REDIS_URL cannot be read: {error}.") from error


def _why(error: Exception) -> str:
    return f"The store was not emptied: {error}."
