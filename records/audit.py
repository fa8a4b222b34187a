"""Audit entries: who did what to which thing, and why. No change to them goes unnoticed.

How that is ensured, from the outside in:

1. Triggers in the database refuse to change or delete an entry.
2. Each entry has the SHA-256 of itself and of the entry before it, so somebody who changes, removes, moves or inserts one
   must write all later ones again.
3. The head has the number of entries and the last hash, so a missing end is noticed.
4. The owner of the database can still write everything again. So `verify` returns the head, to be noted elsewhere; a
   noted head shows whether the entries up to it are still the same.

Appending waits until other transactions that append have committed, so append last in a transaction. The changes that a
person can make (`records.changes`) append, with the `AuditContext` of their edge. No entry contains a secret.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, Text, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import fields
from .columns import Base, RowId, utc_now

#: Actions whose target is a person of the entry's implementation, by their subject.
ABOUT_PEOPLE = frozenset({"login.refused", "user.described", "user.disabled", "user.enabled", "user.type_changed"})
#: What the first entry has as the hash of the entry before it.
FIRST = "0" * 64
#: Entries that `verify` reads at once.
BATCH = 1000
#: Characters of each text. Longer texts are cut, so that no text can keep an entry from being written.
_LONGEST = {"actor": 255, "action": 64, "target": 500, "implementation": 64, "reason": 2000}
#: Characters that could make one entry look like another: controls, surrogates, line separators, changes of direction.
_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Bytes of an entry's detail, as JSON.
_DETAIL = 64 * 1024


class AuditEntry(Base):
    """One entry. `number` counts 1, 2, 3, … without a gap."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        Index(None, "implementation", "number"),
    )

    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(500))
    implementation: Mapped[str] = mapped_column(String(64))  #: slug, or ""; outlives the implementation
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def __repr__(self) -> str:
        return f"<AuditEntry {self.number} {self.action}>"


class AuditHead(Base):
    """The one row that says where the entries end. Its lock lets only one transaction append at a time."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one"), CheckConstraint("entries >= 0", name="entries"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(RowId)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class AuditContext:
    """Who makes a change, and why, for its audit entry. `detail` is what else the edge knows.

    `as_of` is the number of the newest entry when the person's page was made; None if there was no page.
    """

    actor: str
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    as_of: int | None = None


@dataclass(frozen=True)
class ChainHead:
    """Where the entries end: how many there are, and the hash of the last."""

    entries: int = 0
    hash: str = FIRST

    def __str__(self) -> str:
        return f"{self.entries}:{self.hash}"


@dataclass(frozen=True)
class ChainVerification:
    """What `verify` found. `broken_at` is the number of the first entry that is not as it was written."""

    ok: bool
    entries: int  #: how many are unchanged, up to the first broken one
    broken_at: int | None = None
    reason: str = ""
    head: ChainHead = ChainHead()


def person(implementation: str, subject: str) -> str:
    """Return the key of a person in entries.

    It begins with the implementation, because a provider chooses the subjects of its own implementation only. So the
    people of one implementation cannot pass for staff, or for the command line, whose key has no slash.
    """
    return f"{implementation}/{subject}"[: _LONGEST["actor"]]


def append(  # noqa: PLR0913 - what an entry is made of, all by name
    db: Session,
    *,
    actor: str,
    action: str,
    target: str = "",
    implementation: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write an entry. Like the change that it describes, it is kept only if the transaction commits."""
    texts = {"actor": actor, "action": action, "target": target, "implementation": implementation, "reason": reason}
    locked_head = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    head = db.scalars(locked_head).one()
    last = db.get(AuditEntry, head.entries)
    now = utc_now()
    entry = AuditEntry(
        number=head.entries + 1,
        at=max(now, last.at) if last else now,  # keeps times in order if the clock was set back
        **{name: _line(text, _LONGEST[name]) for name, text in texts.items()},
        detail=_storable(detail or {}),
        previous=head.hash,
    )
    entry.hash = digest(entry)
    db.add(entry)
    db.flush()  # the database accepts the next number only, so the entry is written before the head
    head.entries, head.hash = entry.number, entry.hash
    db.flush()
    return entry


def recent(  # noqa: PLR0913 - a list is asked for by all of these, by name
    db: Session,
    *,
    implementation: str | None = None,
    before: int | None = None,
    limit: int = 50,
    holding: Mapping[str, str] | None = None,
    people: Mapping[str, Collection[str]] | None = None,
    actions: Collection[str] | None = None,
) -> list[AuditEntry]:
    """Return entries, the newest first; `before` is the number of the last entry of the page before.

    `actions`: only entries of these.

    `holding`: texts that actor, action or target must contain, in upper or lower case (of A to Z). `people`: keys of
    people, for actor or target, that also match.
    """
    rows = select(AuditEntry)
    if implementation is not None:
        rows = rows.where(AuditEntry.implementation == implementation)
    for name, text in (holding or {}).items():
        column = {"actor": AuditEntry.actor, "action": AuditEntry.action, "target": AuditEntry.target}[name]
        rows = rows.where(or_(column.icontains(text, autoescape=True), _is_one_of(name, (people or {}).get(name, ()))))
    rows = rows if actions is None else rows.where(AuditEntry.action.in_(actions))
    if before is not None:
        rows = rows.where(AuditEntry.number < before)
    return list(db.scalars(rows.order_by(AuditEntry.number.desc()).limit(limit)))


def _is_one_of(name: str, keys: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that the actor, or the person that an entry is about, is one of these."""
    if name == "actor":
        return AuditEntry.actor.in_(keys)
    key = AuditEntry.implementation + "/" + AuditEntry.target
    return and_(AuditEntry.action.in_(ABOUT_PEOPLE), key.in_(keys))


def newest(db: Session, *, implementation: str, action: str, target: str) -> AuditEntry | None:
    """Return the newest entry of an implementation with this action and target; None if there is none."""
    rows = select(AuditEntry).where(AuditEntry.implementation == implementation)
    rows = rows.where(AuditEntry.action == action, AuditEntry.target == _line(target, _LONGEST["target"]))
    return db.scalar(rows.order_by(AuditEntry.number.desc()).limit(1))


def newest_by_another_actor(  # noqa: PLR0913 - what an entry is made of, all by name
    db: Session, number: int, *, actor: str, action: str, target: str, implementation: str
) -> AuditEntry | None:
    """Return the newest entry after this number in which another actor did the same; `target` "" means any."""
    rows = select(AuditEntry).where(AuditEntry.number > number, AuditEntry.implementation == implementation)
    rows = rows.where(AuditEntry.actor != actor, AuditEntry.action == action)
    if target:
        rows = rows.where(AuditEntry.target == target)
    return db.scalar(rows.order_by(AuditEntry.number.desc()).limit(1))


def verify(db: Session, *, noted: ChainHead | None = None) -> ChainVerification:
    """Check all entries, from the first to the head; also against a head that was `noted` earlier.

    1. Numbers follow each other: a gap is an entry that was removed.
    2. Each entry has the hash of the one before, and its own hash matches its content.
    3. Times are in order.
    4. An entry whose hash was noted still has it.
    5. The head has the number of entries and the last hash, and there is no entry, noted or not, after it.
    """
    # The last number is read before the head, so that entries that are appended meanwhile are never after the head.
    last = db.scalar(select(func.max(AuditEntry.number))) or 0
    row = db.scalar(select(AuditHead).execution_options(populate_existing=True))
    head = ChainHead(row.entries, row.hash) if row else ChainHead()
    previous, at, number = FIRST, datetime.min.replace(tzinfo=UTC), 0
    for number, entry in enumerate(_walk(db, head.entries), start=1):
        # 1. to 4.
        fault = _fault(entry, number, previous, at)
        if not fault and noted and noted.entries == number and noted.hash != entry.hash:
            fault = "another hash was noted for it"
        if fault:
            return ChainVerification(False, number - 1, number, fault, head)
        previous, at = entry.hash, entry.at
    # 5. the end
    if number == head.entries and previous != head.hash:
        return ChainVerification(
            False, max(number - 1, 0), max(number, 1), "it is not the entry that was written last", head
        )
    if number < head.entries or (noted and number < noted.entries):
        return ChainVerification(False, number, number + 1, "it is missing", head)
    if number < last:
        return ChainVerification(False, number, number + 1, "it is after the entry that was written last", head)
    return ChainVerification(True, number, head=head)


def digest(entry: Any) -> str:
    """Return the SHA-256 of an entry (or of a plain row): of all its fields but the hash, as JSON in ASCII with sorted keys."""
    content = {name: getattr(entry, name) for name in (*_LONGEST, "number", "detail", "previous")}
    content["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _fault(entry: Any, number: int, previous: str, at: datetime) -> str:
    if entry.number != number:
        return "it is missing"
    if entry.previous != previous:
        return "it does not follow the entry before it"
    if entry.hash != digest(entry):
        return "its content is not what was written"
    return "it is older than the entry before it" if entry.at < at else ""


def _walk(db: Session, last: int) -> Iterator[Any]:
    """Yield the entries in order, a batch at a time, as plain rows, which the session does not keep in memory."""
    reached = 0
    while True:
        rows = select(*AuditEntry.__table__.columns).where(AuditEntry.number > reached, AuditEntry.number <= last)
        batch = db.execute(rows.order_by(AuditEntry.number).limit(BATCH)).all()
        yield from batch
        if len(batch) < BATCH:
            return
        reached = batch[-1].number


def _line(text: str, longest: int) -> str:
    """Return a text as one line: characters that steer a terminal or cannot be stored are replaced, not refused."""
    shown = "".join("\ufffd" if c in _BIDI or unicodedata.category(c) in _UNSHOWN else c for c in str(text))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _storable(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return a detail that comes back from the database unchanged, so that its hash stays the same."""
    written = json.dumps(fields.storable(detail))
    if len(written) > _DETAIL:
        return {"left out": f"{len(written)} bytes"}
    return dict(json.loads(written))
