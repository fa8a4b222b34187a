"""Activating, staging and taking back versions: each takes effect with the next request.

A version that is staged or activated must be approved, and the implementation must have what it needs, as far as its text
says (`readiness`). Operators of the service can do it without a review; who says so can do it although something is
lacking. The audit entry says both. Rolling back needs neither: that version was active before.

A change of the staged or the active version names the one that the person looked at (`expected`, a version's number). It
raises `Overtaken` if it is another one by then.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy.orm import Session

from records import fields
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.columns import utc_now
from records.errors import Overtaken, RuleViolation
from records.scripts import deployments, versions
from records.scripts.deployments import Deployment
from records.scripts.states import REVERTED, SUPERSEDED, seen_as
from records.scripts.versions import Version
from records.tenants.implementations import Implementation

from .checked_scripts import CheckedScript, stored
from .readiness import Without, refuse_unready

STORED = "script.stored"
ACTIVATED = "script.activated"
STAGED = "script.staged"
WIDENED = "script.widened"
ROLLED_BACK = "script.rolled_back"
TAKEN_BACK = "script.reverted"
SUSPENDED = "script.suspended"
REINSTATED = "script.reinstated"
STOPPED = "scripts.stopped"
CONTINUED = "scripts.continued"

LONGEST_REASON = 2000


def store_text(
    db: Session, owner: Implementation, script: CheckedScript, by: AuditContext, *, author: str
) -> AfterCommit[Version]:
    """Store a text as a version that no user sees; a stored text is no change. `author` is named beside the version."""
    lock(db, owner)
    known = versions.find_version(db, owner, hashlib.sha256(script.source.encode()).hexdigest())
    version = stored(db, owner, script, author)
    if known is not None:
        return unchanged(owner.slug, version)
    note(db, owner.slug, STORED, by, target=_target(version), detail={"sha256": version.sha256})
    return AfterCommit(owner.slug, version, announced=False)


def activate_text(  # noqa: PLR0913 - six, the most our style allows
    db: Session,
    owner: Implementation,
    script: CheckedScript,
    by: AuditContext,
    *,
    author: str,
    without: Without = Without.REVIEW,
) -> AfterCommit[Version]:
    """Store a text as a version and activate it without a review; the active text is no change.

    `author` is who is named beside the version. Raises RuleViolation as `activate` does.
    """
    lock(db, owner)
    version = stored(db, owner, script, author)
    return _activated(db, owner, version, by, without)


def activate(
    db: Session, owner: Implementation, number: int, by: AuditContext, *, without: Without = Without.NOTHING
) -> AfterCommit[Version]:
    """Let all users see a version. The active version is no change.

    Raises RuleViolation for one that was not approved or lacks something, unless `without` allows that, and for a
    suspended one.
    """
    lock(db, owner)
    return _activated(db, owner, _found(db, owner, number), by, without)


def stage(  # noqa: PLR0913 - six, the most our style allows
    db: Session,
    owner: Implementation,
    number: int,
    share: int,
    by: AuditContext,
    *,
    without: Without = Without.NOTHING,
) -> AfterCommit[Deployment]:
    """Let a share of the users see a version; raises as `activate` does, and if there is no other active version."""
    lock(db, owner)
    version = _found(db, owner, number)
    ready = refuse_unready(db, owner, version, without)
    detail = {"share": share} | ready | _ending(deployments.live(db, owner).staged)
    deployment = deployments.stage(db, owner, version, share=share, by=by.actor, reason=by.reason)
    note(db, owner.slug, STAGED, by, target=_target(version), detail=detail)
    return AfterCommit(owner.slug, deployment)


def widen(
    db: Session, owner: Implementation, share: int, by: AuditContext, *, expected: int
) -> AfterCommit[Deployment]:
    """Let more users see the staged version. Raises RuleViolation if none is staged, and for a smaller share."""
    by = _checked(by, reason_needed=False)
    lock(db, owner)
    deployment, version = _staged(db, owner, expected)
    before = deployment.share
    deployments.widen(db, deployment, share)
    note(db, owner.slug, WIDENED, by, target=_target(version), detail={"share": [before, share]})
    return AfterCommit(owner.slug, deployment)


def revert(db: Session, owner: Implementation, by: AuditContext, *, expected: int) -> AfterCommit[Version]:
    """Take the staged version back: its users see the active version again. Raises RuleViolation if none is staged."""
    by = _checked(by)
    lock(db, owner)
    deployment, version = _staged(db, owner, expected)
    deployments.revert(db, deployment, by.actor, by.reason)
    note(db, owner.slug, TAKEN_BACK, by, target=_target(version), detail={"share": deployment.share})
    return AfterCommit(owner.slug, version)


def roll_back(
    db: Session, owner: Implementation, by: AuditContext, *, expected: int | None, number: int | None = None
) -> AfterCommit[Version]:
    """Let all users see an old version instead of `expected` (None: no version is active).

    It is that with this `number`, or the one that was active last (`records.scripts.deployments.active_before`). A staged
    version is reverted with it. Raises RuleViolation for a version to which nobody rolls back: one that was never active,
    is active or staged, is suspended, or was reverted or suspended when users saw it last.
    """
    by = _checked(by)
    lock(db, owner)
    found = deployments.live(db, owner)
    present = found.active[1] if found.active else None
    if (present.number if present else None) != expected:
        told = f"{present.number if present else 'none'} is active by now"
        raise Overtaken("version", told if expected is None else f"{told}, and not {expected}")
    version = deployments.active_before(db, owner) if number is None else _found(db, owner, number)
    if version is None:
        raise RuleViolation("version", "is missing: no other version was active before that can be active again")
    _refuse_target(db, version)
    detail = ({"from": present.number} if present else {}) | _ending(found.active, found.staged)
    deployments.activate(db, owner, version, by.actor, reason=by.reason, ends_as=REVERTED)
    note(db, owner.slug, ROLLED_BACK, by, target=_target(version), detail=detail)
    return AfterCommit(owner.slug, version)


def suspend(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[Version]:
    """Take a version from its users until it is reinstated. One that is suspended is no change."""
    by = _checked(by)
    lock(db, owner)
    version = _found(db, owner, number)
    if version.suspended_at is not None:
        return unchanged(owner.slug, version)
    deployment = deployments.of_version(db, version)
    ending = _ending((deployment, version) if deployment else None)
    deployments.suspend(db, version, by.reason, by.actor)
    note(db, owner.slug, SUSPENDED, by, target=_target(version), detail={"sha256": version.sha256} | ending)
    return AfterCommit(owner.slug, version)


def reinstate(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[Version]:
    """Let a suspended version be deployed again; this does not activate it. Raises RuleViolation for any other."""
    by = _checked(by)
    lock(db, owner)
    version = _found(db, owner, number)
    was = version.suspended_reason
    versions.reinstate(db, version)
    detail = {"sha256": version.sha256, "was suspended": was}
    note(db, owner.slug, REINSTATED, by, target=_target(version), detail=detail)
    return AfterCommit(owner.slug, version)


def stop(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Run no script of an implementation: its fallback text is shown, or nothing. Stopped already is no change."""
    by = _checked(by)
    lock(db, owner)
    if owner.stopped_at is not None:
        return unchanged(owner.slug, None)
    owner.stopped_at, owner.stopped_by, owner.stopped_reason = utc_now(), by.actor, by.reason
    db.flush()
    note(db, owner.slug, STOPPED, by)
    return AfterCommit(owner.slug, None)


def go_on(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[None]:
    """Run scripts again. Not stopped is no change."""
    by = _checked(by, reason_needed=False)
    lock(db, owner)
    if owner.stopped_at is None:
        return unchanged(owner.slug, None)
    detail = {"stopped since": owner.stopped_at.isoformat(timespec="seconds"), "stopped for": owner.stopped_reason}
    owner.stopped_at, owner.stopped_by, owner.stopped_reason = None, "", ""
    owner.continued_at = utc_now()
    db.flush()
    note(db, owner.slug, CONTINUED, by, detail=detail)
    return AfterCommit(owner.slug, None)


def _activated(
    db: Session, owner: Implementation, version: Version, by: AuditContext, without: Without
) -> AfterCommit[Version]:
    found = deployments.live(db, owner)
    if found.active is not None and found.active[1].id == version.id:
        return unchanged(owner.slug, version)
    ready = refuse_unready(db, owner, version, without)
    ending = _ending(found.active, None if found.is_staged(version) else found.staged)
    deployments.activate(db, owner, version, by.actor, reason=by.reason)
    note(db, owner.slug, ACTIVATED, by, target=_target(version), detail=ready | ending)
    return AfterCommit(owner.slug, version)


def _ending(*deployed: tuple[Deployment, Version] | None) -> dict[str, list[str]]:
    """Return what an entry says of the deployments that it ends. Call it before they end."""
    told = [f"{_target(version)}, {seen_as(each.state, each.share)}" for each, version in filter(None, deployed)]
    return {"ended": told} if told else {}


def _refuse_target(db: Session, version: Version) -> None:
    """Refuse a version that a roll back must not activate."""
    newest = deployments.newest_of(db, version)
    if newest is None or not deployments.was_active(db, version):
        raise RuleViolation("version", f"{version.number} was never active: activate it instead")
    if newest.ended_at is None:
        raise RuleViolation("version", f"{version.number} is the {newest.state} version")
    if newest.state != SUPERSEDED and version.suspended_at is None:
        told = f"{version.number} was {newest.state}: {newest.end_reason}"
        raise RuleViolation("version", f"{told}. If it is right nevertheless, activate it instead")


def _checked(by: AuditContext, *, reason_needed: bool = True) -> AuditContext:
    """Return the context with its reason in one line. Raises RuleViolation for one that is missing or cannot be kept."""
    check = {"reason": fields.line(LONGEST_REASON, empty=not reason_needed)}
    return replace(by, reason=fields.checked(check, {"reason": by.reason})["reason"])


def _found(db: Session, owner: Implementation, number: int) -> Version:
    version = versions.by_number(db, owner, number)
    if version is None:
        raise RuleViolation("version", f"{number} does not exist in {owner.slug}")
    return version


def _staged(db: Session, owner: Implementation, expected: int) -> tuple[Deployment, Version]:
    found = deployments.live(db, owner).staged
    if found is None:
        raise RuleViolation("deployment", f"is missing: no version of {owner.slug} is staged")
    if found[1].number != expected:
        raise Overtaken("version", f"{found[1].number} is staged by now, and not {expected}")
    return found


def _target(version: Version) -> str:
    return f"version {version.number}"
