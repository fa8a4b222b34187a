"""Resealing: all sealed secrets, wherever they are stored, are sealed with the newest key; and finding those that no key opens.

This is in one place, because a kind of secret that is forgotten here is lost when the old key is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.facts import hook_secrets
from records.facts.fact_tables import HookSecret
from records.identity import external_auth, sp_keys
from records.identity.external_auth import ExternalAuth
from records.identity.sp_keys import SpKey
from records.secretbox import SecretBox
from records.tenants import connections, implementations
from records.tenants.connections import Connection
from records.webhooks import webhook
from records.webhooks.webhook_tables import Webhook

CONNECTION, EXTERNAL, SAML_KEY, WEBHOOK = "connection", "External Authentication", "SAML key", "webhook"
PUSHES = "push of facts"


@dataclass(frozen=True)
class UnreadableSecret:
    """A secret that no key opens: its implementation (the slug), its kind, and its name."""

    implementation: str
    kind: str
    name: str  #: of the connection; use and state of a SAML key; number of a secret for pushing; "" for others
    archived: bool = False  #: the implementation is not served


def reseal_all(db: Session, box: SecretBox) -> int:
    """Seal every secret again with the newest key of the box; return how many. Raises SecretNotOpened; roll back then."""
    return sum(each(db, box) for each in _RESEALERS)


_RESEALERS = (
    connections.reseal_all,
    external_auth.reseal_all,
    sp_keys.reseal_all,
    webhook.reseal_all,
    hook_secrets.reseal_all,
)


def unreadable_secrets(db: Session, box: SecretBox) -> list[UnreadableSecret]:
    """Return every secret that no key of the box opens, by implementation."""
    owners = {one.id: one for one in implementations.every(db)}
    found = [
        UnreadableSecret(owners[owner].slug, kind, name, owners[owner].archived_at is not None)
        for owner, kind, name, sealed in _sealed(db)
        if not box.opens(sealed)
    ]
    return sorted(found, key=lambda one: (one.implementation, one.kind, one.name))


def _sealed(db: Session) -> Iterator[tuple[int, str, str, bytes]]:
    """Yield every sealed secret: the id of its implementation, its kind, its name, and the sealed bytes."""
    for connection in db.scalars(select(Connection).where(Connection.sealed_secret.is_not(None))):
        yield connection.implementation_id, CONNECTION, connection.name, connection.sealed_secret or b""
    for external in db.scalars(select(ExternalAuth).where(ExternalAuth.sealed_secret.is_not(None))):
        yield external.implementation_id, EXTERNAL, "", external.sealed_secret or b""
    for key in db.scalars(select(SpKey)):
        yield key.implementation_id, SAML_KEY, f"{key.use}, {key.state}", key.sealed_key
    for hook in db.scalars(select(Webhook)):
        for sealed in filter(None, (hook.sealed_secret, hook.sealed_old)):
            yield hook.implementation_id, WEBHOOK, "", sealed
    for secret in db.scalars(select(HookSecret).where(HookSecret.sealed_secret.is_not(None))):
        yield secret.implementation_id, PUSHES, f"number {secret.id}", secret.sealed_secret or b""
