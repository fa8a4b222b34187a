"""Versions of a script, their texts, and the difference between two. The docstrings are the reference of these endpoints."""

from __future__ import annotations

import difflib
from http import HTTPStatus

from flask import Response

from records import DbSession, Implementation, Version
from records.scripts import versions
from web.auth.services import AuthServices
from web.authors import answers
from web.authors.request_values import LARGEST_NUMBER, number_parameter
from web.authors.token_access import author_blueprint, implementation_of_token, token_needs
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

#: Lines of either text up to which two texts are compared: the time to compare grows with the square.
MOST_LINES = 5000

blueprint = author_blueprint("author_versions", "/scripts/versions")


@blueprint.get("")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def list_all(implementation: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """List the stored versions of the implementation's script, the newest first, with what became of each."""
    with AuthServices.here().database.reading() as db:
        found = versions.versions(db, implementation_of_token(db))
        return answers.private_json({"versions": [answers.version_json(db, one) for one in found]})


@blueprint.get("/<int:number>")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def show(implementation: str, number: int) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return a version with its text and the findings of its check."""
    with AuthServices.here().database.reading() as db:
        found = _found(db, implementation_of_token(db), number)
        told = answers.version_json(db, found) | {"source": found.source, "findings": list(found.findings)}
        return answers.private_json(told)


@blueprint.get("/<int:number>/diff")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def diff(implementation: str, number: int) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return what changed from a version to the version `to`, as a unified diff."""
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        before = _found(db, owner, number)
        after = _found(db, owner, number_parameter("to", number, most=LARGEST_NUMBER))
        return answers.private_json(
            {"from": before.number, "to": after.number, "same": before.id == after.id, "diff": unified(before, after)}
        )


def unified(before: Version, after: Version) -> str:
    """Return the unified diff of two texts; "" for equal ones. Raises `HttpProblem` (422) for texts of too many lines."""
    old, new = before.source.splitlines(), after.source.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        detail = f"Texts of more than {MOST_LINES} lines are not compared. Get both, and compare them yourself."
        raise HttpProblem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    names = f"version {before.number}", f"version {after.number}"
    return "\n".join(difflib.unified_diff(old, new, *names, lineterm=""))


def _found(db: DbSession, owner: Implementation, number: int) -> Version:
    found = versions.by_number(db, owner, number) if number <= LARGEST_NUMBER else None
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, f"There is no version {number}.")
    return found
