"""Saving a draft, and handing it in. A draft is its author's own and shows nobody anything, so it has no audit entry."""

from __future__ import annotations

from typing import Any

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


def keep_scenario(  # noqa: PLR0913 - six, the most our style allows
    db: Session, owner: Implementation, source: str, scenario: dict[str, Any], by: AuditContext, *, revision: int
) -> AfterCommit[ScriptDraft]:
    """Save a draft, and add a scenario to it, in place of one with its name. Raises RuleViolation as `save` does."""
    draft = save(db, owner, source, by, revision=revision).value
    drafts.keep_scenario(db, draft, scenario)
    return AfterCommit(owner.slug, draft, announced=False)


def drop_scenario(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[None]:
    """Remove a scenario from the person's draft. One that is not there is no change."""
    lock(db, owner)
    draft = drafts.find(db, owner, by.actor)
    if draft is None or not drafts.drop_scenario(db, draft, name):
        return unchanged(owner.slug, None)
    return AfterCommit(owner.slug, None, announced=False)


def submit(
    db: Session, owner: Implementation, script: CheckedScript, draft: SubmissionDraft, by: AuditContext
) -> AfterCommit[Submitted]:
    """Hand a text in as `submissions.submit` does, and forget the author's draft if it is this text."""
    after = submissions.submit(db, owner, script, draft, by)
    present = drafts.find(db, owner, by.actor)
    if present is not None and present.source == script.source:
        drafts.drop(db, owner, by.actor)
    return after
