"""The secrets of an implementation with which a vendor signs what it sends, as the Standard Webhooks specification says.

A secret is made here, shown once and stored sealed. When another one is made, the earlier ones end a day later, so that the
vendor can change without missing anything. A revoked one ends at once, and its sealed text is deleted.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from records.columns import utc_now
from records.errors import RuleViolation, SecretNotOpened
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation
from records.webhooks.webhook import OVERLAP, PREFIX, new_secret

from .fact_tables import HookSecret

#: Secrets that may be valid at the same time, so that a call is compared with few.
MOST_VALID: Final = 3


def make(db: Session, box: SecretBox, owner: Implementation) -> tuple[HookSecret, str]:
    """Make a secret and return its row and its text; the earlier ones end a day later. Raises RuleViolation for too many."""
    now = utc_now()
    valid = valid_secrets(db, owner, now)
    if len(valid) >= MOST_VALID:
        raise RuleViolation("secret", f"is one of {MOST_VALID} that are valid already: revoke one of them first")
    for earlier in valid:
        earlier.ends_at = min(earlier.ends_at or now + OVERLAP, now + OVERLAP)
    text = new_secret()
    made = HookSecret(implementation_id=owner.id, sealed_secret=box.seal(text, place=_place(owner)), made_at=now)
    db.add(made)
    db.flush()
    return made, text


def revoke(db: Session, secret: HookSecret) -> bool:
    """End a secret now. Returns False for one that had been revoked."""
    if secret.revoked_at is not None:
        return False
    secret.revoked_at, secret.sealed_secret = utc_now(), None
    db.flush()
    return True


def find(db: Session, owner: Implementation, number: int) -> HookSecret | None:
    """Return the implementation's secret with this number."""
    return db.scalar(_mine(owner).where(HookSecret.id == number))


def listed(db: Session, owner: Implementation, *, limit: int = 50) -> list[HookSecret]:
    """Return the newest secrets, the newest first."""
    return list(db.scalars(_mine(owner).order_by(HookSecret.id.desc()).limit(limit)))


def is_valid(secret: HookSecret, now: datetime) -> bool:
    """Say whether signatures by this secret count."""
    return secret.revoked_at is None and (secret.ends_at is None or now < secret.ends_at)


def valid_secrets(db: Session, owner: Implementation, now: datetime) -> list[HookSecret]:
    """Return the secrets whose signatures count now, the newest first."""
    rows = _mine(owner).where(
        HookSecret.revoked_at.is_(None), or_(HookSecret.ends_at.is_(None), HookSecret.ends_at > now)
    )
    return list(db.scalars(rows.order_by(HookSecret.id.desc())))


def keys(db: Session, box: SecretBox, owner: Implementation, now: datetime) -> list[bytes]:
    """Return the keys with which a vendor may sign now. A secret that no key of the box opens has none; the others count."""
    opened = [_open(box, owner, each) for each in valid_secrets(db, owner, now)]
    return [base64.b64decode(text.removeprefix(PREFIX)) for text in opened if text is not None]


def unreadable(db: Session, box: SecretBox, owner: Implementation, now: datetime) -> list[int]:
    """Return the numbers of the valid secrets that no key of the box opens."""
    return [each.id for each in valid_secrets(db, owner, now) if _open(box, owner, each) is None]


def reseal_all(db: Session, box: SecretBox) -> int:
    """Seal every secret again with the newest key of the box; return how many. Raises SecretNotOpened; roll back then."""
    rows = db.scalars(select(HookSecret).where(HookSecret.sealed_secret.is_not(None))).all()
    for row in rows:
        row.sealed_secret = box.rotate(row.sealed_secret or b"")
    return len(rows)


def _open(box: SecretBox, owner: Implementation, secret: HookSecret) -> str | None:
    """Return the text of a secret; None if it does not open here."""
    try:
        return box.open(secret.sealed_secret or b"", place=_place(owner))
    except SecretNotOpened:
        return None


def _mine(owner: Implementation) -> Select[HookSecret]:
    return select(HookSecret).where(HookSecret.implementation_id == owner.id)


def _place(owner: Implementation) -> str:
    return f"hook secret of {owner.id}"
