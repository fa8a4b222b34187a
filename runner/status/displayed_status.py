"""What the cache displays for a user and session, read without starting a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from runner.store.lua_scripts import LuaScript

from .cache import PATIENCE_S, ms
from .cache_scripts import NOW
from .status_body import NOTHING, ShownMessage, Status
from .visibility import HidingRule

#: ARGV: now, patience ms -> body, state, whether it is fresh, is being re-checked, has a run queued or under way,
#: re-checks so far, whether that run has begun, whether it has taken too long, the run that stored last if it failed, since when
#: somebody waits (ms), the last good body, when it was found (ms)
LOOK = (
    NOW
    + """
local f = redis.call('HMGET', key, 'body', 'state', 'fresh', 'keep', 'due', 'lock', 'until', 'span', 'step',
  'ran', 'by', 'asked', 'seen', 'good_at')
local fresh, body = num(f[3]), f[1]
if not holds(f[3], num(f[8])) then fresh = 0 end
if body and now >= num(f[4]) then body = false end
local running = f[6] and locked(f[7])
local asked, seen, patience = num(f[12], now), num(f[13]), tonumber(ARGV[2])
local late = (f[5] or not body) and now - asked >= patience and now - seen <= patience
local function text(value) return string.format('%.0f', num(value)) end
return {body or '', f[2] or '', now < fresh and 1 or 0, f[5] and 1 or 0, running and 1 or 0, text(f[9]),
  f[10] and 1 or 0, late and 1 or 0, f[11] or '', f[12] and text(f[12]) or '', f[14] and f[1] or '', text(f[14])}
"""
)


@dataclass(frozen=True, slots=True)
class LastGood:
    """The last good answer, which is shown if the next run fails and it is young enough."""

    body: bytes
    found_at: datetime

    @property
    def message(self) -> ShownMessage | None:
        """What was drawn; None if the script said that nothing is shown."""
        return Status("ready", self.body).message


@dataclass(frozen=True, slots=True)
class DisplayedStatus:
    """What a user would see now.

    `state`: ready, hidden (by the script, or because there is nothing to show), checking (after a return), nothing (the
    next look starts a run), late (no run has ended for too long), not shown (by the rule `hidden_by`), refused (not
    looked up at all: see `runner.explanations.reasons`), unavailable (the store does not answer). `session` is the one
    whose status is shown: a sub-session may show its parent's.
    """

    session: str
    state: str
    body: bytes = NOTHING
    fresh: bool = False
    failed: bool = False  #: the newest run failed, and the message is that of an earlier one
    running: bool = False  #: a run is queued or under way
    began: bool = False  #: that run has begun
    rechecks: int = 0  #: made since the user came back
    stored_by: str = ""  #: the run that ended last
    waiting_since: datetime | None = None  #: since when somebody has waited for an answer
    last_good: LastGood | None = None
    hidden_by: HidingRule | None = None

    @property
    def message(self) -> ShownMessage | None:
        """What is drawn, or None."""
        return Status(self.state, self.body).message

    @property
    def run(self) -> str | None:
        """The run that found what is displayed."""
        found = json.loads(self.body)["run"]
        return str(found) if found else None


def read_displayed(redis: Redis, key: str, session: str) -> DisplayedStatus:
    """Read what is displayed under a key of the cache."""
    answer: Any = LuaScript(redis, LOOK)(key, 0, ms(PATIENCE_S))
    body, state, fresh, due, running, step, began, late, by, asked, good, good_at = answer
    seen = {"ready": "ready", "old": "ready", "hidden": "hidden"}.get(state.decode(), "nothing") if body else "nothing"
    return DisplayedStatus(
        session=session,
        state="late" if late else "checking" if due else seen,
        body=body or NOTHING,
        fresh=bool(fresh),
        failed=bool(body) and state == b"old",
        running=bool(running),
        began=bool(began),
        rechecks=int(step),
        stored_by=by.decode() or _run_of(good),
        waiting_since=_moment(asked) if asked else None,
        last_good=LastGood(good, _moment(good_at)) if good else None,
    )


def _run_of(body: bytes) -> str:
    return str(json.loads(body)["run"]) if body else ""


def _moment(text: bytes) -> datetime:
    """Read a time of the store, in ms."""
    return datetime.fromtimestamp(int(text) / 1000, UTC)
