"""Scripts and their versions: what an implementation's program was at any time.

A version is one immutable text, identified by its SHA-256. Which versions users see is in `deployments`. The sandbox
checks and compiles texts; nothing is parsed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column, validates

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.storage.upsert import insert_missing
from records.tenants import implementations, script_needs
from records.tenants.implementations import Implementation
from records.tenants.script_needs import Lack, ScriptNeeds

#: Bytes of a script's text.
LARGEST_SOURCE = 256 * 1024
#: The largest number that the columns of versions and submissions hold in every database.
LARGEST_NUMBER = 2**31 - 1


class Script(Base):
    """The program of an implementation; today each has one."""

    __tablename__ = "scripts"
    __table_args__ = (UniqueConstraint("implementation_id"), UniqueConstraint("id", "implementation_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Version(Base):
    """One text of a script, which never changes. Only its suspension, and the results of its checks, can change."""

    __tablename__ = "versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["script_id", "implementation_id"], ["scripts.id", "scripts.implementation_id"], ondelete="CASCADE"
        ),
        UniqueConstraint("script_id", "number"),
        UniqueConstraint("script_id", "sha256"),
        UniqueConstraint("id", "script_id", "implementation_id"),
        UniqueConstraint("id", "implementation_id"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    script_id: Mapped[int] = mapped_column(RowId)
    number: Mapped[int]  #: 1, 2, 3, … within the script
    sha256: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(Text)
    api_level: Mapped[int] = mapped_column(default=1)
    findings: Mapped[list[Any]] = mapped_column(default=list)  #: warnings and notes of the check that let it pass
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str] = mapped_column(String(255))
    #: the settings without which the text fails, found by its last check; None if that was in an earlier release
    settings_read: Mapped[list[str] | None]
    #: calls and link hosts, as `ScriptNeeds.reaches` gives them, found by the same check; None likewise
    reaches: Mapped[dict[str, Any] | None]
    #: whether it has a function prepare, found by the same check; None likewise
    prepares: Mapped[bool | None]
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str] = mapped_column(Text, default="")

    def __repr__(self) -> str:
        return f"<Version {self.number} {self.sha256[:12]}>"

    @validates("implementation_id", "script_id", "number", "sha256", "source", "api_level", "created_at", "created_by")
    def _only_once(self, field: str, value: Any) -> Any:
        if inspect(self).persistent:
            raise TypeError(f"a version's {field} never changes")
        return value


#: Options of a list of versions: the large columns are read when they are used, one version at a time, in the session.
WITHOUT_TEXT = (defer(Version.source), defer(Version.findings))


class VersionCode(Base):
    """The compiled code of a version for one runtime: bytes that only the jail may load."""

    __tablename__ = "version_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "implementation_id"], ["versions.id", "versions.implementation_id"], ondelete="CASCADE"
        ),
    )

    version_id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    runtime_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    code: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


def add_version(  # noqa: PLR0913 - six, the most our style allows
    db: Session,
    implementation: Implementation,
    source: str,
    *,
    by: str,
    api_level: int = 1,
    findings: Sequence[Mapping[str, Any]] = (),
) -> Version:
    """Store a text that passed the check, and return its version. The same text again is the same version."""
    fields.checked({"source": _source, "by": fields.line(255, empty=False)}, {"source": source, "by": by})
    implementations.lock(db, implementation)
    script = _script(db, implementation)
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    known = find_version(db, implementation, sha256)
    if known is not None:
        return known
    last = db.scalar(select(func.max(Version.number)).where(Version.script_id == script.id))
    version = Version(
        implementation_id=implementation.id,
        script_id=script.id,
        number=(last or 0) + 1,
        sha256=sha256,
        source=source,
        api_level=api_level,
        findings=fields.storable(list(findings)),
        created_by=by,
    )
    db.add(version)
    db.flush()
    return version


def find_version(db: Session, implementation: Implementation, sha256: str) -> Version | None:
    """Return the implementation's version with this SHA-256 of its text."""
    mine = select(Version).where(Version.implementation_id == implementation.id)
    return db.scalar(mine.where(Version.sha256 == sha256))


def by_number(db: Session, implementation: Implementation, number: int) -> Version | None:
    """Return the implementation's version with this number, which may be any number that somebody typed."""
    if number > LARGEST_NUMBER:
        return None
    mine = select(Version).where(Version.implementation_id == implementation.id)
    return db.scalar(mine.where(Version.number == number))


def by_id(db: Session, implementation: Implementation, version_id: int) -> Version:
    """Return a version of the implementation that is known to exist."""
    mine = select(Version).where(Version.implementation_id == implementation.id)
    return db.scalars(mine.where(Version.id == version_id)).one()


def versions(db: Session, implementation: Implementation) -> list[Version]:
    """Return all versions of an implementation, the newest first, as in `WITHOUT_TEXT`."""
    mine = select(Version).where(Version.implementation_id == implementation.id).options(*WITHOUT_TEXT)
    return list(db.scalars(mine.order_by(Version.number.desc())))


def reinstate(db: Session, version: Version) -> None:
    """Let a suspended version be deployed again, after somebody looked into it. Raises RuleViolation if it is not suspended."""
    if version.suspended_at is None:
        raise RuleViolation("version", "is not suspended")
    version.suspended_at = None
    version.suspended_reason = ""
    db.flush()


def suspended(db: Session) -> list[tuple[str, Version]]:
    """Return the suspended versions of all implementations, each with its implementation's slug, the newest first."""
    found = select(Implementation.slug, Version).join(Implementation, Implementation.id == Version.implementation_id)
    rows = db.execute(
        found.options(*WITHOUT_TEXT).where(Version.suspended_at.is_not(None)).order_by(Version.suspended_at.desc())
    )
    return [(slug, version) for slug, version in rows]


def code_for(db: Session, version: Version, runtime_key: str) -> bytes | None:
    """Return the code compiled for exactly this runtime, or None if it must be compiled."""
    stored = db.get(VersionCode, (version.id, runtime_key))
    return None if stored is None else stored.code


def keep_code(db: Session, version: Version, runtime_key: str, code: bytes) -> None:
    """Store a version's code for a runtime, unless there is one already."""
    row = {
        "version_id": version.id,
        "runtime_key": runtime_key,
        "implementation_id": version.implementation_id,
        "code": code,
    }
    insert_missing(db, VersionCode, [row])


def keep_needs(db: Session, version: Version, needs: ScriptNeeds) -> None:
    """Store what a version's text needs, as found by a check."""
    version.settings_read = fields.storable(list(needs.settings))
    version.reaches = fields.storable(needs.reaches())
    version.prepares = needs.prepares
    db.flush()


def lacks_of(db: Session, implementation: Implementation, version: Version) -> tuple[Lack, ...]:
    """Return what this version needs and the implementation lacks, as far as its last check told."""
    return script_needs.lacks(db, implementation, ScriptNeeds.stored(version.settings_read, version.reaches))


def settings_missing(implementation: Implementation, version: Version) -> list[str]:
    """Return the settings that this version needs and the implementation does not have."""
    return [name for name in version.settings_read or () if name not in implementation.script_settings]


def _script(db: Session, implementation: Implementation) -> Script:
    """Return the implementation's script, which is created with its first version; the caller holds the lock."""
    script = db.scalar(select(Script).where(Script.implementation_id == implementation.id))
    if script is None:
        script = Script(implementation_id=implementation.id, name="Session status")
        db.add(script)
        db.flush()
    return script


def _source(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is missing")
    fields.refuse_controls(value, allowed="\n\r\t\f")
    size = len(value.encode())
    if size > LARGEST_SOURCE:
        raise ValueError(f"must have at most {LARGEST_SOURCE} bytes; this has {size}")
    return value
