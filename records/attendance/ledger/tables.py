"""The tables of the ledger: its rows, the names that belong to them, and where it ends.

A row is never changed or deleted; triggers of the database refuse it. Names are apart, so that they can be erased: the row
has only the SHA-256 of the names and a random number, and tells nobody the names once both are gone.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    bindparam,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId


class EntryKind(StrEnum):
    """What a row of the ledger says."""

    SCAN = "scan"  #: a badge was read at a session
    ADDED = "added"  #: a person added a scan
    VOID = "void"  #: a person voided a scan
    ERASED = "erased"  #: a person erased the names of a badge


_SCANS = "kind IN ('scan', 'added')"
_VOIDS = "kind = 'void'"


class LedgerEntry(Base):
    """One row. `number` counts 1, 2, 3, … without a gap in each implementation."""

    __tablename__ = "scan_ledger"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("kind IN ('scan', 'added', 'void', 'erased')", name="kind"),
        CheckConstraint("direction IN ('', 'in', 'out')", name="direction"),
        CheckConstraint("kind IN ('scan', 'erased') OR length(reason) > 0", name="reason"),
        Index(
            "uq_scan_ledger_scan", "implementation_id", "scan_id",
            unique=True, sqlite_where=text(_SCANS), postgresql_where=text(_SCANS),
        ),
        Index(
            "uq_scan_ledger_void", "implementation_id", "scan_id",
            unique=True, sqlite_where=text(_VOIDS), postgresql_where=text(_VOIDS),
        ),
        Index(None, "implementation_id", "session_id", "badge_id"),
        Index(None, "implementation_id", "badge_id"),
    )  # fmt: skip

    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    scan_id: Mapped[str] = mapped_column(String(36))  #: of the scan, or of the voided one; "" for an erasure
    session_id: Mapped[str] = mapped_column(String(128))
    badge_id: Mapped[str] = mapped_column(String(100))
    direction: Mapped[str] = mapped_column(String(3))  #: "" without one
    entry: Mapped[str] = mapped_column(String(8))  #: how the badge was read; "" for a correction
    scanned_at: Mapped[datetime]  #: as the device sent it
    skew_ms: Mapped[int] = mapped_column(BigInteger)  #: milliseconds by which the device's clock was behind ours
    corrected_at: Mapped[datetime]  #: see `records.attendance.corrected_time`
    received_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(255))  #: the key of the person who scanned or corrected
    device: Mapped[str] = mapped_column(String(64))  #: the name of the device; "" for a person's own login
    late: Mapped[bool]  #: it arrived after the revocation of its device or role
    reason: Mapped[str] = mapped_column(Text)
    replaces: Mapped[str] = mapped_column(String(36))  #: the voided scan that an added one stands for, or ""
    names_hash: Mapped[str] = mapped_column(String(64))  #: see `ScanNames`; "" for a row without names
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def __repr__(self) -> str:
        return f"<LedgerEntry {self.number} {self.kind}>"


class LedgerHead(Base):
    """Where an implementation's ledger ends. Its lock lets only one transaction append at a time."""

    __tablename__ = "scan_ledger_heads"
    __table_args__ = (
        CheckConstraint("entries >= 0", name="entries"),
        CheckConstraint("anchored BETWEEN 0 AND entries", name="anchored"),
    )

    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE"), primary_key=True
    )
    entries: Mapped[int] = mapped_column(RowId)
    hash: Mapped[str] = mapped_column(String(64))
    anchored: Mapped[int] = mapped_column(RowId)  #: how many entries the newest anchor is about
    anchored_at: Mapped[datetime | None]
    removed: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))  #: first rows that are gone


class ScanNames(Base):
    """The names of one row, until they are erased. They are never changed."""

    __tablename__ = "scan_names"
    __table_args__ = (
        ForeignKeyConstraint(
            ["implementation_id", "number"],
            ["scan_ledger.implementation_id", "scan_ledger.number"],
            ondelete="CASCADE",
        ),
    )

    implementation_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(64))  #: the random number, in hexadecimal digits
    last_name: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(200))
    completed: Mapped[bool]  #: the badge had no names; these were known of its user


def is_scan() -> ColumnElement[bool]:
    """Return the condition that a row is a scan, made or added.

    The kinds stand in the statement itself, because SQLite uses an index of some rows only for a condition that it can read:
    otherwise it looks for one id in the whole ledger.
    """
    kinds: BindParameter[str] = bindparam(
        "scans", (EntryKind.SCAN.value, EntryKind.ADDED.value), expanding=True, literal_execute=True
    )
    return LedgerEntry.kind.in_(kinds)


def is_void() -> ColumnElement[bool]:
    """Return the condition that a row voids a scan, in the same way."""
    kind: BindParameter[str] = bindparam("voids", EntryKind.VOID.value, literal_execute=True)
    found: ColumnElement[bool] = LedgerEntry.kind == kind
    return found
