"""The hooks that vendors call. The docstrings are the reference of these endpoints: the OpenAPI document is made from them."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, jsonify

from records import RuleViolation
from records.facts import fact_storage
from records.facts.fact_storage import FactAnswer, FactBatch, StoredFacts
from records.tenants import implementations
from runner.store.errors import StoreAway
from web.auth.services import AuthServices
from web.hooks.fact_batches import read_facts
from web.hooks.signed_calls import signed_call
from web.hooks.status_changes import StatusChange, known_of, read_change
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.status.services import StatusEndpointServices

#: Bytes of a push: 1,000 facts of 2 KB, with ids as long as they may be.
PUSH: Final = 3 * 1024 * 1024
#: Bytes of a change: 1,000 ids as long as they may be, escaped.
CHANGE: Final = 2 * 1024 * 1024
#: Characters of an id that is told again.
_LONGEST_ID: Final = 255
_KNOWN: Final = (FactAnswer.TAKEN, FactAnswer.UNCHANGED)

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks/<implementation>")


@blueprint.post("/facts")
@needs(Permission.ANYONE)
@takes(body=PUSH, cross_site=True)
def push_facts(implementation: str) -> Response:
    """Take what a vendor knows about users at one session, or at the whole event (`session` is null).

    The call is signed as the Standard Webhooks specification says, with a secret that an administrator makes in the console,
    under Facts. Its timestamp may be five minutes away from our clock.

    `facts` has one member for each user, by the user's id: a JSON object of at most 2,048 bytes, or null if nothing is known
    any more. `at` is when all of it was true; it may be at most five minutes ahead of our clock, and is not
    before the year 2000. Each entry stands alone. An entry with an older `at` than what is known is not taken. An `unchanged`
    entry makes what is known younger. If what is known about a user changes, the user's message is found anew when the app
    asks next.

    A call can be sent again with the same `webhook-id` and body: within ten minutes it is `repeated`, and nothing is done.
    """
    with signed_call(implementation, "facts") as call:
        if call.repeated:
            return _private({"repeated": True, "taken": 0, "unchanged": 0, "not_taken": []})
        batch = read_facts(call.body)
        stored = _store(call.implementation, batch)
        changed = [(user, batch.session) for user in stored.changed]
        if not StatusEndpointServices.here().status_service.outdate(call.implementation, changed):
            raise StoreAway  # the facts are stored; when the call is sent again, the messages are due
        call.done(_in_words(batch, stored))
    return _private({"repeated": False, **_answer(stored)})


@blueprint.post("/status-changed")
@needs(Permission.ANYONE)
@takes(body=CHANGE, cross_site=True)
def change_statuses(implementation: str) -> Response:
    """Find messages anew, because something changed that scripts ask the vendor for.

    The call is signed as that of facts. `users` is a list of at most 1,000 ids; their messages at `session`, or with null at all
    sessions, are found anew when the app asks next. With `users` null, those of all who look at the session are; at most 12
    such calls a minute are taken for one session.

    A user whom this service does not know has no message, and is in `not_taken`. `taken` counts the others; without `users` it
    counts those who have looked at the session lately. A call can be sent again as that of facts.
    """
    with signed_call(implementation, "status-changed") as call:
        if call.repeated:
            return _private({"repeated": True, "taken": 0, "not_taken": []})
        change = read_change(call.body)
        known = _known(call.implementation, change)
        if change.users is None:
            call.require_room(change.session)
        taken = _outdate(call.implementation, change, known)
        call.done(f"{change.session or 'The whole event'}: messages of {taken} found anew.")
    unknown = [user[:_LONGEST_ID] for user in change.users or () if user not in known]
    not_taken = [{"user": user, "reason": FactAnswer.UNKNOWN_USER.value} for user in unknown]
    return _private({"repeated": False, "taken": taken, "not_taken": not_taken})


def _known(implementation: str, change: StatusChange) -> set[str]:
    with AuthServices.here().database.reading() as db:
        owner = implementations.find(db, implementation)
        if owner is None:  # archived since the signature was checked
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
        return known_of(db, owner, change)


def _outdate(implementation: str, change: StatusChange, known: set[str]) -> int:
    """Let the statuses be found anew; return of how many users. Raises `HttpProblem` (503) if the store is away."""
    service = StatusEndpointServices.here().status_service
    if change.users is None:
        return service.outdate_session(implementation, change.session)
    if not service.outdate(implementation, [(user, change.session) for user in known]):
        raise StoreAway
    return len(known)


def _store(implementation: str, batch: FactBatch) -> StoredFacts:
    with AuthServices.here().database.session() as db:
        owner = implementations.find(db, implementation)
        if owner is None:  # archived since the signature was checked
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
        try:
            return fact_storage.store(db, owner, batch)
        except RuleViolation as refused:
            raise HttpProblem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"{refused.field} {refused.reason}.",
                members={"field": refused.field},
            ) from None


def _answer(stored: StoredFacts) -> dict[str, Any]:
    not_taken = [(user, answer) for user, answer in stored.answers.items() if answer not in _KNOWN]
    return {
        "taken": stored.count(FactAnswer.TAKEN),
        "unchanged": stored.count(FactAnswer.UNCHANGED),
        "not_taken": [{"user": user[:_LONGEST_ID], "reason": answer.value} for user, answer in not_taken],
    }


def _in_words(batch: FactBatch, stored: StoredFacts) -> str:
    """Say for the console what was done, with the reasons of what was not taken."""
    counts = Counter(stored.answers.values())
    said = ", ".join(f"{counts[answer]} {answer.value}" for answer in FactAnswer if counts[answer])
    return f"{batch.session or 'The whole event'}: {said or 'no entries'}."


def _private(value: dict[str, Any]) -> Response:
    response = jsonify(value)
    response.headers.update(dict(PRIVATE))
    return response
