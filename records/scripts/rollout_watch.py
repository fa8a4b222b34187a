"""The watch on staged versions: reverts one whose users fail clearly more often than those of the active version.

The service does this by itself, so the audit entry says what was counted. The rule is in `rollout_rule`. Workers share the
work: one claims a stage for some seconds, counts without a lock, and locks only for a look that is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, case, func, or_, select, update
from sqlalchemy.orm import Session

from records import audit
from records.plurals import counted
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import deployments, rollout_rule
from .deployments import Deployment
from .rollout_rule import UserCount
from .runs import INSTEAD, RETURNED, Run
from .states import STAGED
from .suspensions import SERVICE
from .versions import Version

#: Outcomes that say nothing about a script.
NOT_COUNTED = ("service away",)
#: For how long one worker claims the watch on a stage.
CLAIM = timedelta(seconds=9)


@dataclass(frozen=True)
class RolloutReverted:
    """A staged version that was reverted, and why."""

    implementation: str  #: slug
    version: int
    sha256: str
    reason: str


@dataclass(frozen=True)
class WatchState:
    """What the watch has counted since the stage has its share, and how often it has compared the two versions."""

    version: int
    staged: UserCount
    active: UserCount
    looks: int

    @property
    def lacking(self) -> str:
        """Why there was no comparison yet, in a sentence; "" if there was one."""
        if self.looks:
            return ""
        return (
            f"Version {self.version} is not compared with the active version yet: {counted(self.staged.users, 'user')} had runs"
            f" of it ({rollout_rule.FIRST} are needed), and {counted(self.active.users, 'user')} of the active version"
            f" ({rollout_rule.FIRST_ACTIVE} are needed)."
        )


def unclaimed(db: Session, now: datetime) -> list[str]:
    """Return the implementations (slugs) with a staged version that no worker watches at the moment."""
    rows = select(Implementation.slug).join(Deployment, Deployment.implementation_id == Implementation.id)
    return list(db.scalars(rows.where(Implementation.archived_at.is_(None), *_claimable(now))))


def claim(db: Session, slug: str, now: datetime) -> bool:
    """Claim the watch on the staged version of an implementation for some seconds. Of several workers, one gets it."""
    mine = select(Implementation.id).where(Implementation.slug == slug).scalar_subquery()
    claiming = update(Deployment).where(Deployment.implementation_id == mine, *_claimable(now))
    done: CursorResult[Any] = db.execute(claiming.values(next_look_at=now + CLAIM))  # type: ignore[assignment]  # of an UPDATE
    return done.rowcount == 1


def is_due(db: Session, slug: str) -> bool:
    """Say whether it is time for a look. Takes no lock."""
    owner = implementations.find(db, slug)
    found = deployments.live(db, owner) if owner else None
    if owner is None or found is None or found.staged is None or found.active is None:
        return False
    deployment, version = found.staged
    staged = count_users(db, owner, version, deployment.share_since)
    if not _look_due(deployment, staged, UserCount(rollout_rule.FIRST_ACTIVE, 0)):
        return False  # whatever the other count, which is the longer one
    return _look_due(deployment, staged, count_users(db, owner, found.active[1], deployment.share_since))


def state_of(db: Session, owner: Implementation) -> WatchState | None:
    """Return the state of the watch on the staged version; None without a staged and an active version to compare."""
    found = deployments.live(db, owner)
    if found.staged is None or found.active is None:
        return None
    deployment, version = found.staged
    staged, active = (count_users(db, owner, each, deployment.share_since) for each in (version, found.active[1]))
    return WatchState(version.number, staged, active, deployment.looks)


def look(db: Session, slug: str) -> RolloutReverted | None:
    """Compare the staged version of an implementation with the active one, if it is time for that.

    1. The implementation is locked, so that nobody deploys meanwhile.
    2. There are a staged and an active version to compare.
    3. Both have enough users for a look that was not made yet.
    4. The look is counted, whatever it finds.
    5. A version that is clearly worse is reverted, and an audit entry says why.
    """
    owner = implementations.find(db, slug)
    if owner is None:
        return None
    implementations.lock(db, owner)  # 1
    found = deployments.live(db, owner)
    state = state_of(db, owner)
    if found.staged is None or state is None:  # 2
        return None
    deployment, version = found.staged
    if not _look_due(deployment, state.staged, state.active):  # 3
        return None
    deployment.looks, deployment.looked_users = state.looks + 1, state.staged.users  # 4
    db.flush()
    if not rollout_rule.is_worse(state.staged, state.active, state.looks):
        return None
    return _reverted(db, owner, deployment, version, _reason(state.staged, state.active))  # 5


def count_users(db: Session, owner: Implementation, version: Version, since: datetime) -> UserCount:
    """Count the users with runs of a version since a moment, and those of them who had a failed one.

    A run of the active version that was made because the staged one failed does not count: its user was not chosen at
    random, and belongs to the stage.
    """
    row = db.execute(count_query(owner, version, since)).one()
    return UserCount(users=row[0], failed=row[1])


def count_query(owner: Implementation, version: Version, since: datetime) -> Select[int, int]:
    """Return the query of `count_users`. It reads one index and no trace, because workers ask it every few seconds."""
    failed = case((Run.outcome != RETURNED, Run.user))
    counts = select(func.count(Run.user.distinct()), func.count(failed.distinct()))
    return counts.where(
        Run.implementation_id == owner.id,
        Run.version == version.sha256,
        Run.started_at >= since,
        Run.outcome.not_in(NOT_COUNTED),
        Run.because != INSTEAD,
    )


def _claimable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a deployment is staged and not claimed; a claim from a clock that was ahead does not hold."""
    at = Deployment.next_look_at
    return Deployment.state == STAGED, or_(at.is_(None), at <= now, at > now + CLAIM)


def _look_due(deployment: Deployment, staged: UserCount, active: UserCount) -> bool:
    return rollout_rule.look_due(deployment.looked_users, staged.users, active.users)


def _reverted(
    db: Session, owner: Implementation, deployment: Deployment, version: Version, reason: str
) -> RolloutReverted:
    deployments.revert(db, deployment, SERVICE, reason)
    audit.append(
        db,
        actor=SERVICE,
        action="script.reverted",
        target=f"version {version.number}",
        implementation=owner.slug,
        reason=reason,
        detail={"sha256": version.sha256, "share": deployment.share},
    )
    return RolloutReverted(owner.slug, version.number, version.sha256, reason)


def _reason(staged: UserCount, active: UserCount) -> str:
    return (
        f"runs failed for {staged.failed} of {counted(staged.users, 'user')} ({staged.rate:.1%}) of the staged version, "
        f"and for {active.failed} of {counted(active.users, 'user')} ({active.rate:.1%}) of the active version"
    )
