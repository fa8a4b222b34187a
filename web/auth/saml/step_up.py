"""A fresh login as somebody else than the person who is logged in with this browser.

A page that needs a fresh login sends the browser to the provider, where another person may log in. The steps, when the
browser comes back:

1. Only a login that was asked for as a fresh one is looked at, and only if it would replace one of this browser.
2. The same person goes on as before.
3. Another is not let in yet: what was proved waits under a new one-time handle, for this browser and for as long as
   any arrival, and a page names both people and asks. The login that is there stays as it is.
4. To go on as the other is a form of our own page, in the same browser. `flow.complete` looks at the handle again.
5. They arrive on the console's first page: the page that was asked for was asked for by the other person.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response, render_template, request

from records import User, UserProfile
from records.people import actors, users
from records.tenants import implementations
from web.auth.login_steps.admission import Journey
from web.auth.login_steps.login_states import LoginStates, ProvedLogin
from web.auth.logins import Visitor
from web.auth.services import AuthServices

#: Where the other person's login leads: the first page of the console, which alone asks for fresh logins.
FIRST_PAGE = "/console/"


def who_is_there(entrance: AuthServices, arrived: ProvedLogin) -> Visitor | None:
    """Return the login of another person, which this one would replace; None if there is nothing to ask."""
    # 1.
    if not arrived.journey.fresh or arrived.journey.app:  # an app's login does not touch the browser's
        return None
    there = entrance.logins.visitor(request)
    if there is None or there.implementation != arrived.person.implementation or not entrance.logins.standing(there):
        return None
    # 2.
    return None if there.subject == arrived.person.subject else there


def ask(entrance: AuthServices, arrived: ProvedLogin, there: Visitor) -> Response:
    """Return the page that names both people and asks who goes on."""
    # 3.
    onward = replace(arrived, journey=Journey(next=FIRST_PAGE))  # 5.
    handle = LoginStates(entrance.store).put_arrived(onward)
    with entrance.database.reading() as db:
        home = implementations.find(db, there.implementation)
        before = users.find(db, home, there.subject) if home else None
    page = render_template(
        "ways/another_person.html",
        before=_called(before) or there.subject,
        now=_called(arrived.person.profile) or arrived.person.subject,
        implementation=there.implementation,
        handle=handle,
        again=arrived.journey.address(f"/saml/{there.implementation}/login"),
        first_page=FIRST_PAGE,
    )
    return Response(page, mimetype="text/html")


def _called(who: User | UserProfile | None) -> str:
    """Return a name with the username, by which two people of one name are told apart."""
    if who is None:
        return ""
    name = actors.name_of(who)
    return f"{name} ({who.username})" if name and who.username and name != who.username else name
