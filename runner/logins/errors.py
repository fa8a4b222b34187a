"""The one error of this folder, and the translation into it: Redis does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError


class StoreAway(Exception):
    """Redis does not answer, so nothing can be said about a login. Whoever asked is refused, not let in."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn what redis-py raises into `StoreAway`; the text is the error's kind only, as it could name a password."""
    try:
        yield
    except RedisError as error:
        raise StoreAway(type(error).__name__) from error
