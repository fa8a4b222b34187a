"""The last errors that people were shown with a reference, for those who look one up and cannot read the log.

The log has all of them; this is a window on it. An entry holds keys, codes and sentences of ours: no name, no text of
anybody. Errors of people who are logged in, and our own, are kept apart, so that strangers who cause errors push out
only those of strangers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from runner.store.errors import answering

#: How many of each kind are kept, and for how many seconds after the last.
MOST = 2000
KEPT_S = 7 * 24 * 3600

#: Characters of one part of an entry: a stranger chooses some of them.
LONGEST = 255

#: From this status of HTTP on, the fault is ours.
SERVERS_OWN = 500

#: How `what` begins for an outage, which is of no implementation and was shown to people of all.
OUTAGE = "outage: "

KNOWN, STRANGERS = "errors:{known}", "errors:{strangers}"

#: Behind the name of a place: where it is kept when each was shown first.
FIRST = ":first"


@dataclass(frozen=True)
class NotedError:
    """One error. `status` is that of HTTP; `what` is a view, a state or an outage. What is not known is empty.

    `code` says why, in a word that the answer does not tell; `said` is the sentence that the person saw.
    """

    reference: str
    status: int
    what: str
    implementation: str = ""
    user: str = ""
    session: str = ""
    code: str = ""
    said: str = ""

    def concerns(self, implementation: str) -> bool:
        """Say whether staff of an implementation may look it up."""
        return self.implementation == implementation or self.what.startswith(OUTAGE)


class NotedErrors:
    """Thread-safe. Every method raises `StoreAway` when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, error: NotedError) -> None:
        """Keep an error, and drop the oldest of its kind. The same one again is moved to now."""
        entry, place, now = _entry(error), _place(error), time.time()
        with answering():
            pipeline = self._redis.pipeline()
            pipeline.zadd(place, {entry: now})
            pipeline.zadd(place + FIRST, {entry: now}, nx=True)
            for kept in (place, place + FIRST):
                pipeline.zremrangebyrank(kept, 0, -MOST - 1)
                pipeline.expire(kept, KEPT_S)
            pipeline.execute()

    def first_shown(self, error: NotedError) -> datetime | None:
        """Return when an error was shown first, which may have been shown again; None if that is no longer known."""
        with answering():
            score: Any = self._redis.zscore(_place(error) + FIRST, _entry(error))
        return None if score is None else datetime.fromtimestamp(score, UTC)

    def find(self, reference: str) -> list[tuple[datetime, NotedError]]:
        """Return the errors with this reference and when they were shown last, the newest first."""
        found = [(at, error) for at, error in self._every() if error.reference == reference]
        return sorted(found, key=lambda one: one[0], reverse=True)

    def _every(self) -> Iterator[tuple[datetime, NotedError]]:
        for place in (KNOWN, STRANGERS):
            with answering():
                entries: Any = self._redis.zrange(place, 0, -1, withscores=True)
            for entry, at in entries:
                yield datetime.fromtimestamp(at, UTC), NotedError(**json.loads(entry))


def _entry(error: NotedError) -> str:
    """What is kept of an error."""
    kept = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in asdict(error).items()}
    return json.dumps(kept)


def _place(error: NotedError) -> str:
    return KNOWN if error.user or error.status >= SERVERS_OWN else STRANGERS
