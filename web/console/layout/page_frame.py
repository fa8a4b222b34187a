"""The frame of the console's pages: who is signed in, where one is, where one can go.

A view ends with `page("console/people/list.html", implementation=found, title="People", ...)`. The frame shows of the
navigation what the person may do; the door (`web.auth.staff.authorization`) refuses the rest whether it is shown or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for

from records import DbSession, Implementation
from records.tenants import implementations
from web.auth.staff.staff_member import StaffMember, member
from web.console.layout import page_times
from web.permissions import Permission
from web.problem_details import NO_IMPLEMENTATION, HttpProblem

#: Below this path stand all pages of the console.
CONSOLE = "/console"


@dataclass(frozen=True)
class NavigationItem:
    """One line of the navigation: its words, the view which it leads to, and what that needs."""

    label: str
    endpoint: str
    permission: Permission
    of_staff: bool = True  #: whether the staff implementation has any use for it


#: The pages of one implementation. A line whose view is not there is left out.
OF_AN_IMPLEMENTATION = (
    NavigationItem("Overview", "console.overview", Permission.SEE_CONSOLE),
    NavigationItem("Settings", "console_settings.settings", Permission.SEE_SETTINGS),
    NavigationItem("Identity provider", "console_settings.provider", Permission.SEE_SETTINGS),
    NavigationItem("External Authentication", "console_settings.external", Permission.SEE_SETTINGS, of_staff=False),
    NavigationItem("Agenda", "console_settings.agenda", Permission.SEE_SETTINGS, of_staff=False),
    NavigationItem("Connections", "console_settings.connections", Permission.SEE_SETTINGS, of_staff=False),
    NavigationItem("The app", "console_settings.app", Permission.SEE_SETTINGS, of_staff=False),
    NavigationItem("People", "console_people.people", Permission.SEE_PEOPLE),
    NavigationItem("Roles", "console_roles.roles", Permission.SEE_PEOPLE),
    NavigationItem("Refused logins", "console_people.refused", Permission.SEE_PEOPLE),
    NavigationItem("Why this message?", "console_runs.why", Permission.SEE_RUNS),
    NavigationItem("Runs", "console_runs.every", Permission.SEE_RUNS),
    NavigationItem("Audit", "console_audit.of_implementation", Permission.SEE_AUDIT),
)


@dataclass(frozen=True)
class Link:
    """A link of the frame. `current`: this is the page, or the part of the console that it belongs to."""

    label: str
    address: str
    current: bool = False


def install(app: Flask) -> None:
    """Give the templates of the console what the frame shows, whatever the view renders with."""
    page_times.install(app)

    @app.context_processor
    def of_the_frame() -> dict[str, Any]:
        if not request.path.startswith(CONSOLE):
            return {}
        found = member()
        where = (request.view_args or {}).get("implementation") or (found.visitor.implementation if found else "")
        return {
            "member": found,
            "may": lambda name: found is not None and found.may(Permission[name], where),
            "ways": _ways(found, (request.view_args or {}).get("implementation")),
            "sign_out_path": f"/logout/{found.visitor.implementation}" if found else "",
        }


def page(
    template: str,
    *,
    title: str,
    implementation: Implementation | None = None,
    crumbs: tuple[Link, ...] = (),
    status: int = HTTPStatus.OK,
    **values: Any,
) -> Response:
    """Render a page of the console. `crumbs` are the steps between the implementation and this page.

    `has_times` says that times are typed or written on the page, also where no moment is drawn.
    """
    text = render_template(
        template,
        title=title,
        implementation=implementation,
        crumbs=(*_first_crumbs(implementation), *crumbs),
        times=page_times.begin(implementation, shown=values.pop("has_times", False)),
        **values,
    )
    return Response(text, status, mimetype="text/html")


def implementation_named(db: DbSession, slug: str) -> Implementation:
    """Return the implementation, archived or not. Raises `HttpProblem` (404) if there is none, in the words of one that may not be seen."""
    found = implementations.find_any(db, slug)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found


def signed_in() -> StaffMember:
    """Return who is signed in. For views behind the door, which let nobody else in."""
    found = member()
    assert found is not None
    return found


def _ways(found: StaffMember | None, slug: str | None) -> list[Link]:
    if found is None or slug is None or not found.may(Permission.SEE_CONSOLE, slug):
        return []
    ways = [
        way
        for way in OF_AN_IMPLEMENTATION
        if way.endpoint in current_app.view_functions
        and found.may(way.permission, slug)
        and (way.of_staff or slug != implementations.STAFF)
    ]
    addresses = [url_for(way.endpoint, implementation=slug) for way in ways]
    # The longest address which this page's begins with: the overview's begins all of them.
    here = max((each for each in addresses if request.path.startswith(each)), key=len, default="")
    return [Link(way.label, address, address == here) for way, address in zip(ways, addresses, strict=True)]


def _first_crumbs(implementation: Implementation | None) -> tuple[Link, ...]:
    home = Link("Implementations", url_for("console.home"))
    if implementation is None:
        return (home,)
    return (home, Link(implementation.name, url_for("console.overview", implementation=implementation.slug)))
