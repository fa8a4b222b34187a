"""Appending to the ledger: each row has the SHA-256 of itself and of the row before it, as audit entries have.

One transaction at a time appends for an implementation; others wait for its end. A batch costs one lock, one insert for its
rows and one for their names, however many rows it has.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

from .tables import EntryKind, LedgerEntry, LedgerHead, ScanNames

#: What the first row has as the hash of the row before it.
FIRST = "0" * 64
_TIMES = ("scanned_at", "corrected_at", "received_at")
#: What a row's hash is made of.
_HASHED = tuple(column.name for column in LedgerEntry.__table__.columns if column.name != "hash")


@dataclass(frozen=True, slots=True)
class BadgeNames:
    """The names on a badge; `completed` if they were not on it and are those of its user."""

    last_name: str
    first_name: str
    completed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """A row to append; its fields are those of `LedgerEntry`. The actor of a scan made by a device is its maker."""

    kind: EntryKind
    scan_id: str
    session_id: str
    badge_id: str
    scanned_at: datetime
    corrected_at: datetime
    received_at: datetime
    actor: str
    direction: str = ""
    entry: str = ""
    skew_ms: int = 0
    device: str = ""
    late: bool = False
    reason: str = ""
    replaces: str = ""


def lock(db: Session, owner: Implementation) -> LedgerHead:
    """Lock the ledger of an implementation until the end of the transaction, and return its head.

    The implementation is locked first, because a change (`records.changes`) locks it before the ledger, and a row of the
    ledger refers to it.
    """
    db.execute(
        select(Implementation.id).where(Implementation.id == owner.id).with_for_update(read=True, key_share=True)
    )
    empty = {"implementation_id": owner.id, "entries": 0, "hash": FIRST, "anchored": 0}
    rows = select(LedgerHead).where(LedgerHead.implementation_id == owner.id)
    rows = rows.with_for_update().execution_options(populate_existing=True)
    found = db.scalar(rows)
    if found is None:
        insert_missing(db, LedgerHead, [empty])
        found = db.scalars(rows).one()
    return found


def append(db: Session, head: LedgerHead, drafts: Sequence[tuple[EntryDraft, BadgeNames | None]]) -> None:
    """Append rows, with their names, to the ledger whose head is locked."""
    if not drafts:
        return
    rows, names = [], []
    number, previous = head.entries, head.hash
    for draft, given in drafts:
        number += 1
        place = {"implementation_id": head.implementation_id, "number": number}
        kept = {**place, "salt": secrets.token_hex(32), **_values(given)} if given else None
        row = {**_values(draft), **place, "previous": previous}
        row["names_hash"] = names_hash(kept) if kept else ""
        row["hash"] = previous = entry_hash(row)
        rows.append(row)
        names += [kept] if kept else []
    _insert(db, LedgerEntry, rows)
    _insert(db, ScanNames, names)
    head.entries, head.hash = number, previous
    db.flush()


def _values(given: EntryDraft | BadgeNames) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__slots__}


def _insert(db: Session, table: type[LedgerEntry | ScanNames], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in their order. To return a column makes it one statement for all of them instead of one for each."""
    if rows:
        db.execute(insert(table.__table__).returning(table.__table__.c.number), rows)  # type: ignore[arg-type]  # it is a table


def entry_hash(row: Any) -> str:
    """Return the SHA-256 of a row (a mapping of its columns): of all but the hash, as JSON in ASCII with sorted keys."""
    content = {name: row[name] for name in _HASHED}
    for name in _TIMES:
        content[name] = row[name].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def names_hash(names: Any) -> str:
    """Return the SHA-256 of names (a mapping of their columns) and their random number, which a row commits to."""
    content = [names["salt"], names["last_name"], names["first_name"], names["completed"]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
