"""The notices of one person, as the page of notices shows them.

What a person may see is decided at every look: a notice of an audience to which they do not belong any more, or of another
implementation than their own, is neither listed nor counted, nor opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, and_, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from records.columns import utc_now
from records.people.users import User
from records.roles import Permission
from records.tenants.implementations import Implementation

from .mail_content import NoticeWords, in_words
from .notice_kinds import BY_NAME, NEEDED, TABLE, Audience
from .notice_tables import Notice

#: Unread notices that are counted; the link says "more than".
MOST_COUNTED = 99


@dataclass(frozen=True)
class Reader:
    """A person who reads their notices: their number, what they may do, and where. `home` None: in every implementation."""

    user_id: int
    may: frozenset[Permission]
    home: int | None

    @property
    def audiences(self) -> list[str]:
        """The audiences to which this person belongs at most."""
        return [audience.value for audience in Audience if NEEDED[audience] in self.may]


@dataclass(frozen=True)
class NoticeFilter:
    """Which notices are listed. "" and False: all."""

    unread: bool = False
    group: str = ""
    implementation: str = ""  #: slug


@dataclass(frozen=True)
class ListedNotice:
    """A notice with its implementation and its words."""

    notice: Notice
    implementation: Implementation
    said: NoticeWords

    @property
    def group(self) -> str:
        """The name of its group."""
        return BY_NAME[self.notice.kind].group


def listed(
    db: Session, reader: Reader, wanted: NoticeFilter, *, limit: int, before: int | None = None
) -> list[ListedNotice]:
    """Return a person's notices, the newest first. `before` is the number of the last one of the page before."""
    rows = _visible(reader).order_by(Notice.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(Notice.id < before)
    if wanted.unread:
        rows = rows.where(Notice.read_at.is_(None))
    if wanted.group:
        rows = rows.where(Notice.kind.in_([kind.name for kind in TABLE if kind.group == wanted.group]))
    if wanted.implementation:
        rows = rows.where(Implementation.slug == wanted.implementation)
    return _in_words(db, rows)


def find(db: Session, reader: Reader, number: int) -> ListedNotice | None:
    """Return a notice of this person; None for one of another person, and for one that they may not see any more."""
    found = _in_words(db, _visible(reader).where(Notice.id == number))
    return found[0] if found else None


def unread(db: Session, reader: Reader) -> int:
    """Count a person's unread notices, up to one more than `MOST_COUNTED`."""
    if not reader.audiences:
        return 0
    return db.scalar(_UNREAD if reader.home is None else _UNREAD_AT_HOME, _values(reader)) or 0


def mark_read(db: Session, user: User, *, number: int | None = None, up_to: int | None = None) -> int:
    """Mark one notice of a person as read, or all up to a number; return how many were unread.

    Those beyond `up_to` came after the page was made, so nobody has seen them.
    """
    mine = update(Notice).where(Notice.user_id == user.id, Notice.read_at.is_(None))
    mine = mine.where(Notice.id == number) if number is not None else mine.where(Notice.id <= (up_to or 0))
    done: CursorResult[Any] = db.execute(mine.values(read_at=utc_now()))  # type: ignore[assignment]  # of an UPDATE
    return done.rowcount


def forget_old(db: Session, before: datetime) -> None:
    """Delete the notices of things that happened before a moment."""
    db.execute(delete(Notice).where(Notice.at < before))


def implementations_in(db: Session, reader: Reader) -> list[Implementation]:
    """Return the implementations of which this person has notices, by name."""
    ids = _visible(reader).with_only_columns(Notice.implementation_id)
    return list(db.scalars(select(Implementation).where(Implementation.id.in_(ids)).order_by(Implementation.name)))


def _visible(reader: Reader) -> Select[Notice, Implementation]:
    rows = select(Notice, Implementation).join(Implementation, Implementation.id == Notice.implementation_id)
    return rows.where(_OF_READER if reader.home is None else _AT_HOME).params(_values(reader))


def _values(reader: Reader) -> dict[str, Any]:
    whose = {"reader": reader.user_id, "audiences": reader.audiences}
    return whose if reader.home is None else whose | {"home": reader.home}


def _counted(rule: ColumnElement[bool]) -> Select[int]:
    rows = select(Notice.id).where(rule, Notice.read_at.is_(None)).limit(MOST_COUNTED + 1)
    return select(func.count()).select_from(rows.subquery())


#: Which notices a reader may see, for the values of `_values`: of every implementation, and of one.
_OF_READER = and_(
    Notice.user_id == bindparam("reader"),
    Notice.audience.in_(bindparam("audiences", expanding=True)),
    Notice.kind.in_(list(BY_NAME)),
)
_AT_HOME = and_(_OF_READER, Notice.implementation_id == bindparam("home"))
#: The statements are made once, because every page of the console counts.
_UNREAD, _UNREAD_AT_HOME = _counted(_OF_READER), _counted(_AT_HOME)


def _in_words(db: Session, rows: Select[Notice, Implementation]) -> list[ListedNotice]:
    found = [(notice, owner) for notice, owner in db.execute(rows)]
    return [ListedNotice(notice, owner, said) for (notice, owner), said in zip(found, in_words(db, found), strict=True)]
