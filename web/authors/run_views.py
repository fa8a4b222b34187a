"""Runs with their traces, as they are recorded: redacted. The docstrings are the reference of these endpoints."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Response, request

from records import RunFilter, support_references
from records.scripts import run_names, runs
from runner.explanations.status_explanation import OUTCOMES
from web.auth.services import AuthServices
from web.authors import answers
from web.authors.request_values import moment_parameter, number_parameter, text_parameter
from web.authors.token_access import author_blueprint, caller, implementation_of_token, token_needs
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

MOST_LISTED = 100
#: A run is recorded when it has ended, so one that began earlier can be recorded later than the run of `after`.
OVERLAP = timedelta(seconds=30)

blueprint = author_blueprint("author_runs", "/runs")


@blueprint.get("")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_RUNS)
def list_all(implementation: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """List the runs of the implementation, the newest first, with their traces.

    `user`, `session`, `version` (its SHA-256) and `outcome` must be equal; `failed=1` takes only those that failed; `since`
    and `until` are times (RFC 3339). `limit` is at most 100. `after=ID` takes runs that were recorded after this one, and
    those of 30 seconds before, because runs are recorded when they end: compare the IDs with those that you have.
    """
    limit = number_parameter("limit", 50, most=MOST_LISTED)
    names = ("user", "session", "outcome", "version")
    wanted = {name: text_parameter(name) for name in names}
    if wanted["outcome"] not in (None, *OUTCOMES):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, f"outcome must be one of {', '.join(OUTCOMES)}.")
    since, after = moment_parameter("since"), text_parameter("after")
    failed = True if request.args.get("failed") == "1" else None
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        last = runs.find(db, owner, after) if after else None
        if after and last is None:
            raise HttpProblem(
                HTTPStatus.NOT_FOUND, "There is no run with the ID of `after`; perhaps it is no longer kept."
            )
        if last is not None:
            since = max(filter(None, (since, last.started_at - OVERLAP)))
        chosen = RunFilter(since=since, until=moment_parameter("until"), failed=failed, **wanted)
        rows = [run for run in runs.recent(db, owner, chosen, limit=limit + 1) if run.id != after][:limit]
        told = {"time_zone": owner.time_zone, "runs": answers.runs_json(db, owner, rows)}
        return answers.private_json(told)


@blueprint.get("/<run>")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_RUNS)
def show(implementation: str, run: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return the run with this ID, or those with this reference, which people read out: eight digits or letters a to f.

    Each call says whether the run before, for the same user and session, got the same answer (`same`).
    """
    reference = support_references.read(run)
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        if reference:
            found = [row for of, row in runs.by_reference(db, reference) if of.id == owner.id]
        else:
            found = [row for row in [runs.find(db, owner, run)] if row]
        if not found:
            raise HttpProblem(
                HTTPStatus.NOT_FOUND, f"{caller().implementation} has no such run: it is not kept, or never was."
            )
        names = run_names.of_runs(db, owner, found)
        compared = [(row, runs.calls_compared(row, runs.before(db, owner, row))) for row in found]
        told = [answers.run_json(row, names, calls) for row, calls in compared]
        return answers.private_json({"time_zone": owner.time_zone, "runs": told})
