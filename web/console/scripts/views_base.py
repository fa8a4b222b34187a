"""What all pages about scripts share: the blueprint, reading the implementation, and drawing the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, url_for

from records import DbSession, Implementation, audit
from records.scripts import submissions, versions
from records.scripts.submissions import Submission
from records.scripts.versions import Version
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.layout.page_frame import Link
from web.forms.base_form import BaseForm
from web.problem_details import HttpProblem

blueprint = Blueprint("console_scripts", __name__, url_prefix="/console/implementations/<implementation>/scripts")

#: Bytes of a form with a script: the longest text that the records accept, percent-encoded, and a note.
SCRIPT_FORM = 1024 * 1024
#: Digits of the largest number that is read from an address.
_DIGITS = 9
#: The notice when a form is saved that was not edited.
UNCHANGED = "Nothing was changed."
NO_VERSION = "There is no such version."
NO_SUBMISSION = "There is no such submission."


@contextmanager
def reading(slug: str) -> Iterator[tuple[DbSession, Implementation]]:
    """Open the database for reading, with the implementation. Raises `HttpProblem` (404) if there is none."""
    with AuthServices.here().database.reading() as db:
        # First of all, so that the page knows of no change that is made while it is read.
        newest = audit.recent(db, implementation=slug, limit=1)
        g.as_of = newest[0].number if newest else 0
        yield db, page_frame.implementation_named(db, slug)


def version_named(db: DbSession, found: Implementation, number: int) -> Version:
    """Return the version with this number. Raises `HttpProblem` (404) if there is none."""
    version = versions.by_number(db, found, number)
    if version is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_VERSION)
    return version


def submission_named(db: DbSession, found: Implementation, number: int) -> tuple[Submission, Version]:
    """Return the submission with this number, and its version. Raises `HttpProblem` (404) if there is none."""
    submission = submissions.find(db, found, number)
    if submission is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_SUBMISSION)
    return submission, versions.by_id(db, found, submission.version_id)


def number_in(text: str) -> int | None:
    """Return a number of an address; None for anything that is no number of a version, a submission or a line."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def address(endpoint: str, implementation: str, **more: Any) -> str:
    """Return the address of a page about scripts."""
    return url_for(f"console_scripts.{endpoint}", implementation=implementation, **more)


def page(
    template: str,
    implementation: Implementation,
    *,
    title: str,
    above: tuple[Link, ...] = (),
    form: BaseForm | None = None,
    **more: Any,
) -> Response:
    """Draw a page about scripts. `above` are the pages between the list and this one. A form with faults gives 422."""
    first = () if template == "list.html" else (Link("Scripts", address("every", implementation.slug)),)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.complaints else HTTPStatus.OK
    if form is not None and form.as_of is not None and not form.as_of.data:
        form.as_of.data = g.as_of
    return page_frame.page(
        f"console/scripts/{template}",
        title=title,
        implementation=implementation,
        crumbs=(*first, *above),
        status=more.pop("status", status),
        form=form,
        **more,
    )
