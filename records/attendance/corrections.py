"""Corrections of scans: a void takes a scan away, and an added one stands for a scan that was not made. Both are rows of the ledger.

Only scans are voided, not voids: what was voided by mistake is added anew, naming the old scan. The person and the reason are
in the row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import fields
from records.agenda import sessions
from records.columns import utc_now
from records.errors import FieldFault
from records.people import badge_id
from records.tenants.implementations import Implementation

from . import intake
from .intake import BatchArrival
from .ledger import chain
from .ledger.chain import BadgeNames, EntryDraft
from .ledger.tables import EntryKind, LedgerEntry
from .scan_parsing import DIRECTIONS, LONGEST_NAME
from .scan_queries import SCANS


@dataclass(frozen=True, kw_only=True)
class AddedScan:
    """A scan as a person adds it, at the time that the person gives. Empty names are completed from the users."""

    session: str
    badge_id: str
    at: datetime
    direction: str = ""
    last_name: str = ""
    first_name: str = ""
    replaces: str = ""  #: the id of a voided scan


@dataclass(frozen=True)
class VoidOrigin:
    """Where a void comes from that was made on a phone: its time there, that time corrected, and how it arrived."""

    made_at: datetime
    corrected_at: datetime
    arrival: BatchArrival


def find_scan(db: Session, owner: Implementation, scan_id: str) -> LedgerEntry | None:
    """Return the scan of this implementation with this id, made or added, voided or not."""
    return _row(db, owner, scan_id, *SCANS)


def is_voided(db: Session, owner: Implementation, scan_id: str) -> bool:
    """Say whether the scan with this id was voided."""
    return _row(db, owner, scan_id, EntryKind.VOID) is not None


def void(db: Session, owner: Implementation, scan: LedgerEntry, *, actor: str, reason: str) -> bool:
    """Void a scan; returns False if it was voided already."""
    return _void(db, owner, _void_of(scan, actor, reason))


def void_from_phone(db: Session, owner: Implementation, scan: LedgerEntry, reason: str, origin: VoidOrigin) -> bool:
    """Void a scan that was undone on a phone; returns False if it was voided already."""
    arrival = origin.arrival
    draft = replace(
        _void_of(scan, arrival.sender.actor, reason),
        scanned_at=origin.made_at,
        corrected_at=origin.corrected_at,
        received_at=arrival.received_at,
        skew_ms=arrival.skew // timedelta(milliseconds=1),
        device=arrival.sender.device,
        late=arrival.sender.revoked_at <= arrival.received_at,
    )
    return _void(db, owner, draft)


def add(db: Session, owner: Implementation, added: AddedScan, *, actor: str, reason: str) -> str:
    """Add a scan, and return its id. Raises RuleViolation with every fault."""
    values = fields.checked(_CHECKS, {name: getattr(added, name) for name in _CHECKS})
    fields.refuse(_faults(db, owner, values, added.at))
    head, now, scan_id = chain.lock(db, owner), utc_now(), str(uuid.uuid4())
    draft = EntryDraft(
        kind=EntryKind.ADDED,
        scan_id=scan_id,
        session_id=values["session"],
        badge_id=values["badge_id"],
        scanned_at=added.at,
        corrected_at=added.at,
        received_at=now,
        actor=actor,
        direction=values["direction"],
        reason=reason,
        replaces=values["replaces"],
    )
    chain.append(db, head, [(draft, _names(db, owner, values))])
    return scan_id


def _void(db: Session, owner: Implementation, draft: EntryDraft) -> bool:
    head = chain.lock(db, owner)
    if is_voided(db, owner, draft.scan_id):
        return False
    chain.append(db, head, [(draft, None)])
    return True


def _void_of(scan: LedgerEntry, actor: str, reason: str) -> EntryDraft:
    now = utc_now()
    return EntryDraft(
        kind=EntryKind.VOID,
        scan_id=scan.scan_id,
        session_id=scan.session_id,
        badge_id=scan.badge_id,
        scanned_at=now,
        corrected_at=now,
        received_at=now,
        actor=actor,
        reason=reason,
    )


def _row(db: Session, owner: Implementation, scan_id: str, *kinds: str) -> LedgerEntry | None:
    if "\0" in scan_id:  # PostgreSQL cannot even compare with it
        return None
    mine = select(LedgerEntry).where(LedgerEntry.implementation_id == owner.id, LedgerEntry.kind.in_(kinds))
    return db.scalar(mine.where(LedgerEntry.scan_id == scan_id.lower()))


def _names(db: Session, owner: Implementation, values: dict[str, str]) -> BadgeNames:
    given = BadgeNames(values["last_name"], values["first_name"])
    if given.last_name or given.first_name:
        return given
    return intake.known_names(db, owner, {values["badge_id"]}).get(values["badge_id"], given)


def _faults(db: Session, owner: Implementation, values: dict[str, str], at: datetime) -> list[FieldFault]:
    faults = []
    if sessions.find_any(db, owner, values["session"]) is None:
        faults.append(FieldFault("session", "is not a session of the agenda"))
    if not values["badge_id"]:
        faults.append(FieldFault("badge_id", "is missing"))
    if at > utc_now() + intake.AHEAD:
        faults.append(FieldFault("at", "must not be in the future"))
    if values["replaces"] and not is_voided(db, owner, values["replaces"]):
        faults.append(FieldFault("replaces", "must be the id of a scan that was voided"))
    return faults


def _replaced(value: str) -> str:
    text = str(fields.exact(36)(value)).lower()
    if text and len(text) != 36:
        raise ValueError("must be the id of a scan")
    return text


_CHECKS: dict[str, fields.Check] = {
    "session": fields.session_id,
    "badge_id": badge_id.checked,
    "direction": fields.one_of("", *DIRECTIONS),
    "last_name": fields.line(LONGEST_NAME),
    "first_name": fields.line(LONGEST_NAME),
    "replaces": _replaced,
}
