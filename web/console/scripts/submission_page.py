"""The page of one submission, for its author and for reviewers. The view of each form on it draws it again with its faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, request

from records import DbSession, Implementation
from records.changes.scripts.submissions import warnings_of
from records.people import actors
from records.scripts import author_tokens, deployments, reviews, submissions, versions
from records.scripts.reviews import Review, ReviewComment
from records.scripts.states import SUBMITTED
from records.scripts.submissions import Submission
from records.scripts.versions import Version
from records.tenants import connections
from runner.logins import StoreAway
from web.auth.services import AuthServices
from web.console.layout.page_frame import signed_in
from web.console.scripts.requirements import ReviewedText, requirements, touched_by
from web.console.scripts.review_forms import CommentForm, DecisionForm, PrivateCommentForm, decision_form
from web.console.scripts.script_check import PageCheck, look
from web.console.scripts.source.source_diff import compare
from web.console.scripts.source.source_lines import DeceptivePlaces
from web.console.scripts.trials.drawn_messages import colours_address
from web.console.scripts.trials.scenario_rows import scenario_rows
from web.console.scripts.trials.trial_results import TrialResults
from web.console.scripts.views_base import number_in, page, submission_named
from web.permissions import Permission

#: Earlier decisions that a page lists.
MOST_EARLIER = 10


def visit_name(slug: str, number: int) -> str:
    """Return the name under which is noted who has a submission open."""
    return f"{slug}/submission/{number}"


def comment_form(*, private: bool, **more: Any) -> CommentForm:
    """Make the form for a comment; `private`: of a person who may keep one among reviewers."""
    return (PrivateCommentForm if private else CommentForm)(**more)


def is_reviewer() -> bool:
    """Say whether this person may decide about submissions here."""
    return signed_in().may(Permission.REVIEW_SCRIPTS, (request.view_args or {})["implementation"])


def sees_private(db: DbSession, found: Implementation, version: Version) -> bool:
    """Say whether this person sees what reviewers write for each other: a reviewer who had no hand in the text."""
    return is_reviewer() and signed_in().actor not in submissions.authors_of(db, found, version)


@dataclass(frozen=True)
class SentForms:
    """What was sent and refused: a decision, one that came too late, or a comment."""

    decision: DecisionForm | None = None
    too_late: DecisionForm | None = None
    comment: CommentForm | None = None

    @property
    def faulty(self) -> DecisionForm | CommentForm | None:
        """The form with the faults."""
        return self.decision or self.too_late or self.comment


def draw(db: DbSession, found: Implementation, number: int, sent: SentForms | None = None) -> Response:
    """Draw the page of a submission, with a form that was refused."""
    sent = sent or SentForms()
    submission, version = submission_named(db, found, number)
    review, reviewer, me = reviews.of_submission(db, submission), is_reviewer(), signed_in().actor
    own = me in submissions.authors_of(db, found, version)
    private = reviewer and not own
    said = reviews.comments(db, submission, private=private)
    waits = submission.state == SUBMITTED
    checked = look(db, found, version.source) if reviewer or waits else PageCheck()
    seen_as = own if reviewer else None
    warnings, tried = warnings_of(version), submissions.is_tried(submission)
    text = ReviewedText(version, checked, warnings, said, DeceptivePlaces.of(version.source), tried, seen_as)
    scenarios = scenario_rows(submission.scenarios, found)
    looking = _looking(found, number) if reviewer else {}
    earlier = _earlier(db, found, submission)
    form = (sent.decision or decision_form(warnings, tried=tried, formdata=None)) if private and waits else None
    return page(
        "submission.html",
        found,
        title=f"Submission {number}",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if sent.faulty else HTTPStatus.OK,
        faulty=sent.faulty,
        submission=submission,
        version=version,
        review=review,
        reviewer=reviewer,
        private=private,
        is_author=author_tokens.person_behind(db, found, me) == submission.author,
        decision=form,
        refused=sent.too_late,
        comment=sent.comment or _new_comment(private=private),
        comments=said,
        by_line=_by_line(said),
        results=TrialResults.of(submission),
        scenarios=scenarios,
        colours=colours_address([one.message for one in scenarios], found),
        newer=None if waits else submissions.undecided_of(db, found, submission.author),
        earlier=earlier,
        looking=looking,
        names=actors.by_keys(db, _keys(submission, review, said, earlier, looking)),
        **_about_text(db, found, text),
    )


def _about_text(db: DbSession, found: Implementation, text: ReviewedText) -> dict[str, Any]:
    """Return what the page says of the text itself: its check, what it touches, what is missing, what changed."""
    base = _compared_with(db, found, text.version)
    return {
        "checked": text.checked,
        "touched": touched_by(text.checked, found, {one.name for one in connections.every(db, found)}),
        "requirements": requirements(found, text),
        "base": base,
        "diff": compare(base.source if base else "", text.version.source),
        "deceptive": text.deceptive,
    }


def _compared_with(db: DbSession, found: Implementation, version: Version) -> Version | None:
    """Return what the text is compared with: the version of the address, else the active one."""
    number = number_in(request.args.get("with", ""))
    if number is not None:
        return versions.by_number(db, found, number)
    active = deployments.active_version(db, found)
    if active is None or active.id != version.id:
        return active
    return next((one for one in versions.versions(db, found) if one.number < version.number), None)


def _new_comment(*, private: bool) -> CommentForm:
    """Return the form for a comment, on the line of the address if there is one."""
    form, line = comment_form(private=private, formdata=None), request.args.get("line", "")
    form.line.data = "" if number_in(line) is None else line
    return form


def _looking(found: Implementation, number: int) -> dict[str, datetime]:
    """Return which other reviewers opened the page lately, and note that this one did."""
    visits, page_name, me = AuthServices.here().store.visits, visit_name(found.slug, number), signed_in().actor
    try:
        (others,) = visits.of(page_name)
        visits.note(page_name, me)
    except StoreAway:  # then the page says nothing about others; a decision is refused if another came first
        return {}
    return {person: at for person, at in others.items() if person != me}


def _earlier(db: DbSession, found: Implementation, submission: Submission) -> list[tuple[Submission, Version, Review]]:
    """Return the decisions about earlier submissions, the newest first."""
    rows = [(one, version) for one, version in submissions.every(db, found) if one.number < submission.number]
    decided = [(one, version, reviews.of_submission(db, one)) for one, version in rows[: 3 * MOST_EARLIER]]
    return [(one, version, review) for one, version, review in decided if review is not None][:MOST_EARLIER]


def _by_line(said: Iterable[ReviewComment]) -> dict[int, list[ReviewComment]]:
    found: dict[int, list[ReviewComment]] = {}
    for one in said:
        if one.line is not None:
            found.setdefault(one.line, []).append(one)
    return found


def _keys(
    submission: Submission,
    review: Review | None,
    said: Iterable[ReviewComment],
    earlier: Iterable[tuple[Submission, Version, Review]],
    looking: Iterable[str],
) -> set[str]:
    """Return the keys of everyone who is named on the page."""
    keys = {submission.submitted_by, submission.author, *looking, *({review.reviewer} if review else ())}
    keys |= {key for one in said for key in (one.by, one.resolved_by)}
    return keys | {one.reviewer for _, _, one in earlier}
