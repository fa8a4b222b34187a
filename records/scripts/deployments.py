"""Deployments: which version is active or staged, for which share of the users, and since when.

At most one version of an implementation is active and at most one is staged; indexes of the table say so, not only the
rules. A staged version is seen by a share of the users. Which users these are depends on the deployment's salt and the
user alone, so a user sees the same version at every request, and stays in the stage when its share grows.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, validates

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.tenants import implementations
from records.tenants.implementations import Implementation

from .states import ACTIVE, DEPLOYMENT, REVERTED, STAGED, SUPERSEDED, SUSPENDED
from .versions import WITHOUT_TEXT, Version

#: Percent of the users that a staged version may have. The others are who it is compared with.
SMALLEST_SHARE, LARGEST_SHARE = 1, 90
#: Users are divided into so many parts of the same size.
_PARTS = 10_000


class Deployment(Base):
    """A version that users see from a moment on. It begins staged or active; a staged one can become active."""

    __tablename__ = "deployments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "implementation_id"], ["versions.id", "versions.implementation_id"], ondelete="CASCADE"
        ),
        CheckConstraint(DEPLOYMENT.constraint, name="state"),
        CheckConstraint("share BETWEEN 1 AND 100 AND (state <> 'active' OR share = 100)", name="share"),
        CheckConstraint("(state IN ('staged', 'active')) = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("state <> 'active' OR active_since IS NOT NULL", name="active_since"),
        *(
            Index(
                f"uq_deployments_{state}",
                "implementation_id",
                unique=True,
                sqlite_where=text(f"state = '{state}'"),
                postgresql_where=text(f"state = '{state}'"),
            )
            for state in (STAGED, ACTIVE)
        ),
        Index(None, "implementation_id", "started_at"),
        Index(None, "version_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(RowId)
    state: Mapped[str] = mapped_column(String(16))
    share: Mapped[int]  #: percent of the users who see it
    salt: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_by: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(Text, default="")
    active_since: Mapped[datetime | None]  #: None if it was only staged
    activated_by: Mapped[str] = mapped_column(String(255), default="", server_default="")
    activation_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    widened_at: Mapped[datetime | None]  #: when its share grew last; None if it never did
    looks: Mapped[int] = mapped_column(default=0)  #: how often it was compared with the active version
    #: how many of its users the last comparison counted; 0 since its share grew
    looked_users: Mapped[int] = mapped_column(default=0, server_default="0")
    next_look_at: Mapped[datetime | None]  #: until then, one worker has claimed the watch on it
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(255), default="")
    end_reason: Mapped[str] = mapped_column(Text, default="")

    def __repr__(self) -> str:
        return f"<Deployment {self.id} {self.state} {self.share} %>"

    @property
    def share_since(self) -> datetime:
        """Since when it has the share that it has."""
        return self.widened_at or self.started_at

    @validates("state")
    def _follow(self, _: str, state: str) -> str:
        return DEPLOYMENT.check(self.state, state)

    @validates("implementation_id", "version_id", "salt", "started_at", "started_by")
    def _only_once(self, field: str, value: object) -> object:
        if inspect(self).persistent:
            raise TypeError(f"a deployment's {field} never changes")
        return value


@dataclass(frozen=True)
class LiveVersions:
    """What users see now: each with its deployment, None where there is none."""

    active: tuple[Deployment, Version] | None = None
    staged: tuple[Deployment, Version] | None = None

    def is_staged(self, version: Version) -> bool:
        """Say whether a version is the staged one."""
        return self.staged is not None and self.staged[1].id == version.id


def live(db: Session, implementation: Implementation) -> LiveVersions:
    """Return the active and the staged version."""
    rows = select(Deployment, Version).join(Version, Version.id == Deployment.version_id)
    mine = rows.where(Deployment.implementation_id == implementation.id, Deployment.ended_at.is_(None))
    found = {deployment.state: (deployment, version) for deployment, version in db.execute(mine)}
    return LiveVersions(active=found.get(ACTIVE), staged=found.get(STAGED))


def active_version(db: Session, implementation: Implementation) -> Version | None:
    """Return the active version: all users see it but those who see a staged one."""
    found = live(db, implementation).active
    return found[1] if found else None


def of_version(db: Session, version: Version) -> Deployment | None:
    """Return the deployment by which a version is active or staged, or None."""
    mine = select(Deployment).where(Deployment.version_id == version.id, Deployment.ended_at.is_(None))
    return db.scalar(mine)


def history(db: Session, implementation: Implementation, *, limit: int = 50) -> list[tuple[Deployment, Version]]:
    """Return the deployments of an implementation, the newest first, with versions as in `versions.WITHOUT_TEXT`."""
    rows = select(Deployment, Version).join(Version, Version.id == Deployment.version_id).options(*WITHOUT_TEXT)
    mine = rows.where(Deployment.implementation_id == implementation.id)
    found = db.execute(mine.order_by(Deployment.started_at.desc(), Deployment.id.desc()).limit(limit))
    return [(deployment, version) for deployment, version in found]


def was_active(db: Session, version: Version) -> bool:
    """Say whether a version is or was active at some time."""
    mine = select(Deployment.id).where(Deployment.version_id == version.id, Deployment.active_since.is_not(None))
    return db.scalar(mine.limit(1)) is not None


def active_before(db: Session, implementation: Implementation) -> Version | None:
    """Return the version to roll back to: the one that was active last of those which another version superseded.

    It is not one whose newest deployment was reverted or suspended, nor the active, the staged or a suspended one.
    """
    lives = (
        select(
            Deployment.version_id,
            func.max(Deployment.id).label("newest"),
            func.max(Deployment.active_since).label("at"),
        )
        .where(Deployment.implementation_id == implementation.id)
        .group_by(Deployment.version_id)
        .having(func.max(Deployment.active_since).is_not(None))
        .subquery()
    )
    rows = select(Version).join(lives, lives.c.version_id == Version.id)
    rows = rows.join(Deployment, Deployment.id == lives.c.newest)
    rows = rows.where(Deployment.state == SUPERSEDED, Version.suspended_at.is_(None))
    return db.scalar(rows.order_by(lives.c.at.desc(), lives.c.newest.desc()).limit(1))


def newest_of(db: Session, version: Version) -> Deployment | None:
    """Return the newest deployment of a version, ended or not."""
    mine = select(Deployment).where(Deployment.version_id == version.id)
    return db.scalar(mine.order_by(Deployment.id.desc()).limit(1))


def activate(  # noqa: PLR0913 - six, the most our style allows
    db: Session,
    implementation: Implementation,
    version: Version,
    by: str,
    *,
    reason: str = "",
    ends_as: str = SUPERSEDED,
) -> Deployment:
    """Let all users see a version. What was active or staged before ends in the state `ends_as`.

    The deployment of a staged version goes on. Raises RuleViolation for a foreign or suspended version.
    """
    given = _checked(db, implementation, version, by, reason)
    now, found = utc_now(), live(db, implementation)
    for ending, other in filter(None, (found.active, found.staged)):
        if other.id != version.id:
            _close(ending, ends_as, given["by"], given["reason"], now)
    db.flush()  # the places are free before they are taken
    deployment = of_version(db, version)
    if deployment is None:
        deployment = Deployment(implementation_id=implementation.id, version_id=version.id)
        deployment.started_by, deployment.reason, deployment.started_at = given["by"], given["reason"], now
        db.add(deployment)
    elif deployment.state == ACTIVE:
        return deployment
    deployment.state, deployment.share, deployment.active_since = ACTIVE, 100, now
    deployment.activated_by, deployment.activation_reason = given["by"], given["reason"]
    db.flush()
    return deployment


def stage(  # noqa: PLR0913 - six, the most our style allows
    db: Session, implementation: Implementation, version: Version, *, share: int, by: str, reason: str = ""
) -> Deployment:
    """Let a share of the users see a version, instead of any other staged one. The others keep the active version.

    Raises RuleViolation for a foreign or suspended version, for the active one, and if none is active.
    """
    given = _checked(db, implementation, version, by, reason)
    fields.checked({"share": _share}, {"share": share})
    found = live(db, implementation)
    if found.active is None:
        raise RuleViolation("version", "cannot be staged while no version is active: activate it")
    if found.active[1].id == version.id:
        raise RuleViolation("version", "is active already")
    if found.staged:
        if found.staged[1].id == version.id:
            raise RuleViolation("version", f"is staged already, for {found.staged[0].share} % of the users")
        _close(found.staged[0], SUPERSEDED, given["by"], given["reason"], utc_now())
        db.flush()
    deployment = Deployment(implementation_id=implementation.id, version_id=version.id, state=STAGED, share=share)
    deployment.started_by, deployment.reason = given["by"], given["reason"]
    db.add(deployment)
    db.flush()
    return deployment


def widen(db: Session, deployment: Deployment, share: int) -> None:
    """Let more users see a staged version; those who see it now keep it. Raises RuleViolation for a smaller share."""
    fields.checked({"share": _share}, {"share": share})
    if deployment.state != STAGED:
        raise RuleViolation("deployment", f"is {deployment.state}: only a staged version has a share")
    if share <= deployment.share:
        raise RuleViolation("share", f"must be more than the present {deployment.share} %; to take it back, revert it")
    deployment.share, deployment.widened_at, deployment.looked_users = share, utc_now(), 0
    db.flush()


def revert(db: Session, deployment: Deployment, by: str, reason: str) -> None:
    """Take a staged version back: its users see the active version again. Raises RuleViolation if it is not staged."""
    given = fields.checked(_CHECKS, {"by": by, "reason": reason})
    if deployment.state != STAGED:
        raise RuleViolation("deployment", f"is {deployment.state}: only a staged version can be reverted")
    _close(deployment, REVERTED, given["by"], given["reason"], utc_now())
    db.flush()


def suspend(db: Session, version: Version, reason: str, by: str) -> None:
    """Take a version from its users at once, and keep it from them until it is reinstated. Another one stays."""
    given = fields.checked(_CHECKS | {"reason": fields.line(2000, empty=False)}, {"reason": reason, "by": by})
    deployment = of_version(db, version)
    if deployment is not None:
        _close(deployment, SUSPENDED, given["by"], given["reason"], utc_now())
    version.suspended_at = utc_now()
    version.suspended_reason = given["reason"]
    db.flush()


def sees(salt: str, share: int, subject: str) -> bool:
    """Say whether a user is in a share of this many percent."""
    digest = hashlib.blake2b(f"{salt}\0{subject}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % _PARTS < share * _PARTS // 100


def _checked(db: Session, implementation: Implementation, version: Version, by: str, reason: str) -> dict[str, str]:
    """Lock the implementation and refuse what no user may see; the caller gets who does it and why."""
    if version.implementation_id != implementation.id:
        raise RuleViolation("version", "belongs to another implementation")
    given = fields.checked(_CHECKS, {"by": by, "reason": reason})
    implementations.lock(db, implementation)
    db.refresh(version)  # it may have been suspended while we waited
    if version.suspended_at is not None:
        raise RuleViolation("version", f"is suspended: {version.suspended_reason}")
    return given


def _close(deployment: Deployment, state: str, by: str, reason: str, now: datetime) -> None:
    deployment.state = state
    deployment.ended_at, deployment.ended_by, deployment.end_reason = now, by, reason


_share = fields.whole(SMALLEST_SHARE, LARGEST_SHARE)
_CHECKS: dict[str, fields.Check] = {"by": fields.line(255, empty=False), "reason": fields.line(2000)}
