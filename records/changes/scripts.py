"""Activating a version of a script. The service suspends versions itself, because of their runs: `records.scripts.suspensions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.scripts import versions
from records.scripts.versions import Version
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import lock, note

ACTIVATED = "script.activated"


@dataclass(frozen=True)
class CheckedScript:
    """A text that passed its check, with what the check found, and its code for one runtime."""

    source: str
    api_level: int
    findings: tuple[dict[str, Any], ...]
    settings: tuple[str, ...]  #: the settings without which it fails
    runtime_key: str
    code: bytes


def activate(
    db: Session, owner: Implementation, script: CheckedScript, by: AuditContext, *, author: str
) -> AfterCommit[Version]:
    """Store a text as a version and put it in service. If it is in service already, that is not a change.

    `author` is named as the version's author. Raises RuleViolation for a suspended version.
    """
    lock(db, owner)
    before = versions.active(db, owner)
    version = versions.add_version(
        db, owner, script.source, by=author, api_level=script.api_level, findings=script.findings
    )
    versions.keep_code(db, version, script.runtime_key, script.code)
    versions.keep_settings_read(db, version, script.settings)
    if before is not None and before.id == version.id:
        return unchanged(owner.slug, version)
    versions.activate(db, owner, version, by=author)
    note(db, owner.slug, ACTIVATED, by, target=f"version {version.number}")
    return AfterCommit(owner.slug, version)
