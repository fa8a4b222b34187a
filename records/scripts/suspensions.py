"""Suspending a version because of its runs, with the audit entry that says why.

The service decides this itself, without a person at a page, so an auditor must be able to see why a version stopped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from records import audit, support_references
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import deployments, versions
from .states import seen_as

#: Characters of a reason that are kept.
LONGEST = 2000
#: The actor in the audit entry. It has no slash, so no person has this key.
SERVICE = "the service"


def suspend(db: Session, owner: Implementation, sha256: str, reason: str, *, runs: Sequence[str] = ()) -> bool:
    """Suspend the version with this SHA-256 and note it. Returns False if it was removed or is suspended already.

    `runs` are the ids of the runs that led to it. The implementation is locked, so that there is only one entry.
    """
    implementations.lock(db, owner)
    found = versions.find_version(db, owner, sha256)
    if found is None or found.suspended_at is not None:
        return False
    deployment = deployments.of_version(db, found)
    detail: dict[str, Any] = {"sha256": sha256}
    if deployment is not None:
        detail["ended"] = [f"version {found.number}, {seen_as(deployment.state, deployment.share)}"]
    reason = _one_line(reason)
    deployments.suspend(db, found, reason, SERVICE)
    if runs:
        detail["runs"] = ", ".join(runs)
        detail["references"] = ", ".join(support_references.of_run(run) for run in runs)
    audit.append(
        db,
        actor=SERVICE,
        action="script.suspended",
        target=f"version {found.number}",
        implementation=owner.slug,
        reason=reason,
        detail=detail,
    )
    return True


def _one_line(reason: str) -> str:
    """Return a reason that can be kept: what a script has said in it must not keep its version from being suspended."""
    shown = "".join("\ufffd" if unicodedata.category(each) in ("Cc", "Cs") else each for each in reason)
    return shown.strip()[:LONGEST] or "unknown"
