"""The webhook of an implementation: its address, what it is told, and the secrets that sign.

A secret is made here, shown once and stored sealed. While another one takes its place, both sign for a day, so that the other
system can change without missing anything.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import fields
from records.attendance.ledger.tables import LedgerHead
from records.columns import utc_now
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation

from .webhook_events import EVENTS
from .webhook_tables import Webhook

#: How a secret begins (Standard Webhooks), and how many random bytes follow in Base64.
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
#: For how long a secret that was replaced signs as well.
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True)
class WebhookDraft:
    """A webhook as a person asks for it. `development`: the address may be on this machine."""

    address: str
    events: tuple[str, ...] = EVENTS
    with_names: bool = False
    development: bool = False


def find(db: Session, owner: Implementation) -> Webhook | None:
    """Return the webhook of an implementation."""
    return db.get(Webhook, owner.id)


def save(db: Session, box: SecretBox, owner: Implementation, draft: WebhookDraft) -> tuple[Webhook, str]:
    """Store a webhook; a new one is switched on, and its secret is returned, otherwise "". Raises RuleViolation with every fault.

    A new one is told of what happens from now on.
    """
    checks: dict[str, fields.Check] = {
        "address": lambda value: fields.called_url(value, development=draft.development).geturl(),
        "events": fields.each(fields.one_of(*EVENTS), len(EVENTS), empty=False),
        "with_names": fields.flag,
        "development": fields.flag,
    }
    values: dict[str, Any] = fields.checked(checks, {name: getattr(draft, name) for name in checks})
    row, text = find(db, owner), ""
    if row is None:
        text = new_secret()
        row = Webhook(implementation_id=owner.id, told_until=_last_number(db, owner), off_reason="")
        row.sealed_secret, row.on_since = box.seal(text, place=_place(owner)), utc_now()
        row.sealed_old = row.old_until = row.failing_since = row.paused_until = None
        db.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    db.flush()
    return row, text


def rotate(db: Session, box: SecretBox, owner: Implementation, row: Webhook) -> str:
    """Put another secret in place of the present one, which signs as well for a day; return the new one."""
    text = new_secret()
    row.sealed_old, row.old_until = row.sealed_secret, utc_now() + OVERLAP
    row.sealed_secret = box.seal(text, place=_place(owner))
    db.flush()
    return text


def signing_secrets(box: SecretBox, owner: Implementation, row: Webhook, now: datetime) -> list[bytes]:
    """Return the keys that sign at this time, the newest first. Raises SecretNotOpened."""
    sealed = [row.sealed_secret]
    if row.sealed_old is not None and row.old_until is not None and now < row.old_until:
        sealed.append(row.sealed_old)
    return [base64.b64decode(box.open(each, place=_place(owner)).removeprefix(PREFIX)) for each in sealed]


def new_secret() -> str:
    """Return the text of a new secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def reseal_all(db: Session, box: SecretBox) -> int:
    """Seal every secret again with the newest key of the box; return how many. Raises SecretNotOpened; roll back then."""
    count = 0
    for row in db.scalars(select(Webhook)):
        row.sealed_secret = box.rotate(row.sealed_secret)
        count += 1
        if row.sealed_old is not None:
            row.sealed_old = box.rotate(row.sealed_old)
            count += 1
    return count


def _place(owner: Implementation) -> str:
    return f"webhook of {owner.id}"


def _last_number(db: Session, owner: Implementation) -> int:
    return db.scalar(select(LedgerHead.entries).where(LedgerHead.implementation_id == owner.id)) or 0
