"""The first pages of the console: signing in, the implementations, adding one, and one implementation's overview."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, flash, request, url_for
from wtforms.validators import InputRequired

from records import Implementation, RuleViolation, fields
from records.changes import implementations as changes
from records.changes.implementations import ImplementationDraft, SettingsTerms
from records.columns import length_of
from records.tenants import implementations
from web.auth.services import AuthServices
from web.auth.staff.staff_member import member
from web.console.commits import by_page, commit
from web.console.first_steps import first_steps
from web.console.layout.list_query import Listing
from web.console.layout.page_frame import implementation_named, page, signed_in
from web.console.settings.checklist import steps
from web.forms.base_form import BaseForm
from web.forms.fields import LineField
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs
from web.redirects import local_path, see_other

blueprint = Blueprint("console", __name__, url_prefix="/console")

#: Columns of the list by which it can be sorted.
COLUMNS = {
    "name": lambda each: each.name.casefold(),
    "id": lambda each: each.slug,
    "added": lambda each: each.created_at,
}


class ImplementationSearchForm(FilterForm):
    """The search field of the list of implementations."""

    q = FilterField("Name or ID")


class SignInForm(FilterForm):
    """The conference whose login is wanted."""

    implementation = FilterField(
        "ID of the conference",
        description="It is part of your console’s address, such as annual-meeting-2026.",  # noqa: RUF001 - for people
        longest=length_of(Implementation.slug),
        validators=[InputRequired()],
    )


class AddForm(BaseForm):
    """The settings that an implementation must have; all others have defaults and are set later."""

    fields_of = {"name": "called"}  # noqa: RUF012 - read only, as the base class says

    called = LineField(
        "Name of the conference",
        description="The name that its people know. It can be changed later.",
        longest=length_of(Implementation.name),
        validators=[InputRequired()],
    )
    slug = LineField(
        "ID in addresses",
        description="Letters, digits, hyphens and underscores, such as annual-meeting-2026. It can never be changed, because "
        "the app and the identity provider use addresses that contain it.",
        longest=length_of(Implementation.slug),
        validators=[InputRequired()],
    )
    time_zone = LineField(
        "Time zone",
        description="Where the conference takes place, such as America/New_York or Europe/Berlin. If left empty: UTC.",
        longest=length_of(Implementation.time_zone),
    )


@blueprint.get("/")
@needs(Permission.SEE_CONSOLE)
def home() -> Response:
    """List the implementations that the person may see; redirect to the only one."""
    person = signed_in()
    with AuthServices.here().database.reading() as db:
        mine = [each for each in implementations.every(db) if person.may(Permission.SEE_CONSOLE, each.slug)]
        steps_to_take = first_steps(db) if person.is_first else []
    if not person.of_the_house and len(mine) == 1:
        return see_other(url_for(".overview", implementation=mine[0].slug))
    form = ImplementationSearchForm.of_request()
    listing = Listing.of_request(COLUMNS, "name", text=form.q.value)
    found = listing.sorted([each for each in mine if _matches(each, listing.text)], COLUMNS)
    return page(
        "console/home.html",
        title="Implementations",
        found=found,
        form=form,
        listing=listing,
        steps=steps_to_take,
        count=len(mine),
    )


@blueprint.get("/in")
@needs(Permission.ANYONE)
def sign_in() -> Response:
    """Offer the logins: of ATIV's own staff, and of one conference."""
    next_path = local_path(request.args.get("next", "")) or "/console/"
    form = SignInForm.of_request()
    slug = form.implementation.value
    found, fault = _conference(slug) if slug else (None, "")
    if fault:
        form.complain("implementation", fault)
    return page(
        "console/in.html",
        title="Sign in",
        next_path=next_path,
        form=form,
        found=found,
        staff_login=_login_path(implementations.STAFF, next_path),
        login=_login_path(found.slug, next_path) if found else "",
        person=member(),
    )


@blueprint.get("/in/done")
@needs(Permission.ANYONE)
def signed_in_again() -> Response:
    """Say that the sign-in is done: it was made in a second tab, while a form waits in the first."""
    return page("console/done.html", title="You are signed in", person=member())


@blueprint.get("/implementations/<implementation>/")
@needs(Permission.SEE_CONSOLE)
def overview(implementation: str) -> Response:
    """Show what this implementation is, and its checklist."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        return page("console/overview.html", title="Overview", implementation=found, steps=steps(db, found))


@blueprint.get("/add")
@needs(Permission.ADD_IMPLEMENTATIONS)
def add() -> Response:
    """Show the form for a new implementation."""
    return page("console/add.html", title="Add an implementation", form=AddForm(formdata=None))


@blueprint.post("/add")
@needs(Permission.ADD_IMPLEMENTATIONS)
def add_it() -> Response:
    """Add it; faults are shown at their fields."""
    form = AddForm()
    draft = ImplementationDraft(
        form.slug.data or "", form.called.data or "", (form.time_zone.data or "").strip() or "UTC"
    )
    terms = SettingsTerms(most={})  # the form sets no budget
    try:
        made = commit(lambda db: changes.add(db, draft, by_page(), terms=terms)).value
    except RuleViolation as refused:
        form.refuse(refused)
        return page("console/add.html", title="Add an implementation", form=form, status=422)
    flash(f"{made.name} was added. Next, connect its identity provider.")
    return see_other(url_for(".overview", implementation=made.slug))


def _matches(each: Implementation, text: str) -> bool:
    return text.casefold() in each.name.casefold() or text.casefold() in each.slug.casefold()


def _conference(slug: str) -> tuple[Implementation | None, str]:
    """Return the conference whose ID was typed on the sign-in page, or what is wrong with the ID."""
    if not fields.SLUG.fullmatch(slug):
        return None, f"{fields.SLUG_RULE}, such as annual-meeting-2026"
    with AuthServices.here().database.reading() as db:
        found = implementations.find_typed(db, slug)
    return found, "" if found else "is not known here; look for it in the address of your console or in our e-mail"


def _login_path(slug: str, next_path: str) -> str:
    """Return the path of a login. A person who is logged in there is asked again: they were idle, are no staff, or switch."""
    visitor = AuthServices.here().logins.visitor(request)
    query = {"next": next_path} | ({"switch": 1} if visitor and visitor.implementation == slug else {})
    return f"/login/{slug}?{urlencode(query)}"
