"""The error for a store that does not answer, and the translation into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError


class StoreAway(Exception):
    """The store does not answer, so nothing is known about a login or a status. The request is refused, not let in."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn what redis-py raises into `StoreAway`. Its text is the error's class, because the error's text may contain a password."""
    try:
        yield
    except RedisError as error:
        raise StoreAway(type(error).__name__) from error
