"""Puts a reviewed script in service: stores the text as a version, keeps its code, makes the version the active one."""

from __future__ import annotations

from records import DbSession, Implementation
from records.scripts import versions
from sandbox import RUNTIME_KEY

from .trial import ScriptReview, finding_json


def submit(db: DbSession, implementation: Implementation, source: str, review: ScriptReview, *, by: str) -> int:
    """Activate a text which passed its review; returns the version's number. Announce the change after the commit."""
    assert review.ok
    assert review.checked.code is not None
    version = versions.add_version(
        db,
        implementation,
        source,
        by=by,
        api_level=review.checked.api_level,
        findings=[finding_json(finding) for finding in review.findings],
    )
    versions.keep_code(db, version, RUNTIME_KEY, review.checked.code)
    versions.keep_settings_read(db, version, review.checked.settings)
    versions.activate(db, implementation, version, by=by)
    return version.number
