"""The first pages of the console: signing in, the implementations, adding one, and one implementation's overview."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, flash, request, url_for

from records import Implementation, RuleViolation, fields
from records.changes import implementations as changes
from records.changes.implementations import ImplementationDraft, SettingsTerms
from records.tenants import implementations
from web.auth.services import AuthServices
from web.auth.staff.staff_member import member
from web.console.commits import by_page, commit
from web.console.first_steps import first_steps
from web.console.implementation_forms import AddForm
from web.console.layout.list_query import Listing
from web.console.layout.page_frame import implementation_named, page, signed_in
from web.console.settings.checklist import steps
from web.permissions import Permission, needs
from web.redirects import local_path, see_other

blueprint = Blueprint("console", __name__, url_prefix="/console")

#: Columns of the list by which it can be sorted.
COLUMNS = {
    "name": lambda each: each.name.casefold(),
    "id": lambda each: each.slug,
    "added": lambda each: each.created_at,
}


@blueprint.get("/")
@needs(Permission.SEE_CONSOLE)
def home() -> Response:
    """List the implementations which the person may see; lead on if that is one."""
    person = signed_in()
    with AuthServices.here().database.reading() as db:
        mine = [each for each in implementations.every(db) if person.may(Permission.SEE_CONSOLE, each.slug)]
        steps_to_take = first_steps(db) if person.is_first else []
    if not person.of_the_house and len(mine) == 1:
        return see_other(url_for(".overview", implementation=mine[0].slug))
    listing = Listing.asked(COLUMNS, "name")
    found = listing.sorted([each for each in mine if _matches(each, listing.text)], COLUMNS)
    return page(
        "console/home.html",
        title="Implementations",
        found=found,
        listing=listing,
        steps=steps_to_take,
        many=len(mine),
    )


@blueprint.get("/in")
@needs(Permission.ANYONE)
def sign_in() -> Response:
    """Offer the ways in: for ATIV's own people, and for those of one conference, whom its own provider knows."""
    wanted = local_path(request.args.get("next", "")) or "/console/"
    slug = request.args.get("implementation", "").strip()
    found, fault = _conference(slug) if slug else (None, "")
    return page(
        "console/in.html",
        title="Sign in",
        next_path=wanted,
        slug=slug,
        found=found,
        fault=fault,
        staff_way=_way_in(implementations.STAFF, wanted),
        way=_way_in(found.slug, wanted) if found else "",
        person=member(),
    )


@blueprint.get("/in/done")
@needs(Permission.ANYONE)
def signed_in_again() -> Response:
    """Say that the login is done: the end of a sign-in in a second tab, while a form waits in the first."""
    return page("console/done.html", title="You are signed in", person=member())


@blueprint.get("/implementations/<implementation>/")
@needs(Permission.SEE_CONSOLE)
def overview(implementation: str) -> Response:
    """Show what this implementation is, and where its pages lead."""
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
    """Return the conference which somebody named on the sign-in page, or what is wrong with the name."""
    if not fields.SLUG.fullmatch(slug):
        return None, f"{fields.SLUG_RULE}, such as annual-meeting-2026"
    with AuthServices.here().database.reading() as db:
        found = implementations.find_typed(db, slug)
    return found, "" if found else "is not known here; it stands in the address of your console, and in our e-mail"


def _way_in(slug: str, wanted: str) -> str:
    """Return the login's address. Whoever is there already is asked anew: they are idle, or no staff, or want to change."""
    there = AuthServices.here().logins.visitor(request)
    asked = {"next": wanted} | ({"switch": 1} if there and there.implementation == slug else {})
    return f"/login/{slug}?{urlencode(asked)}"
