"""The last calls of vendors to our hooks, so that a page can say when one was taken and why others were refused.

They are kept in Redis and not in the records, because anybody can cause a refusal. Refused calls have a list of their own, so
that strangers push out only refusals.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from redis import Redis
from redis.exceptions import ResponseError

from runner.store.error_replies import is_wrong_type
from runner.store.errors import answering

log = logging.getLogger(__name__)

#: How many of each kind are kept for an implementation, and for how many seconds after the last.
MOST: Final = 20
KEPT_S: Final = 30 * 24 * 3600
#: Characters of a text.
LONGEST: Final = 500


@dataclass(frozen=True)
class HookCall:
    """One call. `hook` is the last part of its address; `said` is a sentence: what was done, or why it was refused."""

    hook: str
    taken: bool
    said: str
    at: str = ""  #: RFC 3339

    @property
    def when(self) -> datetime:
        """When it arrived."""
        return datetime.fromisoformat(self.at)


class HookCalls:
    """Thread-safe. Every method raises `StoreAway` when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, implementation: str, call: HookCall) -> None:
        """Note a call that arrives now, and drop the oldest of its kind."""
        name = _key(implementation, taken=call.taken)
        entry = asdict(call) | {"said": call.said[:LONGEST], "at": datetime.now(UTC).isoformat(timespec="seconds")}
        with answering(), self._readable(name):
            self._add(name, json.dumps(entry))

    def recent(self, implementation: str, *, taken: bool) -> list[HookCall]:
        """Return the last calls that were taken, or refused, the newest first."""
        name, found = _key(implementation, taken=taken), []
        with answering(), self._readable(name):
            found = self._redis.lrange(name, 0, MOST - 1)
        return [call for each in found if (call := _read(each))]

    def _add(self, name: str, entry: str) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.lpush(name, entry)
        pipeline.ltrim(name, 0, MOST - 1)
        pipeline.expire(name, KEPT_S)
        pipeline.execute()

    @contextmanager
    def _readable(self, name: str) -> Iterator[None]:
        """Delete the list if it holds something else than we write, so that the next call is noted again."""
        try:
            yield
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
            log.error("unreadable calls of hooks deleted key=%s", name)  # noqa: TRY400 - a traceback would add nothing
            self._redis.delete(name)


def _read(entry: bytes | str) -> HookCall | None:
    """Return a call as it was noted; None for what was not written here."""
    try:
        call = HookCall(**json.loads(entry))
        has_zone = call.when.tzinfo is not None
    except (ValueError, TypeError, RecursionError):
        return None
    is_ours = isinstance(call.hook, str) and isinstance(call.taken, bool) and isinstance(call.said, str)
    return call if is_ours and has_zone else None


def _key(implementation: str, *, taken: bool) -> str:
    return f"hook:calls:{{{implementation}}}:{'taken' if taken else 'refused'}"
