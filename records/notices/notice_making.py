"""From audit entries to notices: each entry once, in order.

An entry is written in the transaction of its change, and entries have no gaps, so one number says how far this has come.
It moves in the transaction that writes the notices and the mails: nothing is lost and nothing is told twice, wherever a
worker dies. Who is told is found out before, in a transaction that only reads, because that may take a moment.

Who is told of an entry:

1. Nothing is told of an implementation that was removed or archived, or of an earlier one with the same slug.
2. The people are those of the audiences of its kind. Of a comment for reviewers, only reviewers are told.
3. A person who may not see it any more is not told.
4. A person is not told of what they did themselves, also by a token of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from records.audit import AuditEntry, AuditHead
from records.people.users import User
from records.scripts import author_tokens, deployments, submissions, versions
from records.scripts.submissions import Submission
from records.scripts.suspensions import SERVICE
from records.scripts.versions import Version
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import audiences, outbox
from .notice_kinds import BY_NAME, BY_THE_WATCH, Audience, NoticeKind, crowding
from .notice_tables import Notice, NoticeCursor

#: Alarms of one person that are kept, and notices of all other kinds; the oldest go first.
MOST_OF_A_PERSON = 500
_TARGET = re.compile(r"(submission|version) ([0-9]{1,9})")
_DETAILS = ("share",)


@dataclass(frozen=True)
class Announcement:
    """What is told, and to whom."""

    owner: Implementation
    kind: NoticeKind
    about: str  #: unique for a person
    values: dict[str, Any]
    at: datetime
    people: tuple[tuple[User, Audience], ...]


@dataclass(frozen=True)
class Upcoming:
    """What is told next, after which entry, and up to which entry notices are made with it."""

    after: int
    number: int
    announcement: Announcement | None


def upcoming(db: Session, *, skip: bool = False) -> Upcoming | None:
    """Return what is told of the next entry that gives any notices; None if there is no new entry. Takes no lock.

    `skip`: nothing is told of it. For an entry of which no notices can be made.
    """
    after = db.scalar(select(NoticeCursor.entries)) or 0
    head = db.scalar(select(AuditHead.entries)) or 0
    if head <= after:
        return None
    actions = [name for name in BY_NAME if name != BY_THE_WATCH]
    rows = select(AuditEntry).where(AuditEntry.number > after, AuditEntry.number <= head)
    entry = db.scalar(rows.where(AuditEntry.action.in_(actions)).order_by(AuditEntry.number).limit(1))
    told = None if entry is None or skip else _of_entry(db, entry)
    return Upcoming(after, entry.number if entry else head, told)


def record(db: Session, found: Upcoming, *, mailing: bool) -> bool:
    """Write the notices and, if `mailing`, the mails that people want. Returns False if another worker has done it meanwhile."""
    cursor = locked_cursor(db)
    if cursor.entries != found.after:
        return False
    cursor.entries = found.number
    if found.announcement is not None:
        announce(db, found.announcement, mailing=mailing)
    db.flush()
    return True


def announce(db: Session, one: Announcement, *, mailing: bool) -> int:
    """Write the notices, and the mails that people want of them; return how many notices are new.

    The caller holds the lock of the cursor.
    """
    ids = [user.id for user, _ in one.people]
    told = set(db.scalars(select(Notice.user_id).where(Notice.about == one.about, Notice.user_id.in_(ids))))
    new = [(user, audience) for user, audience in one.people if user.id not in told]
    for user, audience in new:
        notice = Notice(
            user_id=user.id,
            implementation_id=one.owner.id,
            about=one.about,
            kind=one.kind.name,
            audience=audience.value,
            values=one.values,
            at=one.at,
            read_at=None,
            mail_id=None,
        )
        db.add(notice)
        db.flush()
        if mailing:
            outbox.enqueue(db, user, notice, one.kind.group)
        _forget_oldest(db, user, one.kind.group)
    return len(new)


def locked_cursor(db: Session) -> NoticeCursor:
    """Return the row that says how far this has come, locked until the end of the transaction."""
    return db.scalars(select(NoticeCursor).with_for_update().execution_options(populate_existing=True)).one()


def _of_entry(db: Session, entry: AuditEntry) -> Announcement | None:
    owner = implementations.find(db, entry.implementation)
    if owner is None or not implementations.existed_at(owner, entry.at):  # 1
        return None
    watched = entry.action == "script.reverted" and entry.actor == SERVICE
    kind = BY_NAME[BY_THE_WATCH if watched else entry.action]
    submission, version = _subject(db, owner, entry)
    if kind.place in ("submission", "version") and version is None:  # it was forgotten since
        return None
    by = author_tokens.person_behind(db, owner, entry.actor)
    values = {"by": by, **_numbers(submission, version), **_details(entry)}
    people: dict[int, tuple[User, Audience]] = {}
    for audience in _audiences(kind, entry):  # 2
        for user in _people(db, owner, audience, submission, version):
            may = audiences.belongs(db, owner, user, _permission_of(audience, entry))  # 3
            if may and audiences.key_of(db, user) != by:  # 4
                people.setdefault(user.id, (user, _permission_of(audience, entry)))
    return Announcement(owner, kind, f"entry {entry.number}", values, entry.at, tuple(people.values()))


def _subject(db: Session, owner: Implementation, entry: AuditEntry) -> tuple[Submission | None, Version | None]:
    """Return the submission and the version that an entry is about."""
    found = _TARGET.fullmatch(entry.target)
    if found is None:
        return None, None
    number = int(found[2])
    if found[1] == "version":
        return None, versions.by_number(db, owner, number)
    submission = submissions.find(db, owner, number)
    return submission, versions.by_id(db, owner, submission.version_id) if submission else None


def _numbers(submission: Submission | None, version: Version | None) -> dict[str, int]:
    named = {"submission": submission, "version": version}
    return {name: one.number for name, one in named.items() if one is not None}


def _details(entry: AuditEntry) -> dict[str, Any]:
    """Return what the words name of an entry's detail; of a change, the new value."""
    found = {name: entry.detail[name] for name in _DETAILS if name in entry.detail}
    return {name: value[-1] if isinstance(value, list) else value for name, value in found.items()}


def _is_private(entry: AuditEntry) -> bool:
    return bool(entry.detail.get("private"))


def _audiences(kind: NoticeKind, entry: AuditEntry) -> Iterable[Audience]:
    return (Audience.PARTICIPANT,) if _is_private(entry) else kind.told


def _permission_of(audience: Audience, entry: AuditEntry) -> Audience:
    """Return the audience whose permission counts, now and whenever the notice is shown."""
    return Audience.REVIEWER if _is_private(entry) else audience


def _people(
    db: Session, owner: Implementation, audience: Audience, submission: Submission | None, version: Version | None
) -> Iterator[User]:
    if audience in audiences.BY_ROLE:
        yield from audiences.holders(db, owner, audiences.BY_ROLE[audience])
    elif audience is Audience.PARTICIPANT and submission is not None:
        yield from audiences.by_keys(db, audiences.participants(db, owner, submission))
    elif audience is Audience.AUTHOR:
        yield from audiences.by_keys(db, _authors(db, owner, submission, version))


def _authors(
    db: Session, owner: Implementation, submission: Submission | None, version: Version | None
) -> Iterable[str]:
    """Return the author of a submission, or everyone who had a hand in a version; of all scripts, in those that users see."""
    if submission is not None:
        return [submission.author]
    if version is not None:
        return sorted(submissions.authors_of(db, owner, version))
    live = deployments.live(db, owner)
    seen = [found[1] for found in (live.active, live.staged) if found]
    return sorted({key for one in seen for key in submissions.authors_of(db, owner, one)})


def _forget_oldest(db: Session, user: User, group: str) -> None:
    """Delete a person's oldest notices beyond the most that are kept of those that share the bound of a group."""
    these = (Notice.user_id == user.id, Notice.kind.in_(crowding(group)))
    last = db.scalar(select(Notice.id).where(*these).order_by(Notice.id.desc()).offset(MOST_OF_A_PERSON).limit(1))
    if last is not None:
        db.execute(delete(Notice).where(*these, Notice.id <= last))
