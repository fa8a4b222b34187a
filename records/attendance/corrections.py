"""Corrections of scans: a void takes a scan away, and an added one stands for a scan that was not made. Both are rows of the ledger.

Only scans are voided, not voids: what was voided by mistake is added anew, naming the old scan. The person and the reason are
in the row.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
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
from .ledger.tables import EntryKind, LedgerEntry, is_scan, is_void
from .scan_parsing import DIRECTIONS, LONGEST_NAME, UUID


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
    id: str = ""  #: what it is known by; a new one if it is empty


@dataclass(frozen=True)
class VoidOrigin:
    """Where a void comes from that was made on a phone: its time there, that time corrected, and how it arrived."""

    made_at: datetime
    corrected_at: datetime
    arrival: BatchArrival


def find_scan(db: Session, owner: Implementation, scan_id: str) -> LedgerEntry | None:
    """Return the scan of this implementation with this id, made or added, voided or not."""
    return find_scans(db, owner, [scan_id]).get(scan_id.lower())


def find_scans(db: Session, owner: Implementation, ids: Collection[str]) -> dict[str, LedgerEntry]:
    """Return the scans of this implementation with these ids, by id, as `find_scan` does."""
    return {row.scan_id: row for row in db.scalars(select(LedgerEntry).where(*_with_ids(owner, ids), is_scan()))}


def is_voided(db: Session, owner: Implementation, scan_id: str) -> bool:
    """Say whether the scan with this id was voided."""
    return scan_id.lower() in voided_ids(db, owner, [scan_id])


def voided_ids(db: Session, owner: Implementation, ids: Collection[str]) -> set[str]:
    """Return which of these ids are those of voided scans."""
    return set(db.scalars(select(LedgerEntry.scan_id).where(*_with_ids(owner, ids), is_void())))


def void(db: Session, owner: Implementation, scan: LedgerEntry, *, actor: str, reason: str) -> bool:
    """Void a scan; returns False if it was voided already."""
    head = chain.lock(db, owner)
    if is_voided(db, owner, scan.scan_id):
        return False
    chain.append(db, head, [(_void_of(scan, actor, reason), None)])
    return True


def void_of_phone(scan: LedgerEntry, reason: str, origin: VoidOrigin) -> EntryDraft:
    """Return the row that voids a scan that was undone on a phone."""
    arrival = origin.arrival
    return replace(
        _void_of(scan, arrival.sender.actor, reason),
        scanned_at=origin.made_at,
        corrected_at=origin.corrected_at,
        received_at=arrival.received_at,
        skew_ms=arrival.skew // timedelta(milliseconds=1),
        device=arrival.sender.device,
        late=arrival.sender.revoked_at <= arrival.received_at,
    )


def add(db: Session, owner: Implementation, added: AddedScan, *, actor: str, reason: str) -> str:
    """Add a scan, and return its id. Raises RuleViolation with every fault."""
    values = fields.checked(_CHECKS, {name: getattr(added, name) for name in _CHECKS})
    fields.refuse(_faults(db, owner, values, added.at))
    head, now, scan_id = chain.lock(db, owner), utc_now(), values["id"] or str(uuid.uuid4())
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


def _with_ids(owner: Implementation, ids: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    clean = [each.lower() for each in ids if "\0" not in each]  # PostgreSQL cannot even compare with it
    return LedgerEntry.implementation_id == owner.id, LedgerEntry.scan_id.in_(clean)


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


def _scan_id(value: str) -> str:
    text = str(fields.exact(36)(value)).lower()
    if text and not UUID.fullmatch(text):
        raise ValueError("must be the id of a scan")
    return text


_CHECKS: dict[str, fields.Check] = {
    "session": fields.session_id,
    "badge_id": badge_id.checked,
    "direction": fields.one_of("", *DIRECTIONS),
    "last_name": fields.line(LONGEST_NAME),
    "first_name": fields.line(LONGEST_NAME),
    "replaces": _scan_id,
    "id": _scan_id,
}
