"""Why a user sees what they see, and the runs of the past: list, one run, and what a reference stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, url_for

from records import AgendaSession, DbSession, Implementation, Run, RunFilter, User
from records.people import actors
from records.people.actors import NamedEntry
from records.scripts import run_names, runs, versions
from records.support import display_changes, lookup
from runner.explanations.status_explanation import OUTCOMES, Explanation, explain
from runner.queues import run_causes
from runner.status.no_run_answer import NOTED
from runner.status.service import StatusRequest
from web.auth.services import AuthServices
from web.console.layout.page_frame import Link, implementation_named, page, signed_in
from web.console.runs.reference_lookup import look_up
from web.console.runs.run_query import FAILED, RunQuery, typed
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.status.services import StatusEndpointServices

blueprint = Blueprint("console_runs", __name__, url_prefix="/console/implementations/<implementation>")

#: Runs of a page.
ROWS = 50

#: For how long before, where no run fits and no beginning was asked for, changes are looked for.
A_DAY = timedelta(days=1)


@blueprint.get("/why")
@needs(Permission.SEE_RUNS)
def why(implementation: str) -> Response:
    """Show what a user is displayed at a session now, why, and the newest runs; starts no run.

    `user` and `session` are keys, or what people say: a name, a badge ID, a title. Where more than one fits, the page
    offers them.
    """
    said = {name: typed(name) for name in ("user", "session")}
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        people = lookup.people(db, found, said["user"]) if said["user"] else []
        agenda = lookup.agenda(db, found, said["session"]) if said["session"] else []
        explained = None
        if len(people) == len(agenda) == 1:
            explained = _explained(db, found, people[0], agenda[0])
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
            newest_names=run_names.of_runs(db, found, explained.newest if explained else ()),
        )


@blueprint.get("/runs")
@needs(Permission.SEE_RUNS)
def every(implementation: str) -> Response:
    """List runs, the newest first, by user, session, outcome and time; with `reference`, say what it stands for."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        reference = typed("reference")
        known = look_up(db, found, reference, signed_in())
        if len(known.runs) == 1:
            return see_other(url_for(".one", implementation=found.slug, run_id=known.runs[0].id))
        asked = RunQuery.here(db, found)
        rows = known.runs if reference else _listed(db, found, asked)
        changes = _changes(db, found, asked) if asked.filtered and not rows and not reference else []
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
            late=NOTED,
            changes=changes,
            outcomes=(FAILED, *OUTCOMES),
        )


@blueprint.get("/runs/<run_id>")
@needs(Permission.SEE_RUNS)
def one(implementation: str, run_id: str) -> Response:
    """Show one run with its trace."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        run = runs.find(db, found, run_id)
        if run is None:
            raise HttpProblem(
                HTTPStatus.NOT_FOUND, "There is no such run: it was never recorded, or is no longer kept."
            )
        version = versions.find_version(db, found, run.version)
        return page(
            "console/runs/one.html",
            title=f"Run {run.reference}",
            implementation=found,
            crumbs=(Link("Runs", url_for(".every", implementation=found.slug)),),
            run=run,
            version=version.number if version else None,
            cause=run_causes.in_words(run.because, run.returned_at, run.waited_ms) if run.because else (),
            calls=runs.calls_compared(run, runs.before(db, found, run)),
            names=run_names.of_runs(db, found, [run]),
        )


def _explained(db: DbSession, found: Implementation, user: User, session: AgendaSession) -> Explanation:
    asker = StatusRequest(found.slug, user.subject, session.session_id)
    return explain(db, found, user, session, lambda: StatusEndpointServices.here().desk.look(asker))


def _listed(db: DbSession, found: Implementation, asked: RunQuery) -> list[Run]:
    return [] if asked.is_about_nobody else runs.recent(db, found, asked.wanted, limit=ROWS + 1)


def _changes(db: DbSession, found: Implementation, asked: RunQuery) -> list[NamedEntry]:
    """What was changed in the time that is asked for, or in the day before its end."""
    until = asked.wanted.until or datetime.now(UTC)
    since = asked.wanted.since or until - A_DAY
    return actors.of_entries(db, display_changes.between(db, found, since, until, user=asked.wanted.user or ""))
