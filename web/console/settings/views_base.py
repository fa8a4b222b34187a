"""What every settings page shares: reading the implementation, drawing the page, and redirecting with a notice.

A view makes a change by `web.console.commits`. Saving a form that was not edited is no change, and the notice says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, g, url_for

from records import DbSession, Implementation, audit
from records.changes.after_commit import AfterCommit
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.layout.page_frame import Link
from web.forms.base_form import BaseForm
from web.redirects import see_other

#: Bytes of a form with long texts: the longest that the records accept, percent-encoded.
LONG_FORM = 512 * 1024

#: The notice when a form is saved that was not edited.
UNCHANGED = "Nothing was changed."

blueprint = Blueprint("console_settings", __name__, url_prefix="/console/implementations/<implementation>")


@contextmanager
def looking(slug: str) -> Iterator[tuple[DbSession, Implementation]]:
    """Open the database for reading, with the implementation. Raises `HttpProblem` (404) if there is none."""
    with AuthServices.here().database.reading() as db:
        # First of all, so that the page knows of no change that is made while it is read.
        newest = audit.recent(db, implementation=slug, limit=1)
        g.as_of = newest[0].number if newest else 0
        yield db, page_frame.implementation_named(db, slug)


def actor() -> str:
    """Return the name of the signed-in person in audit entries."""
    return page_frame.signed_in().actor


def done(notice: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Redirect to a settings page, with a notice of what happened; "" if there is nothing more to say."""
    if notice:
        flash(notice)
    return see_other(address(endpoint, implementation, **more))


def saved(change: AfterCommit[Any], notice: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Redirect to a settings page, with a notice that the form was saved, or that nothing was changed."""
    return done(notice if change.made else UNCHANGED, endpoint, implementation, **more)


def address(endpoint: str, implementation: str, **more: Any) -> str:
    """Return the address of a settings page."""
    return url_for(f"console_settings.{endpoint}", implementation=implementation, **more)


def page(
    template: str,
    implementation: Implementation,
    *,
    title: str,
    form: BaseForm | None = None,
    above: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> Response:
    """Draw a settings page. `above` are the pages above it, as label and endpoint. A form with faults gives 422."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.complaints else HTTPStatus.OK
    if form is not None and not form.as_of.data:
        form.as_of.data = g.as_of
    crumbs = tuple(Link(words, address(endpoint, implementation.slug)) for words, endpoint in above)
    return page_frame.page(
        f"console/settings/{template}",
        title=title,
        implementation=implementation,
        crumbs=crumbs,
        status=status,
        form=form,
        **more,
    )


def ask(implementation: Implementation, title: str, effects: list[str], *, verb: str, back: str) -> Response:
    """Ask once before something that cannot be undone: what will happen to whom, a button, and a link back."""
    return page("ask.html", implementation, title=title, effects=effects, verb=verb, back=back)
