"""The last refused logins of an implementation, for support and for the people who connect its provider.

The log has all of them; this is for people who cannot read the log. Of a person it holds the key at most, and only if an
accepted message named it. Strangers who cause refusals push out nothing but older refusals.
"""

from __future__ import annotations

import json
import time
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: How many are kept, and for how many seconds after the last.
MOST = 100
KEPT_S = 7 * 24 * 3600


class RefusedLogins:
    """The last refusals of each implementation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, implementation: str, code: str, reference: str, *, user: str = "", view: str = "") -> None:
        """Note a refusal by a view, and drop the oldest. `user` is the person's key, "" if it is not known for certain."""
        about = {"code": code, "reference": reference, "user": user, "view": view}
        entry = json.dumps({"at": int(time.time()), **about})
        name = key("refused", implementation)
        with answering():
            pipeline = self._redis.pipeline()
            pipeline.lpush(name, entry)
            pipeline.ltrim(name, 0, MOST - 1)
            pipeline.expire(name, KEPT_S)
            pipeline.execute()

    def recent(self, implementation: str) -> list[dict[str, Any]]:
        """Return the refusals, the newest first: `at` in Unix seconds, `code`, `reference`, `user` and `view`."""
        with answering():
            found: Any = self._redis.lrange(key("refused", implementation), 0, MOST - 1)
        return [{"user": "", "view": "", **json.loads(entry)} for entry in found]
