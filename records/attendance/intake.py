"""Taking in scans: each one of a batch stands alone, and what was sent before is recognised by its id.

The steps for a batch, in one transaction of the caller:

1. Each scan is read; one that cannot be is refused.
2. The ledger is locked, so that of equal batches that arrive together one is first.
3. A scan whose id is stored is `already` there, if it has the same content. Otherwise it is refused.
4. A new scan is refused if its session is not one of the implementation, if the sender may not or could no longer make it, or
   if its corrected time is out of bounds.
5. Names that a badge did not have are completed from the users and the roster. What is left is appended.
6. Refused scans are kept with their reasons.
7. Repeats are found among all scans of the same badges and sessions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from records.agenda.sessions import AgendaSession
from records.people.users import User
from records.tenants.implementations import Implementation

from . import refused_scans, scan_queries
from .corrected_time import corrected
from .ledger import anchors, chain
from .ledger.chain import BadgeNames, EntryDraft
from .ledger.tables import EntryKind, LedgerEntry, ScanNames, is_scan
from .minutes import SessionRules, in_order, repeats_of
from .roster import roster_search
from .scan_parsing import ScanRefusal, ScanRefused, SentScan, read_scan
from .scan_permission import ALWAYS, NEVER, covers

#: Scans of one batch.
MOST: Final = 50
OLDEST: Final = timedelta(days=60)
AHEAD: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class ScanSender:
    """Who sends scans, and which of theirs count."""

    actor: str
    device: str = ""  #: its name
    sessions: frozenset[str] = frozenset()  #: empty: all
    begins: datetime = NEVER
    ends: datetime = ALWAYS
    revoked_at: datetime = ALWAYS


@dataclass(frozen=True)
class BatchArrival:
    """Who sent a batch, when it arrived, and by how much the sender's clock was behind ours."""

    sender: ScanSender
    received_at: datetime
    skew: timedelta


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What became of one scan: stored, repeat, already or refused. `first_at` is when the scan was made that it repeats."""

    id: str | None
    state: str
    reason: str | None = None
    first_at: datetime | None = None


@dataclass(frozen=True)
class BatchResult:
    """The results in the order of the scans, and the badges at sessions for which something is new."""

    results: tuple[ScanResult, ...]
    touched: frozenset[tuple[str, str]] = field(default_factory=frozenset)  #: session, badge ID


def take_in(db: Session, owner: Implementation, batch: Sequence[Any], arrival: BatchArrival) -> BatchResult:
    """Store what counts of a batch, and say for each scan what became of it."""
    read = [_read(sent) for sent in batch]  # 1.
    scans = {index: scan for index, scan in enumerate(read) if isinstance(scan, SentScan)}
    head = chain.lock(db, owner)  # 2.
    judge = _Judge.of(db, owner, list(scans.values()), arrival)
    states = {index: judge.state(scan) for index, scan in scans.items()}  # 3., 4.
    new = {scan.id: scan for index, scan in scans.items() if states[index] == "stored"}
    if new and anchors.is_due(head):
        anchors.anchor(db, owner, head)
    chain.append(db, head, _drafts(db, owner, list(new.values()), arrival))  # 5.
    states |= {index: reason for index, reason in enumerate(read) if isinstance(reason, ScanRefusal)}
    refused = [(batch[index], str(states[index])) for index in sorted(states) if isinstance(states[index], ScanRefusal)]
    sender = {"actor": arrival.sender.actor, "device": arrival.sender.device}
    refused_scans.keep(db, owner, refused, received_at=arrival.received_at, **sender)  # 6.
    firsts = _first_times(
        db, owner, [scan for index, scan in scans.items() if not isinstance(states[index], ScanRefusal)]
    )
    results = tuple(_result(batch[index], scans.get(index), states[index], firsts) for index in range(len(batch)))  # 7.
    return BatchResult(results, frozenset((each.session, each.badge_id) for each in new.values()))


def preview(db: Session, owner: Implementation, batch: Sequence[Any], arrival: BatchArrival) -> tuple[ScanResult, ...]:
    """Say what would become of each scan, without storing any; a repeat is not told from another new one."""
    read = [_read(sent) for sent in batch]
    judge = _Judge.of(db, owner, [scan for scan in read if isinstance(scan, SentScan)], arrival)
    states = [judge.state(scan) if isinstance(scan, SentScan) else scan for scan in read]
    sent_scans = [scan if isinstance(scan, SentScan) else None for scan in read]
    return tuple(_result(*each, {}) for each in zip(batch, sent_scans, states, strict=True))


def _read(sent: Any) -> SentScan | ScanRefusal:
    try:
        return read_scan(sent)
    except ScanRefused as refused:
        return refused.reason


@dataclass
class _Judge:
    """What is known to judge the scans of one batch."""

    arrival: BatchArrival
    sessions: frozenset[str]  #: of the batch that the agenda has or had
    stored: dict[str, SentScan]  #: by id; the names of one whose names were erased are empty
    erased: frozenset[str]  #: ids of those

    @classmethod
    def of(cls, db: Session, owner: Implementation, scans: Sequence[SentScan], arrival: BatchArrival) -> _Judge:
        named = {scan.session for scan in scans}
        mine = select(AgendaSession.session_id).where(AgendaSession.implementation_id == owner.id)
        sessions = frozenset(db.scalars(mine.where(AgendaSession.session_id.in_(named))))
        stored, erased = _stored(db, owner, [scan.id for scan in scans])
        return cls(arrival, sessions, stored, erased)

    def state(self, scan: SentScan) -> str | ScanRefusal:
        """Return stored, already, or why it is refused; what is stored counts for the rest of the batch."""
        known = self.stored.get(scan.id)
        if known is not None:
            return "already" if self._is_same(known, scan) else ScanRefusal.ID_TAKEN
        if scan.session not in self.sessions:
            return ScanRefusal.UNKNOWN_SESSION
        if not covers(self.arrival.sender.sessions, scan.session):
            return ScanRefusal.OTHER_SESSION
        reason = self._time_fault(scan)
        if reason is None:
            self.stored[scan.id] = scan
        return reason or "stored"

    def _is_same(self, known: SentScan, scan: SentScan) -> bool:
        if scan.id in self.erased:
            scan = SentScan(scan.id, scan.session, scan.badge_id, "", "", scan.scanned_at, scan.direction, scan.entry)
        return known == scan

    def _time_fault(self, scan: SentScan) -> ScanRefusal | None:
        sender, received_at = self.arrival.sender, self.arrival.received_at
        try:
            at = corrected(scan.scanned_at, self.arrival.skew)
        except OverflowError:
            return ScanRefusal.BAD_TIME
        if at < received_at - OLDEST:
            return ScanRefusal.TOO_OLD
        if at > received_at + AHEAD:
            return ScanRefusal.IN_THE_FUTURE
        if at >= sender.revoked_at:
            return ScanRefusal.REVOKED
        return None if sender.begins <= at < sender.ends else ScanRefusal.OUTSIDE_WINDOW


def _stored(db: Session, owner: Implementation, ids: Sequence[str]) -> tuple[dict[str, SentScan], frozenset[str]]:
    """Return the stored scans with these ids, with names as they were sent, and the ids of those whose names were erased."""
    entry = LedgerEntry
    same = and_(ScanNames.implementation_id == entry.implementation_id, ScanNames.number == entry.number)
    rows = select(entry, ScanNames).outerjoin(ScanNames, same)
    rows = rows.where(entry.implementation_id == owner.id, entry.scan_id.in_(ids), is_scan())
    found: dict[str, SentScan] = {}
    erased: set[str] = set()
    for row, names in db.execute(rows):
        sent = ("", "") if names is None or names.completed else (names.last_name, names.first_name)
        found[row.scan_id] = SentScan(
            row.scan_id, row.session_id, row.badge_id, *sent, row.scanned_at, row.direction, row.entry
        )
        erased |= {row.scan_id} if names is None else set()
    return found, frozenset(erased)


def _drafts(
    db: Session, owner: Implementation, scans: Sequence[SentScan], arrival: BatchArrival
) -> list[tuple[EntryDraft, BadgeNames | None]]:
    known = known_names(db, owner, {scan.badge_id for scan in scans if not (scan.last_name or scan.first_name)})
    return [(_draft(scan, arrival), _names(scan, known)) for scan in scans]


def _draft(scan: SentScan, arrival: BatchArrival) -> EntryDraft:
    return EntryDraft(
        kind=EntryKind.SCAN,
        scan_id=scan.id,
        session_id=scan.session,
        badge_id=scan.badge_id,
        scanned_at=scan.scanned_at,
        corrected_at=corrected(scan.scanned_at, arrival.skew),
        received_at=arrival.received_at,
        actor=arrival.sender.actor,
        direction=scan.direction,
        entry=scan.entry,
        skew_ms=arrival.skew // timedelta(milliseconds=1),
        device=arrival.sender.device,
        late=arrival.sender.revoked_at <= arrival.received_at,
    )


def _names(scan: SentScan, known: Mapping[str, BadgeNames]) -> BadgeNames:
    if scan.last_name or scan.first_name:
        return BadgeNames(scan.last_name, scan.first_name)
    return known.get(scan.badge_id, BadgeNames("", ""))


def known_names(db: Session, owner: Implementation, badges: set[str]) -> dict[str, BadgeNames]:
    """Return the names of users and of the roster by badge ID; a badge that two users have tells no names."""
    if not badges:
        return {}
    rows = select(User.badge_id, User.last_name, User.first_name)
    found: dict[str, list[BadgeNames]] = defaultdict(list)
    for badge, last, first in db.execute(rows.where(User.implementation_id == owner.id, User.badge_id.in_(badges))):
        found[badge].append(BadgeNames(last[:200], first[:200], completed=True))
    alone = {badge: names[0] for badge, names in found.items() if len(names) == 1}
    of_users = {badge: names for badge, names in alone.items() if names.last_name or names.first_name}
    shared = found.keys() - alone.keys()
    listed = roster_search.names_of(db, owner, badges - shared - of_users.keys())
    of_roster = {badge: BadgeNames(*names, completed=True) for badge, names in listed.items()}
    return of_roster | of_users


def _first_times(db: Session, owner: Implementation, scans: Sequence[SentScan]) -> dict[str, datetime]:
    """Return for each repeat among the scans, by id, when the scan was made that it repeats."""
    groups: dict[tuple[str, str], list[scan_queries.CountedScan]] = defaultdict(list)
    sessions, badges = {scan.session for scan in scans}, {scan.badge_id for scan in scans}
    for row in scan_queries.at_sessions(db, owner, sessions, badges) if scans else ():
        groups[row.session_id, row.badge_id].append(row)
    found: dict[str, datetime] = {}
    for (session, _), rows in groups.items():
        directions = SessionRules(rows[0].corrected_at, None, scan_queries.has_directions(owner, session))
        repeats = repeats_of(in_order([row.of_badge for row in rows], directions), owner.repeat_seconds)
        times = {row.scan_id: row.corrected_at for row in rows}
        found |= {scan_id: times[first] for scan_id, first in repeats.items()}
    return found


def _result(sent: Any, scan: SentScan | None, state: str | ScanRefusal, firsts: Mapping[str, datetime]) -> ScanResult:
    if isinstance(state, ScanRefusal):
        given = sent.get("id") if isinstance(sent, Mapping) else None
        return ScanResult(given if isinstance(given, str) and len(given) <= 64 else None, "refused", str(state))
    assert scan is not None
    first_at = firsts.get(scan.id)
    return ScanResult(sent["id"], "repeat" if state == "stored" and first_at else state, first_at=first_at)
