"""Connections: the vendor systems of an implementation, which its scripts call by name without seeing their secrets.

A secret is entered once and never shown again. Three rules protect it:

1. It is sealed (`SecretBox`) before it reaches the database.
2. It is sealed for its connection and the address that it is sent to. It does not open if it is copied to another row, or if
   the address was changed in the database.
3. To change where it is sent, a person must enter it again: `sealed_secrets` has the rule.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import SecretNotOpened
from records.secretbox import SecretBox

from . import credential_kinds, sealed_secrets
from .connection_limits import LIMITS
from .implementations import Implementation
from .run_budgets import MIB
from .sealed_secrets import SecretUse

#: The methods that a script can use at all.
METHODS = ("GET", "POST")
#: Names that no new connection can have, because the console has a page at this address.
RESERVED = frozenset({"new"})


class Connection(Base):
    """A named vendor system of an implementation: where it is, what may be asked there, and the sealed credential."""

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("implementation_id", "name"),
        CheckConstraint("base_url LIKE 'https://%' OR development", name="https"),
        CheckConstraint(
            "auth_kind IN ('none', 'basic', 'bearer', 'api_key_header', 'api_key_parameter', 'oauth2_client_credentials')",
            name="auth_kind",
        ),
        CheckConstraint("(auth_kind = 'none') = (sealed_secret IS NULL)", name="secret"),
        CheckConstraint("timeout_s > 0 AND cache_s >= 0 AND max_body_bytes > 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    base_url: Mapped[str] = mapped_column(Text)
    auth_kind: Mapped[str] = mapped_column(String(32))
    auth_fields: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: nothing secret
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    methods: Mapped[list[str]] = mapped_column(default=list)
    path_prefixes: Mapped[list[str]] = mapped_column(default=list)
    follow_redirects: Mapped[bool] = mapped_column(default=False)
    timeout_s: Mapped[float] = mapped_column(default=3.0)
    cache_s: Mapped[int] = mapped_column(default=0)
    rate_per_s: Mapped[float | None]
    concurrency: Mapped[int | None]
    max_body_bytes: Mapped[int] = mapped_column(default=MIB)
    development: Mapped[bool] = mapped_column(default=False)  #: leads to this machine itself; never in production
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    def __repr__(self) -> str:
        return f"<Connection {self.name}>"


@dataclass(frozen=True)
class ConnectionDraft:
    """A connection as a person enters it. `secret` is None to keep the present one."""

    name: str
    base_url: str
    auth_kind: str = "none"
    auth_fields: dict[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    methods: tuple[str, ...] = ("GET",)
    path_prefixes: tuple[str, ...] = ("/",)  #: a path must start with one of these
    follow_redirects: bool = False
    timeout_s: float = 3.0
    cache_s: int = 0
    rate_per_s: float | None = None
    concurrency: int | None = None
    max_body_bytes: int = MIB
    development: bool = False  #: allows http and loopback; the runner refuses such a connection in production


@dataclass(frozen=True)
class OpenedConnection:
    """A connection ready for use: plain values, with the secret open (empty for auth_kind none)."""

    implementation: str  #: slug
    name: str
    base_url: str
    auth_kind: str
    auth_fields: dict[str, Any]
    secret: str = field(repr=False)
    methods: tuple[str, ...]
    path_prefixes: tuple[str, ...]
    follow_redirects: bool
    timeout_s: float
    cache_s: int
    rate_per_s: float | None
    concurrency: int | None
    max_body_bytes: int
    development: bool


def find(db: Session, implementation: Implementation, name: str) -> Connection | None:
    """Return the implementation's connection of this name; None if there is none."""
    if "\0" in name:  # PostgreSQL cannot even compare with it
        return None
    mine = select(Connection).where(Connection.implementation_id == implementation.id)
    return db.scalar(mine.where(Connection.name == name))


def every(db: Session, implementation: Implementation) -> list[Connection]:
    """Return the implementation's connections, ordered by name."""
    mine = select(Connection).where(Connection.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(Connection.name)))


def names(db: Session, implementation: Implementation) -> list[str]:
    """Return the names of the implementation's connections, ordered."""
    return list(db.scalars(_NAMES, {"owner": implementation.id}))


#: Made once, because every page of an implementation asks.
_NAMES = select(Connection.name).where(Connection.implementation_id == bindparam("owner")).order_by(Connection.name)


def save(db: Session, box: SecretBox, implementation: Implementation, draft: ConnectionDraft) -> Connection:
    """Create the connection, or change the one of that name. Raises RuleViolation with every fault."""
    present = find(db, implementation, draft.name) if isinstance(draft.name, str) else None
    values = _checked(draft)
    secret = sealed_secrets.to_seal(
        draft.secret, wanted=_use(Connection(**values)), stored=_stored_use(present), check=sealed_secrets.text
    )
    connection = present or Connection(implementation_id=implementation.id)
    for name, value in values.items():
        setattr(connection, name, value)
    if secret is not None:
        connection.sealed_secret = box.seal(secret, place=_place(connection)) if secret else None
    db.add(connection)
    db.flush()
    return connection


def delete(db: Session, connection: Connection) -> None:
    """Delete a connection and its secret."""
    db.delete(connection)
    db.flush()


def open_all(db: Session, box: SecretBox, implementation: Implementation) -> dict[str, OpenedConnection]:
    """Return all connections of an implementation with their secrets open. Raises SecretNotOpened, which names the connection."""
    return {each.name: _opened(box, implementation, each) for each in every(db, implementation)}


def open_usable(
    db: Session, box: SecretBox, implementation: Implementation
) -> tuple[dict[str, OpenedConnection], tuple[str, ...]]:
    """Return the connections whose secrets open, and the names of the others, so that one bad secret does not stop all."""
    opened, unreadable = {}, []
    for each in every(db, implementation):
        try:
            opened[each.name] = _opened(box, implementation, each)
        except SecretNotOpened:
            unreadable.append(each.name)
    return opened, tuple(unreadable)


def reseal_all(db: Session, box: SecretBox) -> int:
    """Encrypt every secret again with the newest key, after which the old keys can be deleted. Returns how many."""
    sealed = select(Connection).where(Connection.sealed_secret.is_not(None)).order_by(Connection.id)
    rows = list(db.scalars(sealed.with_for_update()))
    for connection in rows:
        connection.sealed_secret = box.rotate(connection.sealed_secret or b"")
    db.flush()
    return len(rows)


def _checked(draft: ConnectionDraft) -> dict[str, Any]:
    """Check every field but the secret; return the values to store."""
    entered = asdict(draft)
    del entered["secret"]
    checks = _CHECKS | {"base_url": partial(_base_url, development=bool(draft.development))}
    values = fields.checked(checks, entered)
    fields.refuse(
        credential_kinds.faults(values["auth_kind"], values["auth_fields"], development=values["development"])
    )
    return values


def must_be_typed_again(present: Connection, draft: ConnectionDraft) -> bool:
    """Say whether the secret must be entered again with this draft, which `save` refuses without one."""
    wanted, stored = _use(draft), _stored_use(present)
    return wanted is not None and (stored is None or wanted.is_another_than(stored))


def _use(of: Connection | ConnectionDraft) -> SecretUse | None:
    if of.auth_kind == "none":
        return None
    account = tuple(str(of.auth_fields.get(name, "")) for name in ("user", "name", "client_id"))
    return SecretUse((of.auth_kind,), (of.base_url, str(of.auth_fields.get("token_url", ""))), account)


def _stored_use(connection: Connection | None) -> SecretUse | None:
    return _use(connection) if connection is not None and connection.sealed_secret is not None else None


def _place(connection: Connection) -> str:
    use = _use(connection)
    return json.dumps([connection.implementation_id, connection.name, *(use.destination if use else [])])


def _opened(box: SecretBox, implementation: Implementation, connection: Connection) -> OpenedConnection:
    secret = ""
    if connection.sealed_secret is not None:
        try:
            secret = box.open(connection.sealed_secret, place=_place(connection))
        except SecretNotOpened as error:
            raise SecretNotOpened(f"connection {connection.name} of {implementation.slug}: {error}") from None
    plain = {name: getattr(connection, name) for name in _CHECKS}
    plain |= {"methods": tuple(connection.methods), "path_prefixes": tuple(connection.path_prefixes)}
    return OpenedConnection(implementation=implementation.slug, secret=secret, **plain)


def _path_prefix(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or len(value) > fields.LONGEST_URL:
        raise ValueError("must start with /")
    if not value.isascii() or not value.isprintable() or any(c in value for c in " ?#%\\") or "//" in value:
        raise ValueError(f"must not contain //, blanks, letters outside ASCII, or any of ? # % \\, and {value} does")
    if {".", ".."} & set(value.split("/")):
        raise ValueError(f"must not contain . or .. as a segment, and {value} does")
    return value


def _base_url(value: Any, *, development: bool = False) -> str:
    parts = fields.called_url(value, development=development)
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("must end with a path, without ? or #: the script adds parameters")
    if parts.path:
        _path_prefix(parts.path)
    return parts.geturl().rstrip("/")


_CHECKS: dict[str, fields.Check] = {
    "name": fields.slug,
    "base_url": _base_url,
    "auth_kind": fields.one_of(*credential_kinds.AUTH_KINDS),
    "auth_fields": fields.json_object(8192),
    "methods": fields.each(fields.one_of(*METHODS), 2, empty=False),
    "path_prefixes": fields.each(_path_prefix, 50, empty=False),
    "follow_redirects": fields.flag,
    "development": fields.flag,
    **{each.name: each.check for each in LIMITS},
}
