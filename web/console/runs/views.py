"""Why a user sees what they see, and the runs of the past: list, one run, and what a reference stands for."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, url_for

from records import (
    DbSession,
    Implementation,
    RunFilter,
    User,
    run_names,
    runs,
    scripts,
)
from runner.explain import OUTCOMES, Explanation, explain
from runner.status import Asker
from web.auth.entrance import Entrance
from web.console.frame import Link, implementation_named, page, signed_in
from web.console.runs.asking import FAILED, AskedRuns, people_named, sessions_named, typed
from web.console.runs.lookup import look_up
from web.onward import see_other
from web.permissions import Permission, needs
from web.problems import Fault
from web.status.asking import Counter

blueprint = Blueprint("console_runs", __name__, url_prefix="/console/implementations/<implementation>")

#: Runs of a page.
ROWS = 50


@blueprint.get("/why")
@needs(Permission.SEE_RUNS)
def why(implementation: str) -> Response:
    """Show what a user is displayed at a session now, why, and the newest runs; starts no run.

    `user` and `session` are keys, or what people say: a name, a badge ID, a title. Where more than one fits, the page
    offers them.
    """
    said = {name: typed(name) for name in ("user", "session")}
    with Entrance.here().database.reading() as db:
        found = implementation_named(db, implementation)
        people = people_named(db, found, said["user"]) if said["user"] else []
        agenda = sessions_named(db, found, said["session"]) if said["session"] else []
        explained = None
        if len(people) == len(agenda) == 1 and found.archived_at is None:
            explained = _explained(db, found, people[0], agenda[0].session_id)
        recent = runs.recent(db, found, RunFilter(user=people[0].subject), limit=ROWS) if len(people) == 1 else []
        return page(
            "console/runs/why.html",
            title="Why this message?",
            implementation=found,
            said=said,
            people=people,
            agenda=agenda,
            explained=explained,
            recent=recent,
            names=run_names.of_runs(db, found, recent),
        )


@blueprint.get("/runs")
@needs(Permission.SEE_RUNS)
def every(implementation: str) -> Response:
    """List runs, the newest first, by user, session, outcome and time; with `reference`, say what it stands for."""
    with Entrance.here().database.reading() as db:
        found = implementation_named(db, implementation)
        reference = typed("reference")
        known = look_up(db, found, reference, signed_in())
        if len(known.runs) == 1:
            return see_other(url_for(".one", implementation=found.slug, run_id=known.runs[0].id))
        asked = AskedRuns.here(found)
        rows = known.runs if reference else runs.recent(db, found, asked.wanted, limit=ROWS + 1)
        return page(
            "console/runs/list.html",
            title="Runs",
            has_times=True,
            implementation=found,
            runs=rows[:ROWS],
            names=run_names.of_runs(db, found, rows[:ROWS]),
            asked=asked,
            older=asked.address(before=rows[ROWS - 1].id) if len(rows) > ROWS else "",
            reference=reference,
            known=known,
            outcomes=(FAILED, *OUTCOMES),
        )


@blueprint.get("/runs/<run_id>")
@needs(Permission.SEE_RUNS)
def one(implementation: str, run_id: str) -> Response:
    """Show one run with its trace."""
    with Entrance.here().database.reading() as db:
        found = implementation_named(db, implementation)
        run = runs.find(db, found, run_id)
        if run is None:
            raise Fault(HTTPStatus.NOT_FOUND, "There is no such run: it was never recorded, or is no longer kept.")
        version = scripts.find_version(db, found, run.version)
        return page(
            "console/runs/one.html",
            title=f"Run {run.reference}",
            implementation=found,
            crumbs=(Link("Runs", url_for(".every", implementation=found.slug)),),
            run=run,
            version=version.number if version else None,
            names=run_names.of_runs(db, found, [run]),
        )


def _explained(db: DbSession, found: Implementation, user: User, session: str) -> Explanation:
    displayed = Counter.here().desk.look(Asker(found.slug, user.subject, session))
    return explain(db, found, user.subject, displayed)
