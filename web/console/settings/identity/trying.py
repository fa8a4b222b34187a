"""A test login: a person of the console sees what their provider says of them, and stays signed in as who they are.

It takes the very way of every login. What is different is its end: instead of a login, its result is kept for the
person who began it. The rules:

1. It is begun by somebody who is signed in to the console and may change trust; the handle is random and for one login.
2. It ends in the same browser and the same console login in which it was begun. Otherwise a link to a test login
   would show a stranger's attributes to whoever sent it.
3. The login which it made is ended at once. Only who arrived is kept, for minutes, and shown to that one console login.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import request, url_for

from runner.logins import LoginStore, Visitor
from web.auth.entrance import Entrance

#: Seconds in which a test login has to be finished, and for which its result can be looked at.
BEGUN_S = 15 * 60
RESULT_S = 15 * 60

_BEGUN, _RESULT = "test login", "test login's result"

FinishStart = Callable[[str, Visitor], str]


def begin(store: LoginStore, implementation: str, login: str) -> str:
    """Begin a test login for somebody's console login; return its handle."""
    return store.once.put(_BEGUN, {"implementation": implementation, "login": login}, BEGUN_S)


def result(store: LoginStore, implementation: str, login: str) -> str:
    """Return the subject who arrived in the last test login of this console login; "" if none did."""
    found = store.once.look(_RESULT, f"{implementation} {login}")
    return str(found["subject"]) if found else ""


def finishing(other: FinishStart) -> FinishStart:
    """Return what finishes test logins, and leaves every other handle to `other`."""

    def finish(handle: str, visitor: Visitor) -> str:
        entrance = Entrance.here()
        begun = entrance.store.once.take(_BEGUN, handle)
        if begun is None:
            return other(handle, visitor)
        entrance.store.ended.end(visitor.login)  # 3.
        back = url_for("console_settings.check", implementation=begun["implementation"])
        present = entrance.logins.visitor(request)
        if (
            present is None or present.login != begun["login"] or visitor.implementation != begun["implementation"]
        ):  # 2.
            return back
        kept = {"subject": visitor.subject}
        entrance.store.once.put(_RESULT, kept, RESULT_S, handle=f"{visitor.implementation} {present.login}")
        return back

    return finish
