"""The frame of the console's pages: who is signed in, the breadcrumb and the navigation.

A view ends with `page("console/people/list.html", implementation=found, title="People", ...)`. The navigation shows only
what the person may do; `web.auth.staff.authorization` refuses the rest, whether it is shown or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, render_template, request, url_for

from records import DbSession, Implementation
from records.tenants import implementations
from web.auth.staff.staff_member import StaffMember, member
from web.console.layout import page_times, vendor_banner
from web.permissions import Permission
from web.problem_details import NO_IMPLEMENTATION, HttpProblem

#: The path of the console; all its pages are below it.
CONSOLE = "/console"


@dataclass(frozen=True)
class NavigationItem:
    """One line of the navigation: its words, its view, and the permission that the view needs."""

    label: str
    endpoint: str
    permission: Permission
    of_staff: bool = True  #: whether the staff implementation has this page


#: The pages of one implementation. A line is left out if its view is not registered.
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
    NavigationItem("Attendance", "console_attendance.event", Permission.SEE_ATTENDANCE, of_staff=False),
    NavigationItem("Scripts", "console_scripts.every", Permission.SEE_SCRIPTS, of_staff=False),
    NavigationItem("Why this message?", "console_runs.why", Permission.SEE_RUNS),
    NavigationItem("Runs", "console_runs.every", Permission.SEE_RUNS),
    NavigationItem("Counts", "console_counts.counts", Permission.SEE_RUNS, of_staff=False),
    NavigationItem("Audit", "console_audit.of_implementation", Permission.SEE_AUDIT),
)


@dataclass(frozen=True)
class Link:
    """A link of the frame. `current`: it leads to this page, or to the part of the console that this page belongs to."""

    label: str
    address: str
    current: bool = False


def install(app: Flask) -> None:
    """Give all templates of the console the values that the frame shows."""
    page_times.install(app)
    vendor_banner.install(app)

    @app.context_processor
    def frame_values() -> dict[str, Any]:
        if not request.path.startswith(CONSOLE):
            return {}
        found = member()
        slug = (request.view_args or {}).get("implementation")
        where = slug or (found.visitor.implementation if found else "")
        return {
            "member": found,
            "may": lambda name: found is not None and found.may(Permission[name], where),
            "navigation": _navigation(found, slug),
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
    """Render a page of the console. `crumbs` are the links of the breadcrumb between the implementation and this page.

    `has_times` says that the page has times even where the template draws no moment, such as in a form.
    """
    text = render_template(
        template,
        title=title,
        implementation=implementation,
        crumbs=(*_first_crumbs(implementation), *crumbs),
        times=page_times.begin(implementation, has_times=values.pop("has_times", False)),
        **values,
    )
    return Response(text, status, mimetype="text/html")


def implementation_named(db: DbSession, slug: str) -> Implementation:
    """Return the implementation, archived or not. Raises `HttpProblem` (404) with the same words as for a hidden one."""
    found = implementations.find_any(db, slug)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found


def signed_in() -> StaffMember:
    """Return who is signed in. Only for views that need a permission: there is always someone signed in."""
    found = member()
    assert found is not None
    return found


def _navigation(found: StaffMember | None, slug: str | None) -> list[Link]:
    if found is None or slug is None or not found.may(Permission.SEE_CONSOLE, slug):
        return []
    items = [
        item
        for item in OF_AN_IMPLEMENTATION
        if item.endpoint in current_app.view_functions
        and found.may(item.permission, slug)
        and (item.of_staff or slug != implementations.STAFF)
    ]
    addresses = [url_for(item.endpoint, implementation=slug) for item in items]
    # The longest address that this page's address begins with: all begin with the overview's.
    here = max((each for each in addresses if request.path.startswith(each)), key=len, default="")
    return [Link(item.label, address, address == here) for item, address in zip(items, addresses, strict=True)]


def _first_crumbs(implementation: Implementation | None) -> tuple[Link, ...]:
    home = Link("Implementations", url_for("console.home"))
    if implementation is None:
        return (home,)
    return (home, Link(implementation.name, url_for("console.overview", implementation=implementation.slug)))
