"""The last errors that people were shown with a reference, for support staff who cannot read the log.

The log has all of them; here are the newest. An entry holds keys, codes and our own sentences, but no names and no text
that people entered. Errors of people who are logged in, and the service's own errors, are kept in a list of their own,
so that strangers who cause errors push out only errors of strangers.
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

#: Characters of one part of an entry, because strangers choose some of the texts.
LONGEST = 255

#: HTTP statuses from here on are faults of the service.
SERVERS_OWN = 500

#: The prefix of `what` for an outage, which belongs to no implementation and was shown to people of all.
OUTAGE = "outage: "

KNOWN, STRANGERS = "errors:{known}", "errors:{strangers}"

#: Suffix of the name of a list: the list that says when each error was shown first.
FIRST = ":first"


@dataclass(frozen=True)
class NotedError:
    """One error. `status` is the HTTP status; `what` is a view, a state or an outage. Unknown values are empty.

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
        """Note an error, and drop the oldest in its list. An error that was noted before moves to the front."""
        entry, name, now = _entry(error), _list_of(error), time.time()
        with answering():
            pipeline = self._redis.pipeline()
            pipeline.zadd(name, {entry: now})
            pipeline.zadd(name + FIRST, {entry: now}, nx=True)
            for each in (name, name + FIRST):
                pipeline.zremrangebyrank(each, 0, -MOST - 1)
                pipeline.expire(each, KEPT_S)
            pipeline.execute()

    def first_shown(self, error: NotedError) -> datetime | None:
        """Return when an error was first shown; None if that is no longer known."""
        with answering():
            score: Any = self._redis.zscore(_list_of(error) + FIRST, _entry(error))
        return None if score is None else datetime.fromtimestamp(score, UTC)

    def find(self, reference: str) -> list[tuple[datetime, NotedError]]:
        """Return the errors with this reference, each with when it was last shown, the newest first."""
        found = [(at, error) for at, error in self._every() if error.reference == reference]
        return sorted(found, key=lambda one: one[0], reverse=True)

    def _every(self) -> Iterator[tuple[datetime, NotedError]]:
        for name in (KNOWN, STRANGERS):
            with answering():
                entries: Any = self._redis.zrange(name, 0, -1, withscores=True)
            for entry, at in entries:
                yield datetime.fromtimestamp(at, UTC), NotedError(**json.loads(entry))


def _entry(error: NotedError) -> str:
    """Return the entry of an error, with long texts cut."""
    values = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in asdict(error).items()}
    return json.dumps(values)


def _list_of(error: NotedError) -> str:
    return KNOWN if error.user or error.status >= SERVERS_OWN else STRANGERS
