"""What everybody is told while the store or the database does not answer, decided once for all views (decision 0012).

503, after how long to try again, and the reference of the outage: problem details for programs, a page for people. The
lines of the outage in the log have the same reference; a request that is refused writes none.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, request

from records import DatabaseUnavailable
from runner.health.outages import DATABASE, STORE, OutageLog
from runner.logins import StoreAway
from runner.status.service import jittered
from web.middleware.request_checks import SAFE_METHODS
from web.problem_details import HttpProblem, answer

_KEPT = "outages"

#: Seconds after which to try again; varied, so that those who are refused together do not come back together.
RETRY_AFTER_S = 6

DETAIL = "The service cannot answer at the moment. The fault is ours. Wait a minute, then try again."
#: What was sent may have arrived before the answer was lost.
DETAIL_SENT = f"{DETAIL} What you sent may not have been saved: look before you send it again."


def install(app: Flask, outages: OutageLog) -> None:
    """Answer whatever an outage makes a view raise."""
    app.extensions[_KEPT] = outages
    app.register_error_handler(StoreAway, _refused)
    app.register_error_handler(DatabaseUnavailable, _refused)


def fault_of(error: StoreAway | DatabaseUnavailable) -> HttpProblem:
    """Return the refusal, with `Retry-After` and the member `reference`."""
    outages: OutageLog = current_app.extensions[_KEPT]
    reference = outages.reference(STORE if isinstance(error, StoreAway) else DATABASE, error)
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        DETAIL if request.method in SAFE_METHODS else DETAIL_SENT,
        headers={"Retry-After": str(jittered(RETRY_AFTER_S))},
        members={"reference": reference},
    )


def store_says() -> str:
    """The sentence by which the store refuses to serve; nothing if it serves or does not answer."""
    outages: OutageLog = current_app.extensions[_KEPT]
    return outages.store_says()


def _refused(error: StoreAway | DatabaseUnavailable) -> Response:
    return answer(fault_of(error))
