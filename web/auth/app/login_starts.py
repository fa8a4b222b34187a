"""The start and the end of an app's login: the browser is only ever redirected to an address that is registered.

The steps at the start:

1. The implementation exists, no parameter occurs twice, and the rate limit is not exceeded.
2. The redirect address matches, character for character, one that is registered for the implementation. Before this
   check, and for every other error, the answer is a page: the browser is not redirected to an address from a request.
3. The state is long enough to be a secret of the app, and consists of visible ASCII characters.
4. There is a challenge, and its method is S256. With "plain", anyone who reads the address could redeem the code.
5. The parameters are stored under a one-time handle while the person logs in.

The steps at the end:

6. The handle works once, for minutes, and for the implementation that the person has logged in to.
7. The redirect address is still registered.
8. Code, state and issuer (RFC 9207) go to that address. The code is useless without the app's verifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from urllib.parse import quote, urlencode

from records.tenants import implementations
from runner.logins.app_token_formats import CHALLENGE
from web.auth.app import rate_limits
from web.auth.login_steps.rate_limits import origin
from web.auth.logins import Visitor
from web.auth.services import AuthServices
from web.config import WebConfig
from web.problem_details import NO_IMPLEMENTATION, HttpProblem

#: Seconds within which the person must log in.
START_S = 15 * 60

_KIND = "app start"
_STATE = re.compile(r"[\x21-\x7e]{16,256}")

GO_BACK = "Please go back to the app and log in again."


@dataclass(frozen=True)
class AppLoginStart:
    """The parameters with which an app started a login."""

    implementation: str
    redirect_uri: str
    state: str
    challenge: str


def begin(services: AuthServices, implementation: str, parameters: Mapping[str, list[str]]) -> str:
    """Check and store the parameters of an app; return their handle. Raises `HttpProblem`."""
    # 1.
    registered = _registered_addresses(services, implementation)
    if registered is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    if any(len(values) > 1 for values in parameters.values()):
        raise _bad_request("app-parameter-twice", "A parameter occurs twice.")
    query = {name: values[0] for name, values in parameters.items()}
    _check_rate(services)
    # 2.
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in registered:
        raise _bad_request("app-redirect-not-registered", "The redirect_uri is not registered for this implementation.")
    # 3.
    state = query.get("state", "")
    if not _STATE.fullmatch(state):
        raise _bad_request("app-state", "The state must be 16 to 256 visible ASCII characters.")
    # 4.
    challenge = query.get("code_challenge", "")
    if query.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise _bad_request(
            "app-challenge", "The code_challenge must be 43 characters, with code_challenge_method=S256."
        )
    if query.get("response_type", "code") != "code":
        raise _bad_request("app-response-type", "The response_type must be code.")
    # 5.
    start = AppLoginStart(implementation, redirect_uri, state, challenge)
    return services.store.pending_logins.put(_KIND, asdict(start), START_S, origin())


def finish_start(handle: str, visitor: Visitor) -> str:
    """Return the app's redirect address with the code for this login. Raises `HttpProblem`."""
    services = AuthServices.here()
    # 6.
    found = services.store.pending_logins.take(_KIND, handle)
    start = AppLoginStart(**found) if found else None
    if start is None or start.implementation != visitor.implementation:
        detail = f"This login took too long, or its link was used before. {GO_BACK}"
        raise HttpProblem(HTTPStatus.BAD_REQUEST, detail, why="app-start-over")
    # 7.
    if start.redirect_uri not in (_registered_addresses(services, start.implementation) or ()):
        raise _bad_request("app-redirect-removed", "The redirect_uri is no longer registered.")
    # 8.
    code = services.store.tokens.code(visitor, redirect_uri=start.redirect_uri, challenge=start.challenge)
    parameters = {"code": code, "state": start.state, "iss": issuer(services.config, start.implementation)}
    return f"{start.redirect_uri}?{urlencode(parameters, quote_via=quote)}"


def issuer(config: WebConfig, implementation: str) -> str:
    """Return the issuer, by which an app checks that a response comes from this implementation (RFC 9207)."""
    return config.absolute(f"/m/{implementation}")


def _registered_addresses(services: AuthServices, implementation: str) -> frozenset[str] | None:
    if implementation == implementations.STAFF:  # staff use browsers only, so a lost phone has no token of theirs
        return frozenset()
    with services.database.reading() as db:
        found = implementations.find(db, implementation)
        return frozenset(found.app_redirect_uris) if found else None


def _check_rate(services: AuthServices) -> None:
    allowed = rate_limits.count_start(services)
    if not allowed.ok:
        headers = {"Retry-After": str(allowed.retry_after_s)}
        detail = "Too many logins were started from your network. Please wait a minute."
        raise HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers, why="app-starts-too-many")


def _bad_request(why: str, what: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, f"The app's login request is not valid. {what} {GO_BACK}", why=why)
