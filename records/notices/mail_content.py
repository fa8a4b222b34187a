"""What a mail says, decided when it is sent: only what its person may still see, and still wants by mail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.people import actors
from records.people.mail_address import address_of
from records.people.users import User
from records.tenants.implementations import Implementation

from . import audiences, mail_choices
from .notice_groups import GROUP_BY_NAME, MailTiming
from .notice_kinds import BY_NAME, REASONS, Audience
from .notice_tables import Mail, Notice
from .plain_line import one_line

#: Notices that one mail lists. It says how many more there are.
MOST_LISTED = 50
_MARK = 16
NO_ADDRESS = "The identity provider gives no e-mail address of this person."
NOTHING_LEFT = "The person may not see it any more, does not want it by mail any more, or has read it."


@dataclass(frozen=True)
class NoticeWords:
    """One notice in words."""

    number: int
    implementation: str  #: its name
    words: str
    todo: str
    why: str
    at: datetime


@dataclass(frozen=True)
class MailContent:
    """What a mail says, and to whom."""

    user: int
    mark: str  #: of the person, for the link that ends mails
    address: str
    name: str
    daily: bool
    message_id: str
    group: str  #: the group that the link in the mail ends; "" for all, in a summary
    notices: tuple[NoticeWords, ...]
    more: int = 0  #: notices that are not listed


@dataclass(frozen=True)
class NotToSend:
    """Why a mail is not sent."""

    reason: str = field(default=NOTHING_LEFT)


def content_of(db: Session, mail: Mail) -> MailContent | NotToSend:
    """Return what a mail says now, or why it is not sent.

    A notice that its person has read meanwhile is left out, and so is one whose group they no longer want by mail.
    """
    user = db.get_one(User, mail.user_id)
    rows = db.execute(
        select(Notice, Implementation)
        .join(Implementation, Implementation.id == Notice.implementation_id)
        .where(Notice.mail_id == mail.id, Notice.read_at.is_(None), Implementation.archived_at.is_(None))
        .order_by(Notice.id)
    ).all()
    wanted = mail_choices.chosen(db, user)
    told = [
        (notice, owner)
        for notice, owner in rows
        if notice.kind in BY_NAME
        and wanted[BY_NAME[notice.kind].group] is not MailTiming.NONE
        and audiences.belongs(db, owner, user, Audience(notice.audience))
    ]
    if not told:
        return NotToSend()
    address = address_of(user)
    if not address:
        return NotToSend(NO_ADDRESS)
    return MailContent(
        user=user.id,
        mark=mark_of(user),
        address=address,
        name=actors.name_of(user),
        daily=mail.daily,
        message_id=mail.message_id,
        group="" if mail.daily else BY_NAME[told[0][0].kind].group,
        notices=tuple(in_words(db, told[:MOST_LISTED])),
        more=max(0, len(told) - MOST_LISTED),
    )


def in_words(db: Session, rows: Sequence[tuple[Notice, Implementation]]) -> list[NoticeWords]:
    """Return notices in words, with the names that people have now."""
    names = actors.by_keys(db, {str(notice.values.get("by", "")) for notice, _ in rows})
    return [
        NoticeWords(
            notice.id,
            owner.name,
            BY_NAME[notice.kind].words.format(**_values(notice.values, names)),
            BY_NAME[notice.kind].todo,
            REASONS[Audience(notice.audience)],
            notice.at,
        )
        for notice, owner in rows
    ]


def mark_of(user: User) -> str:
    """Return a mark of a person: numbers can be given again after a removal, and it cannot."""
    return hashlib.sha256(f"{user.implementation_id}/{user.subject}".encode()).hexdigest()[:_MARK]


def group_label(name: str) -> str:
    """Return a group as the page of choices calls it."""
    return GROUP_BY_NAME[name].label


def _values(values: Mapping[str, Any], names: Mapping[str, actors.Actor]) -> dict[str, Any]:
    """Return the values for the words. A key that is not a person's is a part of the service, such as "the service"."""
    by = str(values.get("by", ""))
    named = names[by].name if by in names else _unnamed(by)
    return dict.fromkeys(_ALL, "?") | dict(values) | {"by": one_line(named)}


def _unnamed(key: str) -> str:
    if key == "command line":
        return "An operator"
    return "Somebody who was removed" if "/" in key else key[:1].upper() + key[1:]


_ALL: Iterable[str] = ("by", "submission", "version", "share", "token", "use", "date")
