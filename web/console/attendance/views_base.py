"""What all pages about attendance share: the blueprint, reading the implementation, and drawing the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, url_for

from records import AgendaSession, DbSession, Implementation, audit
from records.agenda import sessions
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.layout.page_frame import Link, NavigationItem, signed_in
from web.forms.base_form import BaseForm
from web.permissions import Permission
from web.problem_details import HttpProblem

blueprint = Blueprint("console_attendance", __name__, url_prefix="/console/implementations/<implementation>/attendance")

#: The pages that all pages about attendance link to, in this order; a person sees those that they may open.
PAGES = (
    NavigationItem("Sessions", "console_attendance.event", Permission.SEE_ATTENDANCE),
    NavigationItem("Import from a phone", "console_attendance.phone_file", Permission.CORRECT_ATTENDANCE),
)

NO_SESSION = "The agenda of this implementation has no such session."


@contextmanager
def reading(slug: str) -> Iterator[tuple[DbSession, Implementation]]:
    """Open the database for reading, with the implementation. Raises `HttpProblem` (404) if there is none."""
    with AuthServices.here().database.reading() as db:
        # First of all, so that the page knows of no change that is made while it is read.
        newest = audit.recent(db, implementation=slug, limit=1)
        g.as_of = newest[0].number if newest else 0
        yield db, page_frame.implementation_named(db, slug)


def session_named(db: DbSession, found: Implementation, session_id: str) -> AgendaSession:
    """Return a session of the agenda, retired or not. Raises `HttpProblem` (404) if there is none."""
    session = sessions.find_any(db, found, session_id)
    if session is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_SESSION)
    return session


def address(endpoint: str, implementation: str, **more: Any) -> str:
    """Return the address of a page about attendance."""
    return url_for(f"console_attendance.{endpoint}", implementation=implementation, **more)


def page(
    template: str,
    implementation: Implementation,
    *,
    title: str,
    above: tuple[Link, ...] = (),
    form: BaseForm | None = None,
    **more: Any,
) -> Response:
    """Draw a page about attendance. `above` are the pages between the first one and this one. A form with faults gives 422."""
    first = () if template == "event.html" else (Link("Attendance", address("event", implementation.slug)),)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.complaints else HTTPStatus.OK
    if form is not None and form.as_of is not None and not form.as_of.data:
        form.as_of.data = g.as_of
    return page_frame.page(
        f"console/attendance/{template}",
        title=title,
        implementation=implementation,
        crumbs=(*first, *above),
        status=status,
        form=form,
        pages=_pages(implementation.slug),
        **more,
    )


def _pages(slug: str) -> list[tuple[str, str]]:
    may = signed_in().may
    return [(each.label, url_for(each.endpoint, implementation=slug)) for each in PAGES if may(each.permission, slug)]
