"""Activates a reviewed script: stores its text with the findings of the review and the code for this runtime."""

from __future__ import annotations

from records import DbSession, Implementation, Version
from records.audit import AuditContext
from records.changes import scripts
from records.changes.after_commit import AfterCommit
from records.changes.scripts import CheckedScript
from sandbox import RUNTIME_KEY

from .trial import ScriptReview, finding_json


def activate(  # noqa: PLR0913 - whose script, its text, its review, and who answers for it
    db: DbSession, owner: Implementation, source: str, review: ScriptReview, by: AuditContext, *, author: str
) -> AfterCommit[Version]:
    """Activate a text that passed its review, as `records.changes.scripts.activate` does."""
    assert review.ok
    assert review.checked.code is not None
    checked = CheckedScript(
        source=source,
        api_level=review.checked.api_level,
        findings=tuple(finding_json(finding) for finding in review.findings),
        settings=tuple(review.checked.settings),
        runtime_key=RUNTIME_KEY,
        code=review.checked.code,
    )
    return scripts.activate(db, owner, checked, by, author=author)
