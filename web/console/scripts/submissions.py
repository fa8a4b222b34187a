"""A submission: its page, taking it back, comments, and the decision about it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, flash, request

from records import RuleViolation
from records.changes.scripts import submissions as changes
from records.changes.scripts.submissions import warnings_of
from records.scripts import reviews
from records.scripts.states import APPROVED, SUBMITTED, worded
from records.scripts.submissions import is_tried
from web.console.commits import by_page, commit_to
from web.console.scripts.review_forms import comment_of, decision_form, decision_of, refuse_decision
from web.console.scripts.submission_page import SentForms, comment_form, draw, sees_private
from web.console.scripts.views_base import SCRIPT_FORM, UNCHANGED, address, blueprint, reading, submission_named
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.redirects import see_other

#: Bytes of a decision with its notes and reasons, percent-encoded.
DECISION_FORM = SCRIPT_FORM
COMMENT_FORM = 64 * 1024
NO_COMMENT = "There is no such comment."


@blueprint.get("/submissions/<int:number>")
@needs(Permission.SEE_SCRIPTS)
def submission(implementation: str, number: int) -> Response:
    """Show a submission: what it changes, what is said about it, and what was decided.

    `with` is the version that it is compared with, `line` the line to comment on.
    """
    with reading(implementation) as (db, found):
        return draw(db, found, number)


@blueprint.post("/submissions/<int:number>/withdraw")
@needs(Permission.SUBMIT_SCRIPTS)
def withdraw(implementation: str, number: int) -> Response:
    """Take one's own undecided submission back."""
    try:
        commit_to(implementation, lambda db, owner: changes.withdraw(db, owner, number, by_page()))
    except RuleViolation as refused:
        flash(f"Nothing was withdrawn: the {refused.field} {refused.reason}.", "note")
    else:
        flash("The submission is withdrawn. Its text stays listed as a version.")
    return _back(implementation, number)


@blueprint.post("/submissions/<int:number>/decision")
@needs(Permission.REVIEW_SCRIPTS)
@takes(body=DECISION_FORM)
def decide(implementation: str, number: int) -> Response:
    """Decide about a submission. A decision that came too late is refused, and its notes stay on the page."""
    with reading(implementation) as (db, found):
        submission, version = submission_named(db, found, number)
        warnings, tried = warnings_of(version), is_tried(submission)
        title = f"version {version.number}"
    form = decision_form(warnings, tried=tried)
    decision = decision_of(
        form, warnings, decision=request.form.get("decision", ""), sha256=request.form.get("sha256", "")
    )
    try:
        commit_to(implementation, lambda db, owner: changes.decide(db, owner, number, decision, by_page()))
    except RuleViolation as refused:
        refuse_decision(form, refused)
        with reading(implementation) as (db, found):
            waits = submission_named(db, found, number)[0].state == SUBMITTED
            return draw(db, found, number, SentForms(decision=form) if waits else SentForms(too_late=form))
    follows = " It can be staged or activated." if decision.decision == APPROVED else ""
    flash(f"{title.capitalize()}: {worded(decision.decision)}.{follows}")
    return _back(implementation, number)


@blueprint.post("/submissions/<int:number>/comments")
@needs(Permission.SEE_SCRIPTS)
@takes(body=COMMENT_FORM)
def add_comment(implementation: str, number: int) -> Response:
    """Comment on a submission or on a line of it. Authors answer reviewers here, too."""
    with reading(implementation) as (db, found):
        _, version = submission_named(db, found, number)
        form = comment_form(private=sees_private(db, found, version))
    try:
        after = commit_to(
            implementation, lambda db, owner: changes.comment(db, owner, number, comment_of(form), by_page())
        )
    except RuleViolation as refused:
        form.refuse(refused)
        with reading(implementation) as (db, found):
            return draw(db, found, number, SentForms(comment=form))
    return _back(implementation, number, _anchor=f"comment-{after.value.id}")


@blueprint.post("/submissions/<int:number>/comments/<int:comment>/resolve")
@needs(Permission.SEE_SCRIPTS)
def resolve_comment(implementation: str, number: int, comment: int) -> Response:
    """Mark a comment as resolved. One that this person does not see is as one that there is not."""
    with reading(implementation) as (db, found):
        submission, version = submission_named(db, found, number)
        seen = reviews.comments(db, submission, private=sees_private(db, found, version))
    if comment not in {one.id for one in seen}:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_COMMENT)
    try:
        after = commit_to(implementation, lambda db, owner: changes.resolve(db, owner, number, comment, by_page()))
    except RuleViolation as refused:
        flash(f"Nothing was resolved: the {refused.field} {refused.reason}.", "note")
        return _back(implementation, number)
    flash("The comment is resolved." if after.made else UNCHANGED)
    return _back(implementation, number, _anchor=f"comment-{comment}")


def _back(implementation: str, number: int, **more: Any) -> Response:
    return see_other(address("submission", implementation, number=number, **more))
