"""From a script that passed its check to the records: it is activated, or handed in for review."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from records import DbSession, Implementation, SecretBox, Version, fields
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit
from records.changes.scripts import deployments, drafts, submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.changes.scripts.submissions import Submitted
from records.scripts.submissions import SubmissionDraft
from records.tenants import connections

from .pasted_secrets import case_faults, holds_own_secret, own_secret_finding
from .script_review import ScriptReview, finding_json


def activate(  # noqa: PLR0913 - whose script, its text, its review, and who answers for it
    db: DbSession, owner: Implementation, source: str, review: ScriptReview, by: AuditContext, *, author: str
) -> AfterCommit[Version]:
    """Activate a text that passed its check, without a review, as `records.changes.scripts.deployments.activate_text` does."""
    return deployments.activate_text(db, owner, checked_script(source, review), by, author=author)


def submit(  # noqa: PLR0913 - what is handed in, by whom, and what must not be in it
    db: DbSession,
    owner: Implementation,
    script: CheckedScript,
    draft: SubmissionDraft,
    by: AuditContext,
    *,
    own_secrets: Collection[str],
) -> AfterCommit[Submitted]:
    """Hand a text that passed its check in for review. Raises RuleViolation, also for a secret in its note or cases."""
    fields.refuse(case_faults(draft.scenarios, draft.note, own_secrets))
    return submissions.submit(db, owner, script, draft, by)


def submit_draft(  # noqa: PLR0913 - as above
    db: DbSession,
    owner: Implementation,
    script: CheckedScript,
    draft: SubmissionDraft,
    by: AuditContext,
    *,
    own_secrets: Collection[str],
) -> AfterCommit[Submitted]:
    """Do the same with the author's draft in the console, which is forgotten then."""
    fields.refuse(case_faults(draft.scenarios, draft.note, own_secrets))
    return drafts.submit(db, owner, script, draft, by)


def secrets_of(db: DbSession, box: SecretBox, owner: Implementation) -> tuple[str, ...]:
    """Return the secrets of the implementation's connections, to look for them in what an author hands in."""
    opened, _ = connections.open_usable(db, box, owner)
    return tuple(one.secret for one in opened.values() if one.secret)


def without_own_secrets(source: str, review: ScriptReview, own_secrets: Collection[str]) -> ScriptReview:
    """Return the review of a script; with one more finding if the script contains a secret of a connection."""
    if not holds_own_secret(source, own_secrets):
        return review
    return replace(review, findings=(own_secret_finding(), *review.findings))


def checked_script(source: str, review: ScriptReview) -> CheckedScript:
    """Return a text that passed its check, with what the check found, as the records take it."""
    assert review.ok
    assert review.checked.code is not None
    return CheckedScript(
        source=source,
        api_level=review.checked.api_level,
        findings=tuple(finding_json(finding) for finding in review.findings),
        settings=tuple(review.checked.settings),
        runtime_key=review.runtime_key,
        code=review.checked.code,
    )
