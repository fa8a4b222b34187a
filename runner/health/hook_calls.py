"""The last calls of vendors to our hooks, so that a page can say when one was taken and why others were refused.

They are kept in Redis and not in the records, because anybody can cause a refusal. Refused calls have a list of their own, so
that strangers push out only refusals.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from redis import Redis

from runner.store.errors import answering

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
        with answering():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.lpush(name, json.dumps(entry))
            pipeline.ltrim(name, 0, MOST - 1)
            pipeline.expire(name, KEPT_S)
            pipeline.execute()

    def recent(self, implementation: str, *, taken: bool) -> list[HookCall]:
        """Return the last calls that were taken, or refused, the newest first."""
        with answering():
            found = self._redis.lrange(_key(implementation, taken=taken), 0, MOST - 1)
        return [HookCall(**json.loads(each)) for each in found]


def _key(implementation: str, *, taken: bool) -> str:
    return f"hook:calls:{{{implementation}}}:{'taken' if taken else 'refused'}"
