"""The token's own facts. The docstring is the reference of this endpoint."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records.scripts import author_tokens
from web.auth.services import AuthServices
from web.authors import answers
from web.authors.token_access import author_blueprint, caller, implementation_of_token, token_needs
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

blueprint = author_blueprint("author_token", "/scripts/token")


@blueprint.get("")
@needs(Permission.ANYONE)
@token_needs(Permission.ANYONE)
def show(implementation: str) -> Response:  # noqa: ARG001 - the token is of this implementation
    """Return what the author token of this request is: its name, its person, what it allows, and when it ends."""
    with AuthServices.here().database.reading() as db:
        owner = implementation_of_token(db)
        token = author_tokens.by_name(db, owner, caller().token)
        if token is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "This token was removed meanwhile.")
        return answers.private_json(answers.token_json(token, owner, sorted(each.name for each in caller().may)))
