"""Our own keys for an implementation's identity provider: one signs our requests, one decrypts encrypted assertions.

They are made before the provider is known, because it needs our metadata first. A change has two steps: the next
certificates are published, and once the provider has read them, they replace the present ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation, SecretNotOpened
from records.secretbox import SecretBox
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

from . import certificates

#: The uses of keys. Each use has its own key, so that tricking us into decrypting can never produce a signature.
USES = ("signing", "encryption")


class SpKey(Base):
    """One of our key pairs for an implementation. For each use, at most one is present and one is next."""

    __tablename__ = "saml_sp_keys"
    __table_args__ = (
        UniqueConstraint("implementation_id", "use", "state"),
        CheckConstraint("use IN ('signing', 'encryption')", name="use"),
        CheckConstraint("state IN ('present', 'next')", name="state"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    use: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(8))
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[str] = mapped_column(Text)  #: PEM
    sha256: Mapped[str] = mapped_column(String(64))
    not_after: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<SpKey {self.state} {self.use} {self.sha256[:12]}>"


@dataclass(frozen=True)
class KeyPair:
    """A key, open, and its certificate, both as PEM."""

    key: str = field(repr=False)
    certificate: str


@dataclass(frozen=True)
class SpKeys:
    """Our keys. The next ones are None if no change is under way."""

    signing: KeyPair
    encryption: KeyPair
    next_signing: KeyPair | None = None
    next_encryption: KeyPair | None = None


def sp_keys(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys:
    """Return our keys. They are made at the first call, so do not call this in a transaction that only reads."""
    found = sp_keys_if_made(db, box, implementation)
    if found is None:
        _make(db, box, implementation, "present")
        found = sp_keys_if_made(db, box, implementation)
        assert found is not None
    return found


def sp_keys_if_made(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys | None:
    """Return our keys, or None if they were not made yet. Raises SecretNotOpened."""
    rows = _rows(db, implementation)
    if not rows:
        return None
    pairs = {key: KeyPair(_open(box, implementation, row), row.certificate) for key, row in rows.items()}
    return SpKeys(
        pairs["present", "signing"],
        pairs["present", "encryption"],
        pairs.get(("next", "signing")),
        pairs.get(("next", "encryption")),
    )


def roll(db: Session, box: SecretBox, implementation: Implementation) -> None:
    """Make the next keys, which are published beside the present ones; harmless if they exist already."""
    if sp_keys(db, box, implementation).next_signing is None:
        _make(db, box, implementation, "next")


def switch(db: Session, implementation: Implementation) -> None:
    """Replace the present keys by the next ones. Raises RuleViolation if there are no next ones."""
    rows = _rows(db, implementation)
    if ("next", "signing") not in rows:
        raise RuleViolation("sp_key", "has no next one: make it first, and let the identity provider read the metadata")
    for use in USES:
        db.delete(rows["present", use])
    db.flush()
    for use in USES:
        rows["next", use].state = "present"
    db.flush()


def new_sp_keys(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys:
    """Delete our keys and make new ones, if they cannot be opened any more or somebody else may have them.

    It takes effect at once. Logins that the provider encrypts for us, or for which it checks our signature, only work once
    it has read our metadata again. If the keys are still good, `roll` and `switch` change them without an interruption.
    """
    db.execute(delete(SpKey).where(SpKey.implementation_id == implementation.id))
    return sp_keys(db, box, implementation)


def own_expiring(db: Session, *, within: timedelta = certificates.NOTICE) -> list[SpKey]:
    """Return our present keys, of all implementations, whose certificates expire soon or have expired, by their expiry."""
    rows = select(SpKey).where(SpKey.state == "present", SpKey.not_after < utc_now() + within)
    return list(db.scalars(rows.order_by(SpKey.not_after, SpKey.id)))


def reseal_all(db: Session, box: SecretBox) -> int:
    """Encrypt every key again with the newest key of the box. Returns how many."""
    rows = list(db.scalars(select(SpKey).order_by(SpKey.id).with_for_update()))
    for row in rows:
        row.sealed_key = box.rotate(row.sealed_key)
    db.flush()
    return len(rows)


def _rows(db: Session, implementation: Implementation) -> dict[tuple[str, str], SpKey]:
    """Return our keys by state and use. Those of both uses are made, switched and deleted together."""
    rows = db.scalars(select(SpKey).where(SpKey.implementation_id == implementation.id))
    return {(row.state, row.use): row for row in rows}


def _make(db: Session, box: SecretBox, implementation: Implementation, state: str) -> None:
    rows = []
    for use in USES:
        key, certificate = certificates.make(f"session-status {implementation.slug} {use}")
        values = {
            "implementation_id": implementation.id,
            "use": use,
            "state": state,
            "sealed_key": box.seal(key, place=_place(implementation, use, certificate.sha256)),
            "certificate": certificate.pem,
            "sha256": certificate.sha256,
            "not_after": certificate.not_after,
        }
        rows.append(values)
    insert_missing(db, SpKey, rows)  # of two simultaneous calls, one succeeds


def _place(implementation: Implementation, use: str, sha256: str) -> str:
    """Return what a key is sealed for: one use and its own certificate, whether it is present or next."""
    return json.dumps([implementation.id, "saml sp key", use, sha256])


def _open(box: SecretBox, implementation: Implementation, row: SpKey) -> str:
    try:
        return box.open(row.sealed_key, place=_place(implementation, row.use, row.sha256))
    except SecretNotOpened as error:
        remedy = f"`session-status saml new-key {implementation.slug}` makes a new one"
        raise SecretNotOpened(f"the SAML key of {implementation.slug}: {error}; {remedy}") from None
