"""Activates a reviewed script: stores its text with the findings of the review and the code for this runtime."""

from __future__ import annotations

from records import DbSession, Implementation, Version
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.scripts import deployments
from records.changes.scripts.checked_scripts import CheckedScript
from sandbox import RUNTIME_KEY

from .trial import ScriptReview, finding_json


def activate(  # noqa: PLR0913 - whose script, its text, its review, and who answers for it
    db: DbSession, owner: Implementation, source: str, review: ScriptReview, by: AuditContext, *, author: str
) -> AfterCommit[Version]:
    """Activate a text that passed its check, without a review, as `records.changes.scripts.deployments.activate_text` does."""
    return deployments.activate_text(db, owner, checked_script(source, review), by, author=author)


def checked_script(source: str, review: ScriptReview) -> CheckedScript:
    """Return a text that passed its check, with what the check found, as the records take it."""
    assert review.ok
    assert review.checked.code is not None
    return CheckedScript(
        source=source,
        api_level=review.checked.api_level,
        findings=tuple(finding_json(finding) for finding in review.findings),
        settings=tuple(review.checked.settings),
        runtime_key=RUNTIME_KEY,
        code=review.checked.code,
    )
