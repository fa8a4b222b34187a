"""The ground under every settings page: whose settings they are, and how pages are drawn and left.

A view changes something by `web.console.commits`. A form that is saved as it was shown is no change, and is told as that.
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

#: Bytes of a form with long texts: everything that the records would take, written in percent signs.
LONG_FORM = 512 * 1024

#: What is said when a form is saved as it was shown.
UNCHANGED = "Nothing was changed."

blueprint = Blueprint("console_settings", __name__, url_prefix="/console/implementations/<implementation>")


@contextmanager
def looking(slug: str) -> Iterator[tuple[DbSession, Implementation]]:
    """Read what belongs to an implementation."""
    with AuthServices.here().database.reading() as db:
        # Before all else: what comes while the page is made is news to it.
        newest = audit.recent(db, implementation=slug, limit=1)
        g.as_of = newest[0].number if newest else 0
        yield db, page_frame.implementation_named(db, slug)


def actor() -> str:
    """Return by which name the audit entries know who is signed in."""
    return page_frame.signed_in().actor


def done(said: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Say what happened, on the next page; "" when that has been said."""
    if said:
        flash(said)
    return see_other(address(endpoint, implementation, **more))


def saved(change: AfterCommit[Any], said: str, endpoint: str, implementation: str, **more: Any) -> Response:
    """Say that a form of values was saved, or that nothing was changed, on the next page."""
    return done(said if change.made else UNCHANGED, endpoint, implementation, **more)


def address(endpoint: str, implementation: str, **more: Any) -> str:
    """Return the address of a settings page."""
    return url_for(f"console_settings.{endpoint}", implementation=implementation, **more)


def page(
    template: str,
    implementation: Implementation,
    *,
    title: str,
    form: BaseForm | None = None,
    below: tuple[tuple[str, str], ...] = (),
    **more: Any,
) -> Response:
    """Draw a settings page. `below` are the pages above it, as words and endpoint. A form with faults is no success."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.complaints else HTTPStatus.OK
    if form is not None and not form.as_of.data:
        form.as_of.data = g.as_of
    crumbs = tuple(Link(words, address(endpoint, implementation.slug)) for words, endpoint in below)
    return page_frame.page(
        f"console/settings/{template}",
        title=title,
        implementation=implementation,
        crumbs=crumbs,
        status=status,
        form=form,
        **more,
    )


def ask(implementation: Implementation, title: str, told: list[str], *, verb: str, back: str) -> Response:
    """Ask once before something that cannot be undone: what will happen to whom, and the way back."""
    return page("ask.html", implementation, title=title, told=told, verb=verb, back=back)
