"""Handing in a script for review, looking at what became of it, and taking it back.

The docstrings are the reference of these endpoints: the OpenAPI document is made from them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, url_for

from records import DbSession, Implementation, RuleViolation, Version
from records.changes.after_commit import AfterCommit
from records.changes.scripts import submissions as changes
from records.changes.scripts.submissions import Submitted
from records.scripts import author_tokens, submissions
from records.scripts.submissions import Submission, SubmissionDraft
from runner.checks.script_checks import ChecksUnavailable
from runner.queues.trial_orders import order_first_trial
from runner.trials.implementation_facts import facts_of
from runner.trials.script_review import ScriptReview, finding_json
from runner.trials.submission import checked_script, secrets_of, submit, without_own_secrets
from web.auth.services import AuthServices
from web.authors import answers
from web.authors.request_values import LARGEST_NUMBER, json_body, number_parameter
from web.authors.token_access import (
    author_blueprint,
    author_context,
    caller,
    implementation_of_token,
    limit_submissions,
    token_needs,
)
from web.console.commits import commit
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem

#: Bytes of the body: the text, its cases and a note.
BODY = 1024 * 1024
MOST_LISTED = 100

blueprint = author_blueprint("author_submissions", "/scripts/submissions")


@blueprint.post("")
@needs(Permission.ANYONE)
@token_needs(Permission.SUBMIT_SCRIPTS)
@takes(body=BODY, cross_site=True)
def hand_in(implementation: str) -> Response:
    """Hand a script in for review.

    The body is a JSON object with `source`, the text of the script, and perhaps `note` (for the reviewer) and `scenarios`,
    a list of cases, each with `name`, `input`, `answers` and `expected`. The script is checked against the implementation
    in the jail; with an error, nothing is stored, and the answer (422) has the `findings`, each with line, column, what is
    wrong, why, and what to write instead. A secret in the script, its note or its cases is such an error.

    An undecided submission of the same person is superseded. A text that is approved already, or suspended, is refused (409).
    """
    body = json_body({"source": None, "note": "", "scenarios": []})
    limit_submissions()
    review, own_secrets = _reviewed(body["source"])
    draft = SubmissionDraft(body["note"], tuple(body["scenarios"]))

    def change(db: DbSession) -> AfterCommit[Submitted]:
        owner = implementation_of_token(db)
        script = checked_script(body["source"], review)
        return submit(db, owner, script, draft, author_context(), own_secrets=own_secrets)

    try:
        made = commit(change).value
    except RuleViolation as refused:
        raise refused_values(refused) from refused
    order_first_trial(AuthServices.here().jobs, implementation, made)
    with AuthServices.here().database.reading() as db:
        submission = _found(db, implementation_of_token(db), made.submission.number)
        told = answers.whole_submission(db, *submission) | {"superseded": made.superseded}
    response = answers.private_json(told, HTTPStatus.CREATED)
    where = url_for("author_submissions.show", implementation=implementation, number=made.submission.number)
    response.headers["Location"] = where
    return response


@blueprint.get("")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def list_all(implementation: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """List the submissions of the implementation, the newest first. `limit` is at most 100."""
    limit = number_parameter("limit", 50, most=MOST_LISTED)
    with AuthServices.here().database.reading() as db:
        rows = submissions.every(db, implementation_of_token(db), limit=limit)
        return answers.private_json({"submissions": [answers.submission_json(*row) for row in rows]})


@blueprint.get("/<int:number>")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def show(implementation: str, number: int) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return a submission: its state, the decision about it, and the comments that are meant for its author."""
    with AuthServices.here().database.reading() as db:
        return answers.private_json(answers.whole_submission(db, *_found(db, implementation_of_token(db), number)))


@blueprint.post("/<int:number>/withdraw")
@needs(Permission.ANYONE)
@token_needs(Permission.SUBMIT_SCRIPTS)
@takes(cross_site=True)
def withdraw(implementation: str, number: int) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Take a submission back that is not decided. Only its author can (409 for others, and for one that was decided)."""

    def change(db: DbSession) -> AfterCommit[Submission]:
        owner = implementation_of_token(db)
        _found(db, owner, number)
        return changes.withdraw(db, owner, number, author_context())

    try:
        commit(change)
    except RuleViolation as refused:
        raise refused_values(refused) from refused
    with AuthServices.here().database.reading() as db:
        return answers.private_json(answers.whole_submission(db, *_found(db, implementation_of_token(db), number)))


def refused_values(refused: RuleViolation) -> HttpProblem:
    """Return the problem for values that a rule refuses: 409 if what is there is in the way, else 422 with every fault."""
    there = refused.field in ("version", "submission")
    status = HTTPStatus.CONFLICT if there else HTTPStatus.UNPROCESSABLE_ENTITY
    faults = [{"field": one.field, "reason": one.reason} for one in refused.faults]
    return HttpProblem(status, f"{str(refused).removesuffix('.')}.", members={"faults": faults})


def _reviewed(source: str) -> tuple[ScriptReview, tuple[str, ...]]:
    """Check the text. Raises `HttpProblem` (422 with the findings, 503)."""
    services = AuthServices.here()
    with services.database.reading() as db:
        owner = implementation_of_token(db)
        facts, own_secrets = facts_of(db, owner), secrets_of(db, services.box, owner)
        person = author_tokens.person_behind(db, owner, caller().actor)
    try:
        review = without_own_secrets(source, services.script_checks.review(source, facts, by=person), own_secrets)
    except ChecksUnavailable as error:
        headers = {"Retry-After": "5"} if error.busy else {}
        raise HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=headers) from error
    if not review.ok:
        members: dict[str, Any] = {"findings": [finding_json(one) for one in review.findings]}
        detail = (
            "The check found errors in this script, so it was not handed in. Each finding says what to write instead."
        )
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, members=members)
    return review, own_secrets


def _found(db: DbSession, owner: Implementation, number: int) -> tuple[Submission, Version]:
    """Return a submission and its version. Raises `HttpProblem` (404)."""
    found = submissions.find(db, owner, number) if number <= LARGEST_NUMBER else None
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, f"There is no submission {number}.")
    return found, db.get_one(Version, found.version_id)
