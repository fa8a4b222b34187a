"""Who has a page open that several people work on, such as two reviewers of one submission.

Only the opening is noted, not how long the page stays open: a page that reported itself would keep its person signed in.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: Seconds for which somebody who opened a page is said to be looking.
LOOKING_S = 15 * 60
#: Visitors of one page that are kept.
MOST = 20


class PageVisits:
    """The people who opened a page lately."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, page: str, person: str) -> None:
        """Note that a person (their key) opened a page."""
        name, now = key("visits", page), time.time()
        with answering():
            pipeline = self._redis.pipeline()
            pipeline.zadd(name, {person: now})
            pipeline.zremrangebyrank(name, 0, -MOST - 1)
            pipeline.expire(name, LOOKING_S)
            pipeline.execute()

    def of(self, *pages: str) -> list[dict[str, datetime]]:
        """Return for each page who opened it lately, and when, the last first."""
        since = time.time() - LOOKING_S
        with answering():
            pipeline = self._redis.pipeline(transaction=False)
            for page in pages:
                pipeline.zrange(key("visits", page), "+inf", since, desc=True, byscore=True, withscores=True)
            found: list[Any] = pipeline.execute()
        return [{person.decode(): datetime.fromtimestamp(at, UTC) for person, at in one} for one in found]
