"""Handing in a script for review, withdrawing it, commenting on it, and deciding about it.

None of this changes what anybody is shown, so nothing is announced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import RuleViolation
from records.scripts import author_tokens, reviews, submissions, versions
from records.scripts.reviews import CommentDraft, Review, ReviewComment, ReviewDecision
from records.scripts.states import APPROVED
from records.scripts.submissions import Submission, SubmissionDraft
from records.scripts.versions import Version
from records.tenants.implementations import Implementation

from .checked_scripts import CheckedScript, stored

SUBMITTED = "script.submitted"
WITHDRAWN = "script.withdrawn"
COMMENTED = "review.commented"
RESOLVED = "review.comment_resolved"
#: The action of an entry about a decision, by the decision.
DECIDED = {
    "changes_requested": "review.changes_requested",
    "approved": "review.approved",
    "rejected": "review.rejected",
}


@dataclass(frozen=True)
class Submitted:
    """A new submission, its version, and the number of the submission that it superseded, if there was one."""

    submission: Submission
    version: Version
    superseded: int | None


def submit(
    db: Session, owner: Implementation, script: CheckedScript, draft: SubmissionDraft, by: AuditContext
) -> AfterCommit[Submitted]:
    """Store a text as a version and hand it in for review, in place of the author's undecided submission.

    What they have handed in already, as it is, is no change. Raises RuleViolation for a version that is suspended, and for
    one that is approved already.
    """
    lock(db, owner)
    author = author_tokens.person_behind(db, owner, by.actor)
    before = submissions.undecided_of(db, owner, author)
    version = stored(db, owner, script, by.actor)
    submission = submissions.submit(db, owner, version, draft, by.actor)
    if before is not None and before.id == submission.id:
        return unchanged(owner.slug, Submitted(submission, version, None))
    detail = {"version": version.number, "sha256": version.sha256}
    if author != by.actor:
        detail["author"] = author
    if before is not None:
        detail["superseded"] = _target(before)
    note(db, owner.slug, SUBMITTED, by, target=_target(submission), detail=detail)
    made = Submitted(submission, version, before.number if before else None)
    return AfterCommit(owner.slug, made, announced=False)


def withdraw(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[Submission]:
    """Take one's own undecided submission back. Raises RuleViolation for another author's, and for a decided one."""
    lock(db, owner)
    submission = _found(db, owner, number)
    submissions.withdraw(db, owner, submission, by.actor)
    note(db, owner.slug, WITHDRAWN, by, target=_target(submission))
    return AfterCommit(owner.slug, submission, announced=False)


def decide(
    db: Session, owner: Implementation, number: int, decision: ReviewDecision, by: AuditContext
) -> AfterCommit[Review]:
    """Approve or reject a submission, or request changes, as `records.scripts.reviews.decide` does.

    Raises RuleViolation if it was decided, withdrawn or superseded meanwhile, for the text of another submission, for the
    author's own, for an approval that leaves a warning of the check without a reason to accept it, and for one before the
    trial has ended that does not say why.
    """
    lock(db, owner)
    submission = _found(db, owner, number)
    if decision.decision == APPROVED:
        _refuse_open_warnings(db, owner, submission, decision)
    review = reviews.decide(db, owner, submission, decision, by=by.actor)
    detail: dict[str, Any] = {"sha256": review.sha256, "waived": len(review.waived)}
    if review.untried_reason:
        detail["approved before its trial had ended"] = review.untried_reason
    note(db, owner.slug, DECIDED[review.decision], by, target=_target(submission), detail=detail)
    return AfterCommit(owner.slug, review, announced=False)


def comment(
    db: Session, owner: Implementation, number: int, draft: CommentDraft, by: AuditContext
) -> AfterCommit[ReviewComment]:
    """Comment on a submission or on a line of its script. The entry does not repeat the text."""
    lock(db, owner)
    submission = _found(db, owner, number)
    added = reviews.comment(db, submission, draft, by.actor)
    detail = {"comment": added.id, "line": added.line, "private": added.private}
    note(db, owner.slug, COMMENTED, by, target=_target(submission), detail=detail)
    return AfterCommit(owner.slug, added, announced=False)


def resolve(
    db: Session, owner: Implementation, number: int, comment_id: int, by: AuditContext
) -> AfterCommit[ReviewComment]:
    """Mark a comment as resolved. One that is resolved already is no change."""
    lock(db, owner)
    submission = _found(db, owner, number)
    found = reviews.find_comment(db, submission, comment_id)
    if found is None:
        raise RuleViolation("comment", f"{comment_id} does not belong to submission {number}")
    if not reviews.resolve(db, found, by.actor):
        return unchanged(owner.slug, found)
    note(db, owner.slug, RESOLVED, by, target=_target(submission), detail={"comment": found.id})
    return AfterCommit(owner.slug, found, announced=False)


def finding_words(finding: Mapping[str, Any]) -> str:
    """Return a finding of a check in the words by which a decision names it."""
    return f"line {finding['line']}: {finding['what']}"


def warnings_of(version: Version) -> list[Mapping[str, Any]]:
    """Return the findings of a version that an approval must accept, each with a reason."""
    return [finding for finding in version.findings if finding["severity"] == "warning"]


def _refuse_open_warnings(db: Session, owner: Implementation, submission: Submission, decision: ReviewDecision) -> None:
    version = versions.by_id(db, owner, submission.version_id)
    waived = {one["finding"] for one in decision.waived if one["reason"].strip()}
    left = [finding_words(finding) for finding in warnings_of(version) if finding_words(finding) not in waived]
    if left:
        raise RuleViolation("waived", f"must give a reason for each warning: {'; '.join(left)}")


def _found(db: Session, owner: Implementation, number: int) -> Submission:
    submission = submissions.find(db, owner, number)
    if submission is None:
        raise RuleViolation("submission", f"{number} does not exist in {owner.slug}")
    return submission


def _target(submission: Submission) -> str:
    return f"submission {submission.number}"
