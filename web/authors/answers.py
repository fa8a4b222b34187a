"""What programs are told of submissions, versions and runs. The command line prints the same. Times are in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify

from records import DbSession, Implementation, Run, Version
from records.people import actors
from records.people.actors import Actor
from records.scripts import reviews, run_names
from records.scripts.author_tokens import AuthorToken
from records.scripts.deployments import LiveVersions
from records.scripts.run_names import RunNames
from records.scripts.submissions import Submission
from web.console.scripts import version_states
from web.middleware.response_headers import PRIVATE

#: The attributes of a run in JSON, besides its times and names.
RUN_MEMBERS = (
    *("id", "reference", "user", "session", "version", "because", "waited_ms", "outcome", "alarm", "shown_as"),
    *("message", "warnings", "calls", "log", "error", "usage", "given"),
)


def private_json(value: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a JSON answer for one person."""
    response = jsonify(value)
    response.status_code = status
    response.headers.update(dict(PRIVATE))
    return response


def stamp(at: datetime | None) -> str | None:
    """Return a moment as RFC 3339."""
    return at.isoformat(timespec="seconds") if at else None


def versions_json(db: DbSession, live: LiveVersions, rows: Iterable[Version]) -> list[dict[str, Any]]:
    """Return versions without their texts. `live` are the versions that users of their implementation see."""
    found = list(rows)
    states = version_states.states_of(db, live, found)
    names = actors.by_keys(db, {each.created_by for each in found})
    return [_version_json(each, states[each.id].words, names.get(each.created_by)) for each in found]


def _version_json(version: Version, state: str, person: Actor | None) -> dict[str, Any]:
    return {
        "version": version.number,
        "sha256": version.sha256,
        "state": state,
        "api_level": version.api_level,
        "stored_at": stamp(version.created_at),
        "stored_by": version.created_by,
        "stored_by_name": person.name if person else None,
    }


def submission_json(submission: Submission, version: Version) -> dict[str, Any]:
    """Return a submission as lists have it."""
    return {
        "number": submission.number,
        "version": version.number,
        "sha256": version.sha256,
        "state": submission.state,
        "submitted_at": stamp(submission.submitted_at),
        "submitted_by": submission.submitted_by,
        "author": submission.author,
        "decided_at": stamp(submission.decided_at),
    }


def whole_submission(db: DbSession, submission: Submission, version: Version) -> dict[str, Any]:
    """Return a submission with its note, the findings of its check, its review, and the comments that are for its author."""
    review = reviews.of_submission(db, submission)
    names = actors.by_keys(db, [review.reviewer] if review else [])
    return submission_json(submission, version) | {
        "note": submission.note,
        "scenarios": len(submission.scenarios),
        "findings": list(version.findings),
        "review": None
        if review is None
        else {
            "decision": review.decision,
            "reviewer": review.reviewer,
            "reviewer_name": names[review.reviewer].name if review.reviewer in names else None,
            "note": review.public_note,
            "at": stamp(review.at),
        },
        "comments": [
            {
                "line": one.line,
                "text": one.text,
                "by": one.by,
                "at": stamp(one.at),
                "resolved": one.resolved_at is not None,
            }
            for one in reviews.comments(db, submission, private=False)
        ],
    }


def token_json(token: AuthorToken, implementation: Implementation, may: list[str]) -> dict[str, Any]:
    """Return what a token is, besides its text."""
    return {
        "implementation": implementation.slug,
        "name": token.name,
        "person": token.made_by,
        "allows": may,
        "ends_at": stamp(token.ends_at),
    }


def runs_json(db: DbSession, owner: Implementation, rows: list[Run]) -> list[dict[str, Any]]:
    """Return runs with the names of their people and sessions."""
    names = run_names.of_runs(db, owner, rows)
    return [run_json(run, names) for run in rows]


def run_json(run: Run, names: RunNames, calls: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Return a run as JSON values, with `calls` in place of its own if they are given. An unknown name is null."""
    return {
        "started_at": run.started_at.isoformat(),
        "returned_at": run.returned_at.isoformat() if run.returned_at else None,
        "user_name": names.users.get(run.user),
        "session_title": names.sessions.get(run.session),
    } | {name: getattr(run, name) if name != "calls" or calls is None else calls for name in RUN_MEMBERS}
