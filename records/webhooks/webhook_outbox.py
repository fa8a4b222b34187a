"""Messages that wait, one attempt to send one, what became of it, and when an address is given up.

A worker claims a message in one transaction, sends it, and notes the end in another. If it dies in between, the message is sent
once more, with the same id: a receiver knows by it what it has already. A message is tried again after longer and longer pauses,
for three days. While an address fails, one message at a time is tried there. An address that failed for three days is switched
off; what happened since is told when it is switched on again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.orm import Session

from records.attendance.ledger.tables import LedgerHead
from records.columns import utc_now
from records.tenants.implementations import Implementation

from . import webhook_events
from .webhook_events import RowSpan
from .webhook_tables import LONGEST_ERROR, MessageState, Webhook, WebhookMessage

#: Pauses after each failed attempt; the last one goes on until `LONGEST`.
PAUSES: Final = (
    timedelta(seconds=5),
    *(timedelta(minutes=each) for each in (1, 5, 30)),
    *(timedelta(hours=each) for each in (2, 5, 10, 14)),
)
#: For how long a message is tried, and an address may fail.
LONGEST: Final = timedelta(days=3)
#: The longest pause of a whole address after a failure.
LONGEST_PAUSE: Final = timedelta(minutes=5)
#: The longest pause that another system can ask for.
LONGEST_WAIT: Final = timedelta(days=1)
#: How long a worker may take for one attempt.
CLAIM: Final = timedelta(minutes=1)
#: How long ended messages are listed, and can be sent again.
KEPT: Final = timedelta(days=30)
#: Messages that are listed.
MOST_LISTED: Final = 100


@dataclass(frozen=True)
class FailedAttempt:
    """Why an attempt failed. `wait` is a pause that the other system asked for; `gone`: it wants no message any more."""

    error: str
    status: int | None = None
    wait: timedelta = timedelta(0)
    gone: bool = False


def owners_with_news(db: Session) -> list[int]:
    """Return the ids of implementations whose ledger has rows of which no message was made yet."""
    rows = select(Webhook.implementation_id).join(LedgerHead, LedgerHead.implementation_id == Webhook.implementation_id)
    return list(db.scalars(_on(rows).where(LedgerHead.entries > Webhook.told_until)))


def make_messages(db: Session, owner_id: int, now: datetime) -> int:
    """Make the messages of new rows of the ledger, each row once; return how many."""
    rows = _on(select(Webhook)).where(Webhook.implementation_id == owner_id)
    hook = db.scalar(rows.with_for_update(of=Webhook).execution_options(populate_existing=True))
    if hook is None:
        return 0
    spans, hook.told_until = webhook_events.spans_after(db, hook)
    for span in spans:
        add(db, owner_id, span, now)
    db.flush()
    return len(spans)


def add(db: Session, owner_id: int, span: RowSpan, now: datetime) -> WebhookMessage:
    """Add a message that is due at once."""
    message = WebhookMessage(
        implementation_id=owner_id,
        message_id=f"msg_{secrets.token_hex(16)}",
        event=span.event,
        first_number=span.first,
        last_number=span.last,
        made_at=now,
        tried_until=now + LONGEST,
        state=MessageState.WAITING,
        due_at=now,
        attempts=0,
        error="",
    )
    message.claimed_until = message.status = message.ended_at = None
    db.add(message)
    db.flush()
    return message


def is_due(db: Session, now: datetime) -> bool:
    """Say whether a message is due, or the claim on one has ended. Takes no lock."""
    waiting = _due(now).limit(1)
    lapsed = select(WebhookMessage.id).where(WebhookMessage.state == MessageState.SENDING)
    return any(
        db.scalar(rows) is not None for rows in (waiting, lapsed.where(WebhookMessage.claimed_until < now).limit(1))
    )


def claim_next(db: Session, now: datetime, *, without: Collection[int] = ()) -> WebhookMessage | None:
    """Claim the next message that is due, and count the attempt. `without`: implementations whose address failed just now."""
    lapsed = update(WebhookMessage).where(
        WebhookMessage.state == MessageState.SENDING, WebhookMessage.claimed_until < now
    )
    db.execute(lapsed.values(state=MessageState.WAITING, claimed_until=None, due_at=now))
    due = _due(now).where(WebhookMessage.implementation_id.not_in(without)).order_by(WebhookMessage.due_at)
    first = due.order_by(WebhookMessage.id).limit(1).with_for_update(skip_locked=True, of=WebhookMessage)
    message: WebhookMessage | None = db.scalar(first)
    if message is None:
        return None
    message.state, message.claimed_until, message.attempts = MessageState.SENDING, now + CLAIM, message.attempts + 1
    db.flush()
    return message


def claimed(db: Session, number: int) -> WebhookMessage | None:
    """Return a message that is being sent, by the number of its row, without a lock."""
    rows = select(WebhookMessage).where(WebhookMessage.id == number, WebhookMessage.state == MessageState.SENDING)
    return db.scalar(rows)


def note_sent(db: Session, message_id: int, now: datetime, status: int) -> None:
    """Note that the other system has accepted a message."""
    message = _mine(db, message_id)
    if message is None:
        return
    message.status = status
    _end(message, MessageState.SENT, now)
    hook = db.get(Webhook, message.implementation_id)
    if hook is not None:
        hook.failing_since = hook.paused_until = None
    db.flush()


def note_not_sent(db: Session, message_id: int, now: datetime, failure: FailedAttempt) -> bool:
    """Note that an attempt failed; return whether the address is given up with it."""
    message = _mine(db, message_id)
    if message is None:
        return False
    message.status, message.error = failure.status, failure.error[:LONGEST_ERROR]
    pause = max(PAUSES[min(message.attempts, len(PAUSES)) - 1], min(failure.wait, LONGEST_WAIT))
    if now + pause > message.tried_until:
        _end(message, MessageState.FAILED, now, failure.error)
    else:
        message.state, message.claimed_until, message.due_at = MessageState.WAITING, None, now + pause
    hook = db.get(Webhook, message.implementation_id)
    if hook is None:
        return False
    hook.failing_since = hook.failing_since or now
    hook.paused_until = now + min(pause, LONGEST_PAUSE)
    db.flush()
    return failure.gone or now - hook.failing_since >= LONGEST


def end_waiting(db: Session, owner: Implementation, state: MessageState, why: str) -> int:
    """End all messages that wait; return how many."""
    mine = update(WebhookMessage).where(
        WebhookMessage.implementation_id == owner.id,
        WebhookMessage.state.in_((MessageState.WAITING, MessageState.SENDING)),
    )
    done: CursorResult[Any] = db.execute(  # type: ignore[assignment]  # of an UPDATE
        mine.values(state=state, claimed_until=None, ended_at=utc_now(), error=why)
    )
    return done.rowcount


def replay(db: Session, message: WebhookMessage) -> bool:
    """Send an ended message again, with the same id. Returns False for one that still waits."""
    if message.ended_at is None:
        return False
    message.attempts, message.status, message.error, message.ended_at = 0, None, "", None
    message.state, message.due_at = MessageState.WAITING, utc_now()
    message.tried_until = message.due_at + LONGEST
    db.flush()
    return True


def find(db: Session, owner: Implementation, message_id: str) -> WebhookMessage | None:
    """Return a message of an implementation by the id in its header, locked."""
    mine = select(WebhookMessage).where(WebhookMessage.implementation_id == owner.id)
    if "\0" in message_id:  # PostgreSQL cannot even compare with it
        return None
    return db.scalar(mine.where(WebhookMessage.message_id == message_id).with_for_update())


def listed(db: Session, owner: Implementation, *, state: str = "", limit: int = MOST_LISTED) -> list[WebhookMessage]:
    """Return messages, the newest first."""
    mine = select(WebhookMessage).where(WebhookMessage.implementation_id == owner.id)
    wanted = mine.where(WebhookMessage.state == state) if state else mine
    return list(db.scalars(wanted.order_by(WebhookMessage.id.desc()).limit(limit)))


def forget_old(db: Session, now: datetime) -> None:
    """Forget messages that ended long ago."""
    db.execute(delete(WebhookMessage).where(WebhookMessage.ended_at < now - KEPT))


def _on(rows: Select[Any]) -> Select[Any]:
    """Only webhooks that are switched on, of implementations that are served."""
    joined = rows.join(Implementation, Implementation.id == Webhook.implementation_id)
    return joined.where(Webhook.on_since.is_not(None), Implementation.archived_at.is_(None))


def _due(now: datetime) -> Select[Any]:
    rows = select(WebhookMessage).join(Webhook, Webhook.implementation_id == WebhookMessage.implementation_id)
    waiting = _on(rows).where(WebhookMessage.state == MessageState.WAITING, WebhookMessage.due_at <= now)
    return waiting.where((Webhook.paused_until.is_(None)) | (Webhook.paused_until <= now))


def _mine(db: Session, message_id: int) -> WebhookMessage | None:
    """Return a message that is being sent; None if its claim has ended, or if it was removed."""
    rows = select(WebhookMessage).where(WebhookMessage.id == message_id, WebhookMessage.state == MessageState.SENDING)
    return db.scalar(rows.with_for_update())


def _end(message: WebhookMessage, state: MessageState, now: datetime, error: str = "") -> None:
    message.state, message.claimed_until, message.ended_at, message.error = state, None, now, error[:LONGEST_ERROR]
