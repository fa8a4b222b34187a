"""Decides what is shown after a run, by its outcome: the script's message, or the best substitute.

After a failed run, this is the last good message with its age if it is young enough, otherwise the implementation's
fallback, otherwise nothing. The cache never offers a good message from before a return.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from records.scripts import runs
from runner.status.cache import FAILED_S, FAILED_STALE_S, LastGoodBody, StatusUpdate
from runner.status.status_body import Action, ShownMessage, body_of, compact, message_json
from sandbox import Outcome, OutcomeKind, ScriptError

from .budget_warnings import budget_warnings
from .message_contract import judge
from .version_bundle import VersionBundle

ACTIVE_VERSION: Final = runs.ACTIVE_VERSION
#: The message was shown, until the child did after its last word what overrules an answer.
TAKEN_BACK: Final = "taken back"


@dataclass(frozen=True)
class StatusDecision:
    """What is shown; for the trace also as what (fresh, last good, fallback, hidden, active version, taken back) and with which warnings."""

    shown: StatusUpdate
    shown_as: str
    outcome: Outcome
    warnings: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the run found no message, and not even that there is none."""
        return self.outcome.kind is not OutcomeKind.RETURNED


def decide_status(
    outcome: Outcome, bundle: VersionBundle, good: LastGoodBody | None, *, run: str, now: datetime
) -> StatusDecision:
    """Judge the message and decide what is shown."""
    warnings = budget_warnings(outcome.usage, bundle.limits)
    if outcome.kind is not OutcomeKind.RETURNED:
        shown, shown_as = status_after_failure(bundle, good, run=run, now=now)
        return StatusDecision(shown, shown_as, outcome, warnings)
    judged = judge(outcome.value, bundle.link_hosts, allow_loopback=bundle.allow_loopback)
    warnings += judged.warnings
    if judged.refused:
        error = ScriptError(type="MessageRefused", line=None, text=judged.refused)
        shown, shown_as = status_after_failure(bundle, good, run=run, now=now)
        return StatusDecision(shown, shown_as, replace(outcome, kind=OutcomeKind.RAISED, error=error), warnings)
    message = None
    if judged.message:
        action = Action("link", judged.message.link) if judged.message.link else None
        color = judged.message.color or bundle.implementation.default_color
        message = ShownMessage(judged.message.text, color, action)
    fresh_s = float(bundle.implementation.fresh_seconds)
    stale_s = float(bundle.implementation.stale_seconds - bundle.implementation.fresh_seconds)
    shown = status_update(message, run=run, now=now, ok=True, fresh_s=fresh_s, stale_s=stale_s)
    shown = replace(shown, good_s=bundle.implementation.last_good_minutes * 60.0)
    return StatusDecision(shown, "fresh" if message else "hidden", outcome, warnings)


def status_after_failure(
    bundle: VersionBundle, good: LastGoodBody | None, *, run: str, now: datetime
) -> tuple[StatusUpdate, str]:
    """Return what is shown after a failure, and as what. It is cached briefly, because the next run may succeed."""
    left_s = bundle.implementation.last_good_minutes * 60 - good.age_s if good else 0.0
    if good and left_s > 0:
        state = "old" if good.state == "ready" else good.state
        stale_s = min(FAILED_STALE_S, left_s)
        message = json.loads(good.body)["message"]
        shown = StatusUpdate(state, good.body, digest_of(message), ok=False, fresh_s=FAILED_S, stale_s=stale_s)
        return replace(shown, good_s=left_s, leads_away=bool(message and message["action"])), "last good"
    shown = status_update(bundle.fallback, run=run, now=now, ok=False, fresh_s=FAILED_S, stale_s=FAILED_STALE_S)
    return shown, "fallback" if bundle.fallback else "hidden"


def status_update(  # noqa: PLR0913 - six, the most our style allows
    message: ShownMessage | None, *, run: str, now: datetime, ok: bool, fresh_s: float, stale_s: float
) -> StatusUpdate:
    """Return the update of the cache that shows a message, or nothing."""
    body = body_of(message, as_of=now if ok else None, run=run)
    state, leads_away = "ready" if message else "hidden", bool(message and message.action)
    digest = digest_of(message_json(message))
    return StatusUpdate(state, body, digest, ok=ok, fresh_s=fresh_s, stale_s=stale_s, leads_away=leads_away)


def digest_of(message: dict[str, Any] | None) -> str:
    """Return a digest that differs for messages which look different to an attendee."""
    return hashlib.blake2b(compact({"message": message}), digest_size=12).hexdigest()
