"""What a person does with their notices, and what an operator does with mails.

What is read is the person's own and shows nobody anything, so it has no audit entry. What they want by mail has one: it
decides who hears of an alarm.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.notices import mail_choices, notice_list, outbox
from records.notices.notice_groups import MailTiming
from records.notices.notice_tables import Mail
from records.people.users import User
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import note

CHOSEN = "mail.chosen"
RETRIED, DROPPED = "mail.retried", "mail.dropped"
#: The slug of what belongs to no implementation.
NONE = ""


def read(db: Session, user: User, *, number: int | None = None, up_to: int | None = None) -> AfterCommit[int]:
    """Mark one of a person's notices as read, or all up to a number; the value is how many were unread."""
    return unchanged(NONE, notice_list.mark_read(db, user, number=number, up_to=up_to))


def choose(
    db: Session, home: Implementation, user: User, wanted: Mapping[str, str], by: AuditContext
) -> AfterCommit[None]:
    """Store what a person wants by mail: a timing for each group. Raises RuleViolation for an unknown one."""
    changed = mail_choices.choose(db, user, wanted)
    if not changed:
        return unchanged(home.slug, None)
    note(db, home.slug, CHOSEN, by, target=user.subject, detail=changed)
    return AfterCommit(home.slug, None, announced=False)


def unsubscribe(
    db: Session, home: Implementation, user: User, groups: frozenset[str], by: AuditContext
) -> AfterCommit[None]:
    """End the mails of these groups to a person, and change nothing else."""
    return choose(db, home, user, dict.fromkeys(sorted(groups), MailTiming.NONE.value), by)


def retry(db: Session, number: int, by: AuditContext) -> AfterCommit[Mail]:
    """Send a failed or waiting mail at the next opportunity. One that was sent or dropped is no change.

    Raises RuleViolation if there is no such mail.
    """
    mail = _found(db, number)
    if not outbox.retry(db, mail):
        return unchanged(NONE, mail)
    note(db, NONE, RETRIED, by, target=f"mail {number}")
    return AfterCommit(NONE, mail, announced=False)


def drop(db: Session, number: int, by: AuditContext) -> AfterCommit[Mail]:
    """Do not send a failed or waiting mail. One that was sent or dropped is no change.

    Raises RuleViolation if there is no such mail.
    """
    mail = _found(db, number)
    if not outbox.drop(db, mail, "An operator dropped it."):
        return unchanged(NONE, mail)
    note(db, NONE, DROPPED, by, target=f"mail {number}")
    return AfterCommit(NONE, mail, announced=False)


def _found(db: Session, number: int) -> Mail:
    mail = outbox.find(db, number)
    if mail is None:
        raise RuleViolation("mail", f"{number} does not exist: it may have been forgotten meanwhile")
    return mail
