"""Where an app's login begins and where it ends: nothing is believed that the implementation has not registered.

The steps when an app begins:

1. The implementation exists, no parameter comes twice, and it is not begun too often.
2. The redirect address is, character for character, one that the implementation has registered. Until then, and for
   every other fault as well, the answer is a page: nobody is sent to an address because a request names it.
3. The state is long enough to be a secret of the app's, and nothing but visible ASCII.
4. There is a challenge, and its method is S256. "plain" would let whoever reads the address redeem the code.
5. All this waits under a one-time handle, while the browser goes the way in.

And when the way in is done:

6. The handle is good for once, for minutes, and for the implementation which the person has logged in to.
7. The redirect address is still registered.
8. Code, state and issuer (RFC 9207) go to that address. The code is worth nothing without the app's verifier.
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

#: Seconds for a person to log in.
START_S = 15 * 60

_KIND = "app start"
_STATE = re.compile(r"[\x21-\x7e]{16,256}")

GO_BACK = "Please go back to the app and log in again."


@dataclass(frozen=True)
class AppLoginStart:
    """What an app said when it began a login."""

    implementation: str
    redirect_uri: str
    state: str
    challenge: str


def begin(entrance: AuthServices, implementation: str, asked: Mapping[str, list[str]]) -> str:
    """Judge what an app asks; return the handle under which it waits. Raises `HttpProblem`."""
    # 1.
    registered = _registered(entrance, implementation)
    if registered is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    if any(len(values) > 1 for values in asked.values()):
        raise _wrong("app-parameter-twice", "A parameter comes twice.")
    given = {name: values[0] for name, values in asked.items()}
    _check_pace(entrance)
    # 2.
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in registered:
        raise _wrong("app-redirect-not-registered", "Its redirect_uri is not registered for this implementation.")
    # 3.
    state = given.get("state", "")
    if not _STATE.fullmatch(state):
        raise _wrong("app-state", "Its state has to be 16 to 256 visible ASCII characters.")
    # 4.
    challenge = given.get("code_challenge", "")
    if given.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise _wrong("app-challenge", "Its code_challenge has to be 43 characters, with code_challenge_method=S256.")
    if given.get("response_type", "code") != "code":
        raise _wrong("app-response-type", "The only response_type is code.")
    # 5.
    start = AppLoginStart(implementation, redirect_uri, state, challenge)
    return entrance.store.begun.put(_KIND, asdict(start), START_S, origin())


def finish_start(handle: str, visitor: Visitor) -> str:
    """Return the address at which the app waits for the login which it began, with a code. Raises `HttpProblem`."""
    entrance = AuthServices.here()
    # 6.
    found = entrance.store.begun.take(_KIND, handle)
    start = AppLoginStart(**found) if found else None
    if start is None or start.implementation != visitor.implementation:
        said = f"This login took too long, or was used before. {GO_BACK}"
        raise HttpProblem(HTTPStatus.BAD_REQUEST, said, why="app-start-over")
    # 7.
    if start.redirect_uri not in (_registered(entrance, start.implementation) or ()):
        raise _wrong("app-redirect-removed", "Its redirect_uri is not registered any more.")
    # 8.
    code = entrance.store.tokens.code(visitor, redirect_uri=start.redirect_uri, challenge=start.challenge)
    answered = {"code": code, "state": start.state, "iss": issuer(entrance.config, start.implementation)}
    return f"{start.redirect_uri}?{urlencode(answered, quote_via=quote)}"


def issuer(config: WebConfig, implementation: str) -> str:
    """Return the name by which an app knows that an answer is this implementation's (RFC 9207)."""
    return config.absolute(f"/m/{implementation}")


def _registered(entrance: AuthServices, implementation: str) -> frozenset[str] | None:
    if implementation == implementations.STAFF:  # staff have browsers, and no app that could be lost with a phone
        return frozenset()
    with entrance.database.reading() as db:
        found = implementations.find(db, implementation)
        return frozenset(found.app_redirect_uris) if found else None


def _check_pace(entrance: AuthServices) -> None:
    allowed = rate_limits.of_starts(entrance)
    if not allowed.ok:
        headers = {"Retry-After": str(allowed.retry_after_s)}
        said = "Too many logins were begun from here. Please wait."
        raise HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, said, headers=headers, why="app-starts-too-many")


def _wrong(why: str, what: str) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.BAD_REQUEST, f"The app's request for a login does not work. {what} {GO_BACK}", why=why
    )
