"""A fresh login by a person other than the one who is logged in with this browser.

A page that requires a fresh login sends the browser to the provider, where another person may log in. The steps when the
browser returns:

1. This applies only to a requested fresh login that would replace a login of this browser.
2. The same person continues as before.
3. Another person is not admitted yet: the proved login is stored under a new one-time handle, for this browser and for the
   usual time, and a page names both people and asks. The current login stays as it is.
4. Continuing as the other person takes a form of our own page, in the same browser. `login_flow.complete` checks the handle
   again.
5. The other person continues on the console's first page, because the first person requested the original page.
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

#: Where the other person continues: the first page of the console. Only the console requires fresh logins.
FIRST_PAGE = "/console/"


def login_to_replace(services: AuthServices, proved: ProvedLogin) -> Visitor | None:
    """Return the login of another person that this one would replace; None if there is none."""
    # 1.
    if not proved.journey.fresh or proved.journey.app:  # an app's login does not replace the browser's
        return None
    present = services.logins.visitor(request)
    if (
        present is None
        or present.implementation != proved.person.implementation
        or not services.logins.is_active(present)
    ):
        return None
    # 2.
    return None if present.subject == proved.person.subject else present


def ask(services: AuthServices, proved: ProvedLogin, present: Visitor) -> Response:
    """Return the page that names both people and asks who continues."""
    # 3.
    onward = replace(proved, journey=Journey(next=FIRST_PAGE))  # 5.
    handle = LoginStates(services.store).put_proved_login(onward)
    with services.database.reading() as db:
        home = implementations.find(db, present.implementation)
        before = users.find(db, home, present.subject) if home else None
    page = render_template(
        "ways/another_person.html",
        before=_display_name(before) or present.subject,
        now=_display_name(proved.person.profile) or proved.person.subject,
        implementation=present.implementation,
        handle=handle,
        again=proved.journey.address(f"/saml/{present.implementation}/login"),
        first_page=FIRST_PAGE,
    )
    return Response(page, mimetype="text/html")


def _display_name(who: User | UserProfile | None) -> str:
    """Return the name with the username, which distinguishes people of the same name."""
    if who is None:
        return ""
    name = actors.name_of(who)
    return f"{name} ({who.username})" if name and who.username and name != who.username else name
