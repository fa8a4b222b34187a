"""The watch on staged versions: reverts one whose users fail clearly more often than those of the active version.

The service does this by itself, so the audit entry says what was counted. The rule is in `rollout_rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
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


@dataclass(frozen=True)
class RolloutReverted:
    """A staged version that was reverted, and why."""

    implementation: str  #: slug
    version: int
    sha256: str
    reason: str


def due(db: Session) -> list[str]:
    """Return the implementations whose staged version may have to be looked at, by their slugs. Takes no lock."""
    rows = select(Implementation, Deployment, Version).join(
        Deployment, Deployment.implementation_id == Implementation.id
    )
    rows = rows.join(Version, Version.id == Deployment.version_id)
    staged = db.execute(rows.where(Deployment.state == STAGED, Implementation.archived_at.is_(None)))
    return [
        owner.slug
        for owner, deployment, version in staged
        if _look_due(deployment, count_users(db, owner, version, deployment.started_at)) is not None
    ]


def look(db: Session, slug: str) -> RolloutReverted | None:
    """Compare the staged version of an implementation with the active one, if it is time for that.

    1. The implementation is locked, so that of several processes only one looks.
    2. There are a staged and an active version to compare.
    3. The stage has enough users for a look that was not made yet.
    4. The look is counted, whatever it finds.
    5. A version that is clearly worse is reverted, and an audit entry says why.
    """
    owner = implementations.find(db, slug)
    if owner is None:
        return None
    implementations.lock(db, owner)  # 1
    found = deployments.live(db, owner)
    if found.staged is None or found.active is None:  # 2
        return None
    deployment, version = found.staged
    staged = count_users(db, owner, version, deployment.started_at)
    number = _look_due(deployment, staged)
    if number is None:  # 3
        return None
    deployment.looks = number + 1  # 4
    db.flush()
    active = count_users(db, owner, found.active[1], deployment.started_at)
    if not rollout_rule.is_worse(staged, active, number):
        return None
    return _reverted(db, owner, deployment, version, _reason(staged, active))  # 5


def count_users(db: Session, owner: Implementation, version: Version, since: datetime) -> UserCount:
    """Count the users with runs of a version since a moment, and those of them who had a failed one.

    A run of the active version that was made because the staged one failed does not count: its user was not chosen at
    random, and belongs to the stage.
    """
    failed = func.max(case((Run.outcome == RETURNED, 0), else_=1)).label("failed")
    users = (
        select(Run.user, failed)
        .where(
            Run.implementation_id == owner.id,
            Run.started_at >= since,
            Run.version == version.sha256,
            Run.outcome.not_in(NOT_COUNTED),
            Run.because != INSTEAD,
        )
        .group_by(Run.user)
        .subquery()
    )
    row = db.execute(select(func.count(), func.coalesce(func.sum(users.c.failed), 0)).select_from(users)).one()
    return UserCount(users=row[0], failed=int(row[1]))


def _look_due(deployment: Deployment, staged: UserCount) -> int | None:
    return rollout_rule.look_due(deployment.looks, staged.users)


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
