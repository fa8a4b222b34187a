"""Our own keys towards an implementation's identity provider: what signs our requests and opens encrypted assertions.

They are made before anything is known of the provider, because it wants to read our metadata first. A change has two
steps: the next certificate is published beside the present one, and when the provider has read it, it takes its place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import certificates
from .columns import Base, RowId, utc_now
from .errors import NotOpened, Refused
from .implementations import Implementation
from .secretbox import SecretBox
from .upsert import insert_missing


class SpKey(Base):
    """A key pair of ours for one implementation. At most one is in use, and one is next."""

    __tablename__ = "saml_sp_keys"
    __table_args__ = (
        UniqueConstraint("implementation_id", "state"),
        CheckConstraint("state IN ('present', 'next')", name="state"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(8))
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[str] = mapped_column(Text)  #: PEM
    sha256: Mapped[str] = mapped_column(String(64))
    not_after: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<SpKey {self.state} {self.sha256[:12]}>"


@dataclass(frozen=True)
class SpKeys:
    """Our keys, open, as PEM. `next_key` and `next_certificate` are "" when no change is under way."""

    key: str = field(repr=False)
    certificate: str
    next_key: str = field(default="", repr=False)
    next_certificate: str = ""


def sp_keys(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys:
    """Return our keys, which are made when they are first asked for (so not in a transaction that only reads)."""
    found = sp_keys_if_made(db, box, implementation)
    if found is None:
        _make(db, box, implementation, "present")
        found = sp_keys_if_made(db, box, implementation)
        assert found is not None
    return found


def sp_keys_if_made(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys | None:
    """Return our keys if they were made. Raises NotOpened."""
    present, following = (_row(db, implementation.id, state) for state in ("present", "next"))
    if present is None:
        return None
    keys = SpKeys(_open(box, implementation, present), present.certificate)
    if following is None:
        return keys
    return SpKeys(keys.key, keys.certificate, _open(box, implementation, following), following.certificate)


def roll(db: Session, box: SecretBox, implementation: Implementation) -> None:
    """Make the next key, to be published beside the present one; harmless when there is one already."""
    sp_keys(db, box, implementation)
    if _row(db, implementation.id, "next") is None:
        _make(db, box, implementation, "next")


def switch(db: Session, implementation: Implementation) -> None:
    """Put the next key in the present one's place, and forget that one. Raises Refused when there is no next."""
    following = _row(db, implementation.id, "next")
    if following is None:
        raise Refused("sp_key", "has no next one: make it first, and let the identity provider read the metadata")
    present = _row(db, implementation.id, "present")
    if present is not None:
        db.delete(present)
        db.flush()
    following.state = "present"
    db.flush()


def new_sp_keys(db: Session, box: SecretBox, implementation: Implementation) -> SpKeys:
    """Throw our keys away and make others, for keys that do not open any more or that somebody else may have.

    It takes effect at once, so the provider has to read our metadata anew before logins work that it encrypts for us or
    for which it checks our signature. Where the keys are still good, `roll` and `switch` do it without a gap.
    """
    db.execute(delete(SpKey).where(SpKey.implementation_id == implementation.id))
    return sp_keys(db, box, implementation)


def reseal_all(db: Session, box: SecretBox) -> int:
    """Encrypt every key anew with the newest key of the box. Returns how many."""
    rows = list(db.scalars(select(SpKey).order_by(SpKey.id).with_for_update()))
    for row in rows:
        row.sealed_key = box.rotate(row.sealed_key)
    db.flush()
    return len(rows)


def _row(db: Session, implementation_id: int, state: str) -> SpKey | None:
    return db.scalar(select(SpKey).where(SpKey.implementation_id == implementation_id, SpKey.state == state))


def _make(db: Session, box: SecretBox, implementation: Implementation, state: str) -> None:
    key, certificate = certificates.make(f"session-status {implementation.slug}")
    values = {
        "implementation_id": implementation.id,
        "state": state,
        "sealed_key": box.seal(key, place=_place(implementation, certificate.sha256)),
        "certificate": certificate.pem,
        "sha256": certificate.sha256,
        "not_after": certificate.not_after,
    }
    insert_missing(db, SpKey, [values])  # of two who make it at once, one does


def _place(implementation: Implementation, sha256: str) -> str:
    """Return what a key is sealed for: it opens beside its own certificate only, whether it is present or next."""
    return json.dumps([implementation.id, "saml sp key", sha256])


def _open(box: SecretBox, implementation: Implementation, row: SpKey) -> str:
    try:
        return box.open(row.sealed_key, place=_place(implementation, row.sha256))
    except NotOpened as error:
        remedy = f"this one is not entered: `session-status saml new-key {implementation.slug}` makes another"
        raise NotOpened(f"the SAML key of {implementation.slug}: {error}; {remedy}") from None
