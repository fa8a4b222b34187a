"""Notices about a vendor that has been slow or failing for a while. The caller knows how the vendor is; here is who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from records.tenants import implementations

from . import audiences
from .notice_kinds import BY_NAME, VENDOR_TROUBLE, Audience
from .notice_making import Announcement, announce, locked_cursor

#: Trouble that is over sooner is not told of: the banner of the console shows it.
LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class VendorTrouble:
    """A connection in trouble: `state` in a word that follows "has been"."""

    implementation: str  #: slug
    connection: str
    state: str
    since: datetime


def announce_trouble(db: Session, trouble: VendorTrouble, now: datetime, *, mailing: bool) -> int:
    """Tell the organizers if the trouble lasts; return how many notices are new. Of one connection once an hour at most."""
    owner = implementations.find(db, trouble.implementation)
    if owner is None or owner.archived_at is not None or now - trouble.since < LASTS:
        return 0
    locked_cursor(db)
    organizers = audiences.holders(db, owner, audiences.BY_ROLE[Audience.ORGANIZER])
    people = tuple(
        (user, Audience.ORGANIZER) for user in organizers if audiences.belongs(db, owner, user, Audience.ORGANIZER)
    )
    since = trouble.since.astimezone(ZoneInfo(owner.time_zone))
    values = {"connection": trouble.connection, "state": trouble.state, "since": f"{since:%H:%M}"}
    about = f"connection {trouble.connection} {now:%Y-%m-%d %H}"
    return announce(db, Announcement(owner, BY_NAME[VENDOR_TROUBLE], about, values, now, people), mailing=mailing)
