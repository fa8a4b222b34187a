"""External Authentication of an implementation: the organizer's own service, which says who its people are.

There is one at most. Its secret is stored like that of a connection: it is sealed before it reaches the database, for this
row and the address that it is sent to. `records.tenants.sealed_secrets` decides whether it may stay.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import SecretNotOpened
from records.secretbox import SecretBox
from records.tenants import implementations, sealed_secrets
from records.tenants.implementations import Implementation
from records.tenants.sealed_secrets import SecretUse

from . import external_auth_kinds


class ExternalAuth(Base):
    """The External Authentication of an implementation, and its sealed secret if it has one."""

    __tablename__ = "external_logins"
    __table_args__ = (
        UniqueConstraint("implementation_id"),
        CheckConstraint("kind IN ('jwt', 'introspection', 'password')", name="kind"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    fields: Mapped[dict[str, Any]]  #: nothing secret
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    development: Mapped[bool]  #: leads to this machine itself; never in production
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    changed_by: Mapped[str] = mapped_column(String(255))

    def __repr__(self) -> str:
        return f"<ExternalAuth {self.kind}>"


@dataclass(frozen=True)
class ExternalAuthDraft:
    """An External Authentication as a person enters it. `secret` is None to keep the present one."""

    kind: str
    fields: dict[str, Any]
    secret: str | None = field(default=None, repr=False)
    development: bool = False  #: allows http and loopback; to be refused in production


@dataclass(frozen=True)
class OpenedExternalAuth:
    """An External Authentication ready for use: plain values, with the secret open ("" if it needs none)."""

    implementation: str  #: slug
    kind: str
    fields: dict[str, Any]
    secret: str = field(repr=False)
    development: bool


def find(db: Session, implementation: Implementation) -> ExternalAuth | None:
    """Return the implementation's External Authentication; None if there is none."""
    return db.scalar(select(ExternalAuth).where(ExternalAuth.implementation_id == implementation.id))


def save(
    db: Session, box: SecretBox, implementation: Implementation, draft: ExternalAuthDraft, by: str
) -> ExternalAuth:
    """Create the External Authentication or change it. Raises RuleViolation with every fault."""
    entered = {"kind": draft.kind, "development": draft.development, "by": by}
    values = fields.checked(_CHECKS, entered)
    values["fields"] = external_auth_kinds.checked(values["kind"], draft.fields, development=values["development"])
    implementations.lock(db, implementation)
    present = find(db, implementation)
    if present is not None:
        db.refresh(present)  # another transaction may have changed it while we waited
    values["changed_by"] = values.pop("by")
    wanted = ExternalAuth(implementation_id=implementation.id, **values)
    secret = sealed_secrets.to_seal(
        draft.secret,
        wanted=_use(wanted),
        stored=_stored_use(present),
        check=external_auth_kinds.secret_check(wanted.kind),
    )
    row = present or wanted
    for name, value in values.items():
        setattr(row, name, value)
    if secret is not None:
        row.sealed_secret = box.seal(secret, place=_place(row)) if secret else None
    db.add(row)
    db.flush()
    return row


def in_browser(kind: str, fields: dict[str, Any]) -> bool:
    """Say whether people can log in with it in a browser. Otherwise only the app can, which has a token or an assertion."""
    return kind == "password" or (kind == "jwt" and bool(fields["login_url"]))


def remove(db: Session, implementation: Implementation) -> None:
    """Delete the External Authentication and its secret."""
    present = find(db, implementation)
    if present is not None:
        db.delete(present)
        db.flush()


def opened(db: Session, box: SecretBox, implementation: Implementation) -> OpenedExternalAuth | None:
    """Return it ready for use, or None if there is none. Raises SecretNotOpened, which names the implementation."""
    row = find(db, implementation)
    if row is None:
        return None
    secret = ""
    if row.sealed_secret is not None:
        try:
            secret = box.open(row.sealed_secret, place=_place(row))
        except SecretNotOpened as error:
            raise SecretNotOpened(f"External Authentication of {implementation.slug}: {error}") from None
    elif external_auth_kinds.needs_secret(row.kind, row.fields):
        raise SecretNotOpened(
            f"External Authentication of {implementation.slug}: its secret is missing, enter it again"
        )
    return OpenedExternalAuth(implementation.slug, row.kind, dict(row.fields), secret, row.development)


def reseal_all(db: Session, box: SecretBox) -> int:
    """Encrypt every secret again with the newest key of the box. Returns how many."""
    sealed = select(ExternalAuth).where(ExternalAuth.sealed_secret.is_not(None)).order_by(ExternalAuth.id)
    rows = list(db.scalars(sealed.with_for_update()))
    for row in rows:
        row.sealed_secret = box.rotate(row.sealed_secret or b"")
    db.flush()
    return len(rows)


def _use(row: ExternalAuth) -> SecretUse | None:
    """Return what the secret is used for; None if there is none."""
    if not external_auth_kinds.needs_secret(row.kind, row.fields):
        return None
    method = tuple(str(row.fields.get(name, "")) for name in ("algorithm", "auth_kind", "issuer"))
    auth_fields = row.fields.get("auth_fields", {})
    account = (str(row.fields.get("client_id", "")), *(str(auth_fields.get(name, "")) for name in ("user", "name")))
    return SecretUse((row.kind, *method), (str(row.fields.get("url", "")),), account)


def _stored_use(row: ExternalAuth | None) -> SecretUse | None:
    return _use(row) if row is not None and row.sealed_secret is not None else None


def _place(row: ExternalAuth) -> str:
    use = _use(row)
    return json.dumps([row.implementation_id, "external login", *(use.destination if use else [])])


_CHECKS: dict[str, fields.Check] = {
    "kind": fields.one_of(*external_auth_kinds.KINDS),
    "development": fields.flag,
    "by": fields.line(255, empty=False),
}
