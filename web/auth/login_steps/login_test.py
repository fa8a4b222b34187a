"""A test login: a person of the console sees what their provider says of somebody, and stays signed in as who they are.

It takes the very way of every login. What is different is its end: nobody is let in or remembered, and its result is
kept for the person who began it. The rules:

1. It is begun by somebody who is signed in to the console and may change trust; the handle is random and for one login.
   It is known by how it begins, so that one that was used leads nowhere else.
2. It ends in the same browser and the same console login in which it was begun. Otherwise a link to a test login
   would show a stranger's attributes to whoever sent it.
3. No login is made and no person is stored. What arrived is kept for minutes, and shown to that one console login.
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

#: Seconds in which a test login has to be finished, and for which its result can be looked at.
BEGUN_S = 15 * 60
RESULT_S = 15 * 60

_BEGUN, _RESULT = "test login", "test login's result"

#: How handles of test logins begin; no handle of an app's login has a dot.
_MARK = "test."


def begin(store: LoginStore, implementation: str, login: str) -> str:
    """Begin a test login for somebody's console login; return its handle."""
    begun = {"implementation": implementation, "login": login}
    return store.once.put(_BEGUN, begun, BEGUN_S, handle=_MARK + store.once.new_handle())


def is_test(handle: str) -> bool:
    """Say whether this is the handle of a test login, used or not."""
    return handle.startswith(_MARK)


def finish(handle: str, implementation: str, subject: str, profile: UserProfile) -> str:
    """Keep who arrived; return the address at which it is shown. Raises `HttpProblem` for a handle that was used."""
    entrance = AuthServices.here()
    begun = entrance.store.once.take(_BEGUN, handle)
    if begun is None:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "This test login took too long, or was used before. Begin it again.")
    back = url_for("console_settings.check", implementation=begun["implementation"])
    present = entrance.logins.visitor(request)
    if present is None or present.login != begun["login"] or implementation != begun["implementation"]:  # 2.
        return back
    keep_result(entrance.store, implementation, present.login, {"subject": subject, **asdict(profile)})  # 3.
    return back


def keep_result(store: LoginStore, implementation: str, login: str, who: dict[str, Any]) -> None:
    """Keep who arrived for one console login: the subject and what a `UserProfile` has."""
    store.once.put(_RESULT, who, RESULT_S, handle=f"{implementation} {login}")


def result(store: LoginStore, implementation: str, login: str) -> dict[str, Any] | None:
    """Return who arrived in the last test login of this console login; None if nobody did."""
    return store.once.look(_RESULT, f"{implementation} {login}")
