"""What webhooks tell: which rows of the ledger are in a message, and its body.

Names are in it only if the implementation chose so. A reason is never in it, because people write other people's names there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from records.attendance import scan_queries
from records.attendance.badge_formats.badge_format import TEST_BADGE
from records.attendance.ledger.tables import EntryKind, LedgerEntry, ScanNames
from records.people import users
from records.tenants.implementations import Implementation

from .webhook_tables import Webhook, WebhookMessage

SCANNED, CORRECTED, TEST = "attendance.scanned", "attendance.corrected", "webhook.test"
#: What can be told, and with it the rows of the ledger.
EVENTS: Final = (SCANNED, CORRECTED)
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    SCANNED: (EntryKind.SCAN,),
    CORRECTED: (EntryKind.ADDED, EntryKind.VOID),
}
#: Rows of one message.
MOST_ROWS: Final = 50
#: Rows of the ledger that are looked at in one transaction.
LOOKED_AT: Final = 1000

_EVENT_OF: Final = {kind: event for event, kinds in KINDS.items() for kind in kinds}
_WORDS: Final = {EntryKind.ADDED: "added", EntryKind.VOID: "voided"}


@dataclass(frozen=True)
class RowSpan:
    """Rows of the ledger that make one message, by their numbers; rows of other kinds in between are not told."""

    event: str
    first: int
    last: int


def spans_after(db: Session, hook: Webhook) -> tuple[list[RowSpan], int]:
    """Return the messages that are due after `told_until`, and the number of the last row that was looked at."""
    rows = select(LedgerEntry.number, LedgerEntry.kind, LedgerEntry.badge_id)
    mine = rows.where(LedgerEntry.implementation_id == hook.implementation_id, LedgerEntry.number > hook.told_until)
    found = db.execute(mine.order_by(LedgerEntry.number).limit(LOOKED_AT)).all()
    told = [
        (number, _EVENT_OF[EntryKind(kind)])
        for number, kind, badge in found
        if _EVENT_OF.get(EntryKind(kind)) in hook.events and not badge.startswith(TEST_BADGE)
    ]
    return list(_spans(told)), found[-1].number if found else hook.told_until


def body_of(db: Session, owner: Implementation, hook: Webhook, message: WebhookMessage) -> bytes:
    """Return the body of a message: JSON, in UTF-8."""
    data: dict[str, Any] = {"implementation": owner.slug}
    if message.event != TEST:
        name = "scans" if message.event == SCANNED else "corrections"
        data[name] = list(_entries(db, owner, hook, message))
    return json.dumps(
        {"type": message.event, "timestamp": _stamp(message.made_at), "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _spans(told: list[tuple[int, str]]) -> Iterator[RowSpan]:
    """Put rows of one event that follow each other into one message, at most MOST_ROWS."""
    start = 0
    for at in range(1, len(told) + 1):
        ends = at == len(told) or told[at][1] != told[start][1] or at - start == MOST_ROWS
        if ends:
            yield RowSpan(told[start][1], told[start][0], told[at - 1][0])
            start = at


def _entries(db: Session, owner: Implementation, hook: Webhook, message: WebhookMessage) -> Iterator[dict[str, Any]]:
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    rows = (
        select(LedgerEntry, ScanNames)
        .outerjoin(ScanNames, same)
        .where(
            LedgerEntry.implementation_id == owner.id,
            LedgerEntry.number.between(message.first_number, message.last_number),
            LedgerEntry.kind.in_(KINDS[message.event]),
            scan_queries.of_no_test_badge(),
        )
    )
    found = db.execute(rows.order_by(LedgerEntry.number)).all()
    people = users.with_badges(db, owner, {entry.badge_id for entry, _ in found})
    for entry, names in found:
        subjects = people.get(entry.badge_id, [])
        told = _told(entry) | {"user": subjects[0] if len(subjects) == 1 else None}
        if hook.with_names:
            told |= {"last_name": names.last_name if names else "", "first_name": names.first_name if names else ""}
        yield told


def _told(entry: LedgerEntry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": entry.scan_id,
        "session": entry.session_id,
        "badge_id": entry.badge_id,
        "at": _stamp(entry.corrected_at),
        "direction": entry.direction or None,
    }
    if entry.kind == EntryKind.SCAN:
        return told | {"entry": entry.entry, "received_at": _stamp(entry.received_at)}
    return told | {"what": _WORDS[EntryKind(entry.kind)], "replaces": entry.replaces or None}


def _stamp(at: datetime) -> str:
    return at.isoformat()
