"""What the cache displays for a user and session, read without asking for it: no run is started by looking."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from .cache import Lua
from .cache_scripts import NOW
from .shown import NOTHING, ShownMessage, Status

#: ARGV: now -> body, state, whether it is fresh, is being re-checked, has a run queued or under way, re-checks so far
LOOK = (
    NOW
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'span', 'step')
local fresh, body = tonumber(f[3] or 0), f[1]
if not holds(f[3], tonumber(f[8] or 0)) then fresh = 0 end
if body and now >= tonumber(f[4]) then body = false end
local running = f[6] and locked(f[7])
return {body or '', f[2] or '', now < fresh and 1 or 0, f[5] and 1 or 0, running and 1 or 0, f[9] or '0'}
"""
)


@dataclass(frozen=True, slots=True)
class Displayed:
    """What somebody would see who looked now.

    `state`: ready, hidden (by the script, or for want of anything better), checking (after a return), nothing (the next
    look starts a run), not shown (no script, or not at this time or to this user), unavailable (the store does not
    answer). `session` is the one whose status is shown: a sub-session may show its parent's.
    """

    session: str
    state: str
    body: bytes = NOTHING
    fresh: bool = False
    failed: bool = False  #: the newest run failed, and the message is that of an earlier one
    running: bool = False  #: a run is queued or under way
    rechecks: int = 0  #: made since the user came back

    @property
    def message(self) -> ShownMessage | None:
        """What is drawn, or None."""
        return Status(self.state, self.body).message

    @property
    def run(self) -> str | None:
        """The run which found out what is displayed."""
        found = json.loads(self.body)["run"]
        return str(found) if found else None


def look(redis: Redis, key: str, session: str) -> Displayed:
    """Read what is displayed under a key of the cache."""
    answer: Any = Lua(redis, LOOK)(key, 0)
    body, state, fresh, due, running, step = answer
    seen = {"ready": "ready", "old": "ready", "hidden": "hidden"}.get(state.decode(), "nothing") if body else "nothing"
    return Displayed(
        session=session,
        state="checking" if due else seen,
        body=body or NOTHING,
        fresh=bool(fresh),
        failed=bool(body) and state == b"old",
        running=bool(running),
        rechecks=int(step),
    )
