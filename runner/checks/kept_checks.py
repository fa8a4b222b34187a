"""Keeps the checks of texts that never change, so that one more look at a submission costs no check.

What is kept is only what a jail found in the text itself; what the implementation lacks is judged at each look. A check is kept for
one implementation, so that nobody learns by its speed that another has the same text.
"""

from __future__ import annotations

import time
from typing import cast

from redis import Redis

from runner.store.errors import answering

from .check_orders import CheckReply, CheckSealer, ReplyUnreadable, name_of

#: Checks that are kept of one implementation, and for how many seconds. One that refused the text, perhaps because the machine was
#: busy, is made again after a minute.
MOST, KEPT_S, KEPT_REFUSED_S = 50, 24 * 3600, 60


class KeptChecks:
    """Reads and writes the kept checks. Thread-safe. Every method raises `StoreAway` if the store does not answer."""

    def __init__(self, redis: Redis, sealer: CheckSealer) -> None:
        self._redis = redis
        self._sealer = sealer

    def find(self, implementation: str, source: str) -> CheckReply | None:
        """Return the kept check of a text, without code; None if there is none that can be read."""
        name = name_of(source)
        with answering():
            sealed = cast("bytes | None", self._redis.get(_key(implementation, name)))
        try:
            return self._sealer.kept_of(implementation, name, sealed) if sealed else None
        except ReplyUnreadable:
            return None

    def keep(self, implementation: str, source: str, reply: CheckReply) -> None:
        """Keep the check of a text, and drop the oldest ones of the implementation beyond `MOST`."""
        name, names = name_of(source), f"ck:kept:{implementation}"
        life_s = KEPT_S if reply.result and reply.result.ok else KEPT_REFUSED_S
        with answering(), self._redis.pipeline() as pipe:
            pipe.set(_key(implementation, name), self._sealer.sealed_kept(implementation, name, reply), ex=life_s)
            pipe.zadd(names, {name: time.time()})
            pipe.expire(names, KEPT_S)
            pipe.zrange(names, 0, -MOST - 1)
            pipe.zremrangebyrank(names, 0, -MOST - 1)
            oldest = cast("list[bytes]", pipe.execute()[3])
            if oldest:
                self._redis.delete(*(_key(implementation, one.decode()) for one in oldest))


def _key(implementation: str, name: str) -> str:
    return f"ck:kept:{implementation}:{name}"
