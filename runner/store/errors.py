"""The store does not answer: the one error for it, and the translation into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError


class StoreAway(Exception):
    """The store does not answer, so nothing can be said about a login or a status. Whoever asked is refused, not let in."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn what redis-py raises into `StoreAway`. Its text is the error's class: the cause's text may name a password."""
    try:
        yield
    except RedisError as error:
        raise StoreAway(type(error).__name__) from error
