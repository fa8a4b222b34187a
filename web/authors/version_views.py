"""Versions of a script, their texts, and the difference between two. The docstrings are the reference of these endpoints."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records import DbSession, Implementation, Version
from records.scripts import deployments, versions
from web.auth.services import AuthServices
from web.authors import answers
from web.authors.request_values import LARGEST_NUMBER, number_parameter
from web.authors.token_access import author_blueprint, implementation_of_token, token_needs
from web.console.scripts.source.unified_diff import unified_diff
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

blueprint = author_blueprint("author_versions", "/scripts/versions")


@blueprint.get("")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def list_all(implementation: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """List the stored versions of the implementation's script, the newest first, with what became of each."""
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        live, found = deployments.live(db, owner), versions.versions(db, owner)
        return answers.private_json({"versions": answers.versions_json(db, live, found)})


@blueprint.get("/<int:number>")
@needs(Permission.ANYONE)
@token_needs(Permission.SEE_SCRIPTS)
def show(implementation: str, number: int) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return a version with its text and the findings of its check."""
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        found, live = _found(db, owner, number), deployments.live(db, owner)
        [told] = answers.versions_json(db, live, [found])
        return answers.private_json(told | {"source": found.source, "findings": list(found.findings)})


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
            {
                "from": before.number,
                "to": after.number,
                "same": before.id == after.id,
                "diff": unified_diff(_named(before), _named(after)),
            }
        )


def _named(version: Version) -> tuple[str, str]:
    return f"version {version.number}", version.source


def _found(db: DbSession, owner: Implementation, number: int) -> Version:
    found = versions.by_number(db, owner, number) if number <= LARGEST_NUMBER else None
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, f"There is no version {number}.")
    return found
