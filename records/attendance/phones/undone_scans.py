"""Scans that are undone on the phone that made them: each becomes a void in the ledger, and the scan stays.

The steps for a batch, in one transaction of the caller:

1. Each void is read; one that cannot be is refused.
2. The ledger is locked, so that of equal batches that arrive together one is first.
3. The scan must be stored, and made by the same sender: the same device, or the same person with a login.
4. By the corrected time of the phone, it was undone soon after it was made, before the sender's role or device was revoked,
   and not in the future. Later on it is a correction of an organizer.
5. A scan that is void already, by whomever, is `already` void.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from records import fields
from records.attendance import corrections, intake
from records.attendance.corrected_time import corrected
from records.attendance.corrections import VoidOrigin
from records.attendance.intake import BatchArrival, ScanSender
from records.attendance.ledger import chain
from records.attendance.ledger.chain import EntryDraft
from records.attendance.ledger.tables import EntryKind, LedgerEntry
from records.attendance.scan_parsing import UUID, read_moment
from records.tenants.implementations import Implementation

#: How long after it was made a scan can be undone on the phone.
WITHIN: Final = timedelta(hours=12)
#: Characters of a reason.
LONGEST_REASON: Final = 200
MEMBERS: Final = frozenset({"id", "voided_at", "reason"})


class UndoRefusal(StrEnum):
    """Why a scan cannot be undone by this sender."""

    MALFORMED = "malformed"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    BAD_REASON = "bad_reason"
    UNKNOWN_SCAN = "unknown_scan"
    NOT_YOURS = "not_yours"
    TOO_LATE = "too_late"
    IN_THE_FUTURE = "in_the_future"
    REVOKED = "revoked"


#: The reasons in words, for people.
UNDO_REFUSAL_WORDS: Final = {
    UndoRefusal.MALFORMED: "It is not an object with exactly the members id, voided_at and reason.",
    UndoRefusal.BAD_ID: "Its id is not a UUID.",
    UndoRefusal.BAD_TIME: "Its time is not a time with an offset (RFC 3339).",
    UndoRefusal.BAD_REASON: f"Its reason is empty, longer than {LONGEST_REASON} characters, or has control characters.",
    UndoRefusal.UNKNOWN_SCAN: "No scan is stored under this id.",
    UndoRefusal.NOT_YOURS: "The scan was made or added by another person or device. Ask an organizer to void it.",
    UndoRefusal.TOO_LATE: "It was undone more than 12 hours after the scan. Ask an organizer to void it.",
    UndoRefusal.IN_THE_FUTURE: "It was undone more than 10 minutes in the future.",
    UndoRefusal.REVOKED: "It was undone after the role or the device was revoked.",
}


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What became of one void: voided, already or refused."""

    id: str | None
    state: str
    reason: str | None = None


@dataclass(frozen=True)
class UndoneBatch:
    """The results in the order of the voids, and the scans that are void from now on."""

    results: tuple[UndoResult, ...]
    voided: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class _SentVoid:
    id: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class _Known:
    """The scans of a batch by id, and the ids of those that are void, also by this batch."""

    scans: dict[str, LedgerEntry]
    voided: set[str]


class _Refused(ValueError):
    def __init__(self, reason: UndoRefusal) -> None:
        self.reason = reason
        super().__init__(UNDO_REFUSAL_WORDS[reason])


def undo(
    db: Session, owner: Implementation, batch: Sequence[Any], arrival: BatchArrival, *, own_only: bool = True
) -> UndoneBatch:
    """Void what may be voided of a batch, and say for each one what became of it. An organizer may void scans of others."""
    head = chain.lock(db, owner)  # 2.
    ids = {each.lower() for each in map(_id_of, batch) if each is not None and UUID.fullmatch(each.lower())}
    known = _Known(corrections.find_scans(db, owner, ids), corrections.voided_ids(db, owner, ids))
    results, voided, drafts = [], [], []
    for each in batch:
        try:
            scan, draft = _undo_one(known, _read(each), arrival, own_only=own_only)
        except _Refused as refused:
            results.append(UndoResult(_id_of(each), "refused", str(refused.reason)))
            continue
        results.append(UndoResult(_id_of(each), "voided" if draft else "already"))
        voided += [scan] if draft else []
        drafts += [(draft, None)] if draft else []
    chain.append(db, head, drafts)
    return UndoneBatch(tuple(results), tuple(voided))


def _id_of(value: Any) -> str | None:
    given = value.get("id") if isinstance(value, Mapping) else None
    return given if isinstance(given, str) and len(given) <= 64 else None


def _read(value: Any) -> _SentVoid:
    # 1.
    _require(isinstance(value, Mapping) and value.keys() == MEMBERS, UndoRefusal.MALFORMED)
    scan_id = value["id"].lower() if isinstance(value["id"], str) else ""
    _require(UUID.fullmatch(scan_id), UndoRefusal.BAD_ID)
    at = read_moment(value["voided_at"])
    if at is None:
        raise _Refused(UndoRefusal.BAD_TIME)
    try:
        return _SentVoid(scan_id, at, str(_reason(value["reason"])))
    except ValueError:
        raise _Refused(UndoRefusal.BAD_REASON) from None


def _undo_one(
    known: _Known, sent: _SentVoid, arrival: BatchArrival, *, own_only: bool
) -> tuple[LedgerEntry, EntryDraft | None]:
    """Return the scan, and the row that voids it; None if it is void already."""
    # 3.
    scan = known.scans.get(sent.id)
    if scan is None:
        raise _Refused(UndoRefusal.UNKNOWN_SCAN)
    _require(scan.kind == EntryKind.SCAN, UndoRefusal.NOT_YOURS)
    _require(not own_only or _is_own(scan, arrival.sender), UndoRefusal.NOT_YOURS)
    at = _judged(sent, scan, arrival)  # 4.
    if sent.id in known.voided:  # 5.
        return scan, None
    known.voided.add(sent.id)
    return scan, corrections.void_of_phone(scan, sent.reason, VoidOrigin(sent.at, at, arrival))


def _is_own(scan: LedgerEntry, sender: ScanSender) -> bool:
    if sender.device:
        return scan.device == sender.device
    return scan.actor == sender.actor and not scan.device


def _judged(sent: _SentVoid, scan: LedgerEntry, arrival: BatchArrival) -> datetime:
    """Return when the scan was undone, by the corrected time of the phone."""
    try:
        at = corrected(sent.at, arrival.skew)
    except OverflowError:
        raise _Refused(UndoRefusal.BAD_TIME) from None
    _require(at <= arrival.received_at + intake.AHEAD, UndoRefusal.IN_THE_FUTURE)
    _require(at < arrival.sender.revoked_at, UndoRefusal.REVOKED)
    _require(at <= scan.corrected_at + WITHIN, UndoRefusal.TOO_LATE)
    return at


def _require(holds: object, reason: UndoRefusal) -> None:
    if not holds:
        raise _Refused(reason)


_reason = fields.line(LONGEST_REASON, empty=False)
