"""Mails that wait to be sent, one attempt to send one, and what became of it.

A worker claims a mail in one transaction, sends it, and notes the end in another. If it dies in between, the mail is sent
once more, with the same Message-ID: the server may have accepted the first. After a second such death it has failed, and
says so. So nothing is lost silently, and nothing is sent more than once more for each such death.

A mail that could not be sent is tried again after longer and longer pauses, and has failed in the end. A failed one stays
until an operator retries or drops it, or it is forgotten with the ended ones.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from records.columns import utc_now
from records.people.users import User

from . import mail_choices
from .notice_groups import ALARM, MailTiming
from .notice_kinds import crowding
from .notice_tables import DROPPED, FAILED, LONGEST_ERROR, SENDING, SENT, WAITING, Mail, Notice

#: Pauses after each failed attempt. After the last attempt, the mail has failed.
PAUSES: Final = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60, 180, 360, 720))
MOST_ATTEMPTS: Final = len(PAUSES) + 1
#: How long a worker may take for one attempt; longer than any timeout that can be set.
CLAIM: Final = timedelta(minutes=5)
#: Alarms that one person gets at once within an hour, and mails of all other kinds; what comes on top waits for the daily summary.
MOST_AT_ONCE: Final = 20
#: The hour (UTC) at which daily summaries are sent.
DAILY_HOUR: Final = 6
#: How long ended mails are listed.
KEPT: Final = timedelta(days=14)
#: How long a mail waits at most, for example while mail is switched off: older news is no news.
LONGEST_WAIT: Final = timedelta(days=3)
HOUR: Final = timedelta(hours=1)

MAYBE_SENT: Final = "The worker stopped twice while it sent this, or the server did not say whether it accepted it. It may have arrived."


@dataclass(frozen=True)
class OutboxCounts:
    """How many mails there are in which state, and since when the oldest due one waits."""

    waiting: int = 0
    failed: int = 0
    sent: int = 0
    overdue_since: datetime | None = None


def enqueue(db: Session, user: User, notice: Notice, group: str) -> None:
    """Add a notice to a mail of its own or to the person's next summary, as they chose; or to none."""
    timing = mail_choices.chosen(db, user)[group]
    if timing is MailTiming.NONE:
        return
    now = utc_now()
    if timing is MailTiming.ONCE and _made_in_hour(db, user, group, now) < MOST_AT_ONCE:
        notice.mail_id = _new_mail(db, user, due_at=now, daily=False).id
    else:
        notice.mail_id = _summary(db, user, now).id
    db.flush()


def is_due(db: Session, now: datetime) -> bool:
    """Say whether a mail is due, or the claim on one has ended. Takes no lock."""
    waiting = select(Mail.id).where(Mail.state == WAITING, Mail.due_at <= now).limit(1)
    lapsed = select(Mail.id).where(Mail.state == SENDING, Mail.claimed_until < now).limit(1)
    return any(db.scalar(rows) is not None for rows in (waiting, lapsed))


def claim_next(db: Session, now: datetime, *, per_hour: int) -> Mail | None:
    """Claim the next mail that is due, and count the attempt; None if there is none, or if enough were sent in this hour."""
    _free_lapsed(db, now)
    if _used_in_hour(db, now) >= per_hour:
        return None
    due = select(Mail).where(Mail.state == WAITING, Mail.due_at <= now).order_by(Mail.due_at, Mail.id)
    mail = db.scalar(due.limit(1).with_for_update(skip_locked=True))
    if mail is None:
        return None
    mail.state, mail.claimed_until, mail.attempts = SENDING, now + CLAIM, mail.attempts + 1
    db.flush()
    return mail


def note_sent(db: Session, mail_id: int, now: datetime) -> None:
    """Note that the server has accepted a mail."""
    mail = _mine(db, mail_id)
    if mail is not None:
        _end(mail, SENT, now)
        db.flush()


def note_not_sent(  # noqa: PLR0913 - what an attempt came to, by name
    db: Session, mail_id: int, now: datetime, error: str, *, final: bool = False, maybe_sent: bool = False
) -> None:
    """Note that an attempt failed: the mail is tried again after a pause, or has failed.

    `final`: trying again is of no use. `maybe_sent`: the server may have accepted it, so it is sent once more at most.
    """
    mail = _mine(db, mail_id)
    if mail is None:
        return
    if final or mail.attempts >= MOST_ATTEMPTS or (maybe_sent and mail.maybe_sent):
        _end(mail, FAILED, now, MAYBE_SENT if maybe_sent and mail.maybe_sent else error)
    else:
        _wait(mail, now + PAUSES[mail.attempts - 1], error)
        mail.maybe_sent = mail.maybe_sent or maybe_sent
    db.flush()


def note_dropped(db: Session, mail_id: int, now: datetime, reason: str) -> None:
    """Note that a mail is not sent: nobody is to be told any more, or there is no address."""
    mail = _mine(db, mail_id)
    if mail is not None:
        _end(mail, DROPPED, now, reason)
        db.flush()


def find(db: Session, mail_id: int) -> Mail | None:
    """Return the mail with this number, locked."""
    return db.scalar(select(Mail).where(Mail.id == mail_id).with_for_update())


def retry(db: Session, mail: Mail) -> bool:
    """Send a failed or waiting mail at the next opportunity, with all attempts anew. Returns False for any other."""
    if mail.state not in (FAILED, WAITING):
        return False
    mail.attempts, mail.maybe_sent, mail.made_at = 0, False, utc_now()
    mail.ended_at = None
    _wait(mail, utc_now(), "")
    db.flush()
    return True


def drop(db: Session, mail: Mail, reason: str) -> bool:
    """Do not send a failed or waiting mail. Returns False for any other."""
    if mail.state not in (FAILED, WAITING):
        return False
    _end(mail, DROPPED, utc_now(), reason)
    db.flush()
    return True


def listed(db: Session, *, state: str = "", limit: int = 100, before: int | None = None) -> list[tuple[Mail, User]]:
    """Return mails with the people that they are for, the newest first; `before`: older than that number."""
    rows = select(Mail, User).join(User, User.id == Mail.user_id).order_by(Mail.id.desc())
    if state:
        rows = rows.where(Mail.state == state)
    if before is not None:
        rows = rows.where(Mail.id < before)
    return [(mail, user) for mail, user in db.execute(rows.limit(limit))]


def counts(db: Session, now: datetime) -> OutboxCounts:
    """Count the mails that are listed."""
    found = {row[0]: row[1] for row in db.execute(select(Mail.state, func.count()).group_by(Mail.state))}
    overdue = db.scalar(select(func.min(Mail.due_at)).where(Mail.state == WAITING, Mail.due_at < now - HOUR))
    waiting = found.get(WAITING, 0) + found.get(SENDING, 0)
    return OutboxCounts(waiting, found.get(FAILED, 0), found.get(SENT, 0), overdue)


def forget_old(db: Session, now: datetime) -> None:
    """Forget mails that ended long ago, and drop those that have waited for too long."""
    db.execute(delete(Mail).where(Mail.ended_at < now - KEPT))
    late = update(Mail).where(Mail.state == WAITING, Mail.made_at < now - LONGEST_WAIT)
    db.execute(late.values(state=DROPPED, ended_at=now, error="It has waited for more than three days."))


def _made_in_hour(db: Session, user: User, group: str, now: datetime) -> int:
    """Return how many mails at once were made for a person within the last hour that share the bound of a group.

    A mail whose notice was deleted since counts as no alarm, so that many notices do not make room for more mails.
    """
    mine = select(func.count()).select_from(Mail)
    mine = mine.where(Mail.user_id == user.id, Mail.daily.is_(False), Mail.made_at > now - HOUR)
    alarms = select(Notice.mail_id).where(Notice.user_id == user.id, Notice.mail_id.is_not(None))
    alarms = alarms.where(Notice.kind.in_(crowding(ALARM)))
    return db.scalar(mine.where(Mail.id.in_(alarms) if group == ALARM else Mail.id.not_in(alarms))) or 0


def _new_mail(db: Session, user: User, *, due_at: datetime, daily: bool) -> Mail:
    mail = Mail(user_id=user.id, implementation_id=user.implementation_id, daily=daily, due_at=due_at)
    mail.message_id = secrets.token_hex(16)
    mail.claimed_until = mail.ended_at = None
    db.add(mail)
    db.flush()
    return mail


def _summary(db: Session, user: User, now: datetime) -> Mail:
    """Return the summary that a person's notices are added to at the moment."""
    mine = select(Mail).where(Mail.user_id == user.id, Mail.daily, Mail.state == WAITING, Mail.due_at > now)
    return db.scalar(mine.where(Mail.attempts == 0).limit(1)) or _new_mail(
        db, user, due_at=_next_daily(now), daily=True
    )


def _next_daily(now: datetime) -> datetime:
    today = now.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _free_lapsed(db: Session, now: datetime) -> None:
    """Let mails be sent once more whose worker died while it sent them, and give up those of which it is the second."""
    for mail in db.scalars(select(Mail).where(Mail.state == SENDING, Mail.claimed_until < now).with_for_update()):
        note_not_sent(db, mail.id, now, "The worker stopped while it sent this.", maybe_sent=True)


def _used_in_hour(db: Session, now: datetime) -> int:
    """Return how many mails were sent within the last hour or are being sent."""
    sent = select(func.count()).select_from(Mail).where(Mail.state == SENT, Mail.ended_at > now - HOUR)
    sending = select(func.count()).select_from(Mail).where(Mail.state == SENDING)
    return (db.scalar(sent) or 0) + (db.scalar(sending) or 0)


def _mine(db: Session, mail_id: int) -> Mail | None:
    """Return a mail that is being sent; None if its claim has ended, or if it was removed with its person."""
    return db.scalar(select(Mail).where(Mail.id == mail_id, Mail.state == SENDING).with_for_update())


def _wait(mail: Mail, due_at: datetime, error: str) -> None:
    mail.state, mail.claimed_until, mail.due_at, mail.error = WAITING, None, due_at, error[:LONGEST_ERROR]


def _end(mail: Mail, state: str, now: datetime, error: str = "") -> None:
    mail.state, mail.claimed_until, mail.ended_at, mail.error = state, None, now, error[:LONGEST_ERROR]
