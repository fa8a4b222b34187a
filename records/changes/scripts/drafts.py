"""Saving a draft, and handing it in. A draft is its author's own and shows nobody anything, so it has no audit entry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock
from records.scripts import drafts
from records.scripts.drafts import ScriptDraft
from records.scripts.submissions import SubmissionDraft
from records.tenants.implementations import Implementation

from . import submissions
from .checked_scripts import CheckedScript
from .submissions import Submitted


def save(
    db: Session, owner: Implementation, source: str, by: AuditContext, *, revision: int
) -> AfterCommit[ScriptDraft]:
    """Save a draft; the text that is saved already is no change.

    `revision` is that of the draft which the author edited, 0 if there was none. Raises RuleViolation if another text was
    saved meanwhile.
    """
    lock(db, owner)
    present = drafts.find(db, owner, by.actor)
    if present is not None and present.source == source:
        return unchanged(owner.slug, present)
    draft = drafts.save(db, owner, by.actor, source, revision=revision)
    return AfterCommit(owner.slug, draft, announced=False)


def submit(
    db: Session, owner: Implementation, script: CheckedScript, draft: SubmissionDraft, by: AuditContext
) -> AfterCommit[Submitted]:
    """Hand a text in as `submissions.submit` does, and forget the author's draft if it is this text."""
    after = submissions.submit(db, owner, script, draft, by)
    present = drafts.find(db, owner, by.actor)
    if present is not None and present.source == script.source:
        drafts.drop(db, owner, by.actor)
    return after
