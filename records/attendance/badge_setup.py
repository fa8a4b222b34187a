"""Setting up an implementation's badge format: examples, the draft made from them, and the format that scanners use.

An example holds everything that is on a badge, so it is kept for a week at most, and for no longer than until the format is active. The
image that it came from is kept until its codes are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, ForeignKey, LargeBinary, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

from .badge_formats.badge_format import Badge, BadgeFormat, ScannedTestBadge
from .badge_formats.code_text import MOST_BYTES, ForeignCode
from .badge_formats.proposals import MOST_EXAMPLES
from .badge_formats.stored_format import from_json

#: How long an example is kept, and an image whose codes were not read.
EXAMPLE_KEPT: Final = timedelta(days=7)
IMAGE_KEPT: Final = timedelta(hours=1)
#: Examples that a person must confirm, and those that the format must read before it is active.
CONFIRMED, READ = 2, 3


class BadgeSetup(Base):
    """The badge formats of an implementation: the one in use, and the draft."""

    __tablename__ = "badge_setups"

    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE"), primary_key=True
    )
    active: Mapped[dict[str, Any] | None]
    activated_at: Mapped[datetime | None]
    draft: Mapped[dict[str, Any] | None]


class BadgeExample(Base):
    """The code of one badge, with everything that it contains."""

    __tablename__ = "badge_examples"
    # A number is never used twice: a person confirms the example that they saw.
    __table_args__ = (UniqueConstraint("implementation_id", "sha256"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    added_by: Mapped[str] = mapped_column(String(255))
    added_at: Mapped[datetime]
    symbology: Mapped[str] = mapped_column(String(20))  #: empty for a text that was entered
    sha256: Mapped[str] = mapped_column(String(64))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed: Mapped[str] = mapped_column(String(64))  #: digest of the draft by which it was read right; or empty


class BadgeImage(Base):
    """An image whose codes are to be read: one for each person."""

    __tablename__ = "badge_images"
    __table_args__ = (UniqueConstraint("implementation_id", "uploaded_by"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    uploaded_by: Mapped[str] = mapped_column(String(255))
    uploaded_at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class ReadExample:
    """An example as the draft reads it: the badge, or why it is none."""

    example: BadgeExample
    badge: Badge | None
    fault: str
    is_confirmed: bool


def setup_of(db: Session, owner: Implementation) -> BadgeSetup:
    """Return the row of an implementation, or a new one, which is not added."""
    return db.get(BadgeSetup, owner.id) or BadgeSetup(implementation_id=owner.id)


def active_format(db: Session, owner: Implementation) -> BadgeFormat | None:
    """Return the format that scanners use; None if none is active."""
    found = db.get(BadgeSetup, owner.id)
    return from_json(found.active) if found and found.active else None


def digest_of(stored: dict[str, Any] | None) -> str:
    """Return a digest of a stored format; empty for none. Pages name by it the draft that the person saw."""
    if stored is None:
        return ""
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()


def examples(db: Session, owner: Implementation) -> list[BadgeExample]:
    """Return the examples in the order in which they were added."""
    mine = select(BadgeExample).where(BadgeExample.implementation_id == owner.id)
    recent = mine.where(BadgeExample.added_at >= utc_now() - EXAMPLE_KEPT)
    return list(db.scalars(recent.order_by(BadgeExample.id)))


def example_of(db: Session, owner: Implementation, number: int) -> BadgeExample:
    """Return one example. Raises RuleViolation if it is not there any more."""
    found = next((each for each in examples(db, owner) if each.id == number), None)
    if found is None:
        raise RuleViolation("example", "was removed, or is older than a week")
    return found


def keep_example(db: Session, owner: Implementation, by: str, payload: bytes, symbology: str) -> BadgeExample | None:
    """Keep the code of a badge; None if it is kept already. Raises RuleViolation."""
    if not 0 < len(payload) <= MOST_BYTES:
        raise RuleViolation("code", f"must have 1 to {MOST_BYTES} bytes")
    purge(db, utc_now())
    sha256 = hashlib.sha256(payload).hexdigest()
    kept = examples(db, owner)
    if any(each.sha256 == sha256 for each in kept):
        return None
    if len(kept) >= MOST_EXAMPLES:
        raise RuleViolation("code", f"cannot be added: there are {MOST_EXAMPLES} examples. Remove some first")
    row = BadgeExample(
        implementation_id=owner.id,
        added_by=by,
        added_at=utc_now(),
        symbology=symbology,
        sha256=sha256,
        payload=payload,
        confirmed="",
    )
    db.add(row)
    db.flush()
    return row


def read_examples(setup: BadgeSetup, kept: Sequence[BadgeExample]) -> list[ReadExample]:
    """Read each example by the draft. Without a draft nothing is read."""
    if setup.draft is None:
        return [ReadExample(each, None, "", is_confirmed=False) for each in kept]
    reader, digest = from_json(setup.draft), digest_of(setup.draft)
    return [_read(reader, each, digest) for each in kept]


def missing(read: Sequence[ReadExample]) -> list[str]:
    """Return what is missing before the draft can be active, as sentences."""
    good = sum(each.badge is not None for each in read)
    confirmed = sum(each.badge is not None and each.is_confirmed for each in read)
    found = []
    if len(read) < READ:
        found.append(f"Add examples: there are {len(read)}, and {READ} are needed.")
    if good < len(read):
        found.append(
            "Every example must be read. Choose other parts, or remove the examples that are no badges of this event."
        )
    if confirmed < CONFIRMED:
        found.append(
            f"Confirm that the badge ID and the names are right on {CONFIRMED} examples: {confirmed} are confirmed."
        )
    return found


def keep_image(db: Session, owner: Implementation, by: str, content: bytes) -> BadgeImage:
    """Keep a person's image in place of their last one, until its codes are read."""
    drop_image(db, owner, by)
    purge(db, utc_now())
    sha256 = hashlib.sha256(content).hexdigest()
    row = BadgeImage(implementation_id=owner.id, uploaded_by=by, uploaded_at=utc_now(), sha256=sha256, content=content)
    db.add(row)
    db.flush()
    return row


def image_of(db: Session, owner: Implementation, by: str, sha256: str) -> BadgeImage | None:
    """Return the image that a person has uploaded; None if it was replaced, read or deleted."""
    mine = select(BadgeImage).where(BadgeImage.implementation_id == owner.id, BadgeImage.uploaded_by == by)
    return db.scalar(mine.where(BadgeImage.sha256 == sha256, BadgeImage.uploaded_at >= utc_now() - IMAGE_KEPT))


def drop_image(db: Session, owner: Implementation, by: str) -> None:
    """Delete a person's image."""
    db.execute(delete(BadgeImage).where(BadgeImage.implementation_id == owner.id, BadgeImage.uploaded_by == by))


def purge(db: Session, now: datetime) -> int:
    """Delete the examples and the images of all implementations that are too old; return how many."""
    old = (
        delete(BadgeExample).where(BadgeExample.added_at < now - EXAMPLE_KEPT),
        delete(BadgeImage).where(BadgeImage.uploaded_at < now - IMAGE_KEPT),
    )
    done: list[CursorResult[Any]] = [db.execute(each) for each in old]  # type: ignore[misc]  # of a DELETE
    return sum(each.rowcount for each in done)


def _read(reader: BadgeFormat, example: BadgeExample, digest: str) -> ReadExample:
    try:
        badge = reader.read(example.payload)
    except (ForeignCode, ScannedTestBadge) as fault:
        return ReadExample(example, None, str(fault) or "it is the test badge", is_confirmed=False)
    return ReadExample(example, badge, "", is_confirmed=example.confirmed == digest)
