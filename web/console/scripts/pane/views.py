"""The test pane of a version, with the scenarios of its newest submission. That of a draft is beside the editor."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from records import DbSession, Implementation, Version
from records.scripts import submissions
from web.console.layout.page_frame import Link
from web.console.scripts.trials.drawn_messages import colours_address
from web.console.scripts.views_base import SCRIPT_FORM, address, blueprint, page, reading, version_named
from web.permissions import Permission, needs, takes

from .case_filling import fill, may_choose_people
from .pane_form import FILL, RUN, PaneForm, case_of
from .pane_result import PaneResult, run

SUSPENDED = "Nothing was run: this version is suspended. Its page says why."


@blueprint.get("/versions/<int:number>/try", endpoint="try_version")
@needs(Permission.SEE_SCRIPTS)
def show(implementation: str, number: int) -> Response:
    """Show the pane with a made-up person at the next session."""
    with reading(implementation) as (db, found):
        version, form = version_named(db, found, number), PaneForm(formdata=None)
        scenarios = submissions.newest_scenarios(db, version)
        form.offer(scenarios, people=may_choose_people(found.slug))
        fill(db, found, form, scenarios)
        return _page(found, version, form)


@blueprint.post("/versions/<int:number>/try", endpoint="run_version")
@needs(Permission.SEE_SCRIPTS)
@takes(body=SCRIPT_FORM)
def work(implementation: str, number: int) -> Response:
    """Fill the pane with what was chosen, or run the version, as the button says."""
    form, act = PaneForm(), request.form.get("do", RUN)
    with reading(implementation) as (db, found):
        version = version_named(db, found, number)
        if act == FILL:
            return _filled(db, found, version, form)
        form.offer(submissions.newest_scenarios(db, version), people=may_choose_people(found.slug))
        source = version.source
        db.expunge_all()
    if version.suspended_at is not None:
        return _page(found, version, form, PaneResult(fault=SUSPENDED))
    case = case_of(form)
    # No transaction is open while the run is waited for.
    result = run(found, source, case) if case else None
    return _page(found, version, form, result)


def _filled(db: DbSession, found: Implementation, version: Version, form: PaneForm) -> Response:
    scenarios = submissions.newest_scenarios(db, version)
    form.offer(scenarios, people=may_choose_people(found.slug))
    fill(db, found, form, scenarios)
    return _page(found, version, form)


def _page(found: Implementation, version: Version, form: PaneForm, result: PaneResult | None = None) -> Response:
    return page(
        "try.html",
        found,
        title=f"Try version {version.number}",
        above=(Link(f"Version {version.number}", address("one", found.slug, number=version.number)),),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.complaints else HTTPStatus.OK,
        form=form,
        version=version,
        result=result,
        colours=colours_address([result.message], found) if result else "",
    )
