"""The response while the store or the database does not answer, the same for all views (decision 0012).

503 with `Retry-After` and the reference of the outage: problem details for programs, a page for people. The log entries
of the outage have the same reference; a refused request adds none.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, request

from records import DatabaseUnavailable
from runner.health.outages import DATABASE, STORE, OutageLog
from runner.logins import StoreAway
from runner.pressure.run_pace import ask_again_s
from web.middleware.request_checks import SAFE_METHODS
from web.problem_details import HttpProblem, answer

_EXTENSION = "outages"

#: Seconds after which to try again; varied, so that clients do not all return at the same time.
RETRY_AFTER_S = 6

DETAIL = "The service cannot answer at the moment. The error is on our side. Wait a minute, then try again."
#: The request may have been processed before the connection was lost.
DETAIL_SENT = f"{DETAIL} What you sent may not have been saved: check before you send it again."


def install(app: Flask, outages: OutageLog) -> None:
    """Handle the exceptions that views raise in an outage."""
    app.extensions[_EXTENSION] = outages
    app.register_error_handler(StoreAway, _refused)
    app.register_error_handler(DatabaseUnavailable, _refused)


def problem_of(error: StoreAway | DatabaseUnavailable) -> HttpProblem:
    """Return the problem, with `Retry-After` and the member `reference`."""
    outages: OutageLog = current_app.extensions[_EXTENSION]
    reference = outages.reference(STORE if isinstance(error, StoreAway) else DATABASE, error)
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        DETAIL if request.method in SAFE_METHODS else DETAIL_SENT,
        headers={"Retry-After": str(ask_again_s(RETRY_AFTER_S))},
        members={"reference": reference},
    )


def store_says() -> str:
    """Return the message with which the store refuses requests; "" if it accepts them or does not answer."""
    outages: OutageLog = current_app.extensions[_EXTENSION]
    return outages.store_says()


def _refused(error: StoreAway | DatabaseUnavailable) -> Response:
    return answer(problem_of(error))
