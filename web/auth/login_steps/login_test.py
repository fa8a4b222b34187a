"""A test login: a member of staff sees what the provider says about a person, and stays signed in to the console.

It takes the same steps as any other login, except for the last: no one is logged in, and the result is stored for the
member of staff who started it. The rules:

1. It is started by someone who is signed in to the console and may change trust. The handle is random and for one login.
   Its prefix marks it as a test, so that a used handle leads nowhere else.
2. It ends in the same browser and the same console login in which it was started. Otherwise a link to a test login would
   show the attributes of another person to its sender.
3. No login is made and no person is stored. The result is stored for minutes, and shown only to that console login.
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import request, url_for

from records import UserProfile
from runner.logins import LoginStore
from web.auth.services import AuthServices
from web.problem_details import HttpProblem

#: Seconds within which a test login must be finished, and for which its result is stored.
BEGUN_S = 15 * 60
RESULT_S = 15 * 60

_BEGUN, _RESULT = "test login", "test login's result"

#: Prefix of the handles of test logins; handles of apps' logins contain no dot.
_MARK = "test."


def begin(store: LoginStore, implementation: str, login: str) -> str:
    """Start a test login for a console login; return its handle."""
    begun = {"implementation": implementation, "login": login}
    return store.one_time_states.put(_BEGUN, begun, BEGUN_S, handle=_MARK + store.one_time_states.new_handle())


def is_test(handle: str) -> bool:
    """Say whether this is the handle of a test login, used or not."""
    return handle.startswith(_MARK)


def finish(handle: str, implementation: str, subject: str, profile: UserProfile) -> str:
    """Store the result; return the address at which it is shown. Raises `HttpProblem` if the handle was used before."""
    services = AuthServices.here()
    begun = services.store.one_time_states.take(_BEGUN, handle)
    if begun is None:
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, "This test login took too long, or its link was used before. Start it again."
        )
    back = url_for("console_settings.check", implementation=begun["implementation"])
    present = services.logins.visitor(request)
    if present is None or present.login != begun["login"] or implementation != begun["implementation"]:  # 2.
        return back
    keep_result(services.store, implementation, present.login, {"subject": subject, **asdict(profile)})  # 3.
    return back


def keep_result(store: LoginStore, implementation: str, login: str, who: dict[str, Any]) -> None:
    """Store the result for one console login: the subject and the fields of the `UserProfile`."""
    store.one_time_states.put(_RESULT, who, RESULT_S, handle=f"{implementation} {login}")


def result(store: LoginStore, implementation: str, login: str) -> dict[str, Any] | None:
    """Return the result of the last test login of this console login; None if there is none."""
    return store.one_time_states.look(_RESULT, f"{implementation} {login}")
