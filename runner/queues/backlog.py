"""How many orders wait for an implementation. It knows nothing of RQ, so that jobs can look before they compute."""

from __future__ import annotations

from typing import NamedTuple

from redis import Redis

#: The lists of orders of an implementation: its slug follows in braces, and `:back` for users who came back.
ORDERS_KEY = "st:orders:"


class Backlog(NamedTuple):
    """The orders that wait: those of users who came back, which begin first, and all others."""

    returned: int
    others: int


def read_backlog(redis: Redis, implementation: str) -> Backlog:
    """Return how many orders wait. Raises what the client raises."""
    orders = f"{ORDERS_KEY}{{{implementation}}}"
    with redis.pipeline(transaction=False) as pipe:
        pipe.llen(f"{orders}:back")
        pipe.llen(orders)
        return Backlog(*pipe.execute())
