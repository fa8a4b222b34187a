"""The pages about runs: why a person sees a message, the list of runs, one run, and what a reference stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, url_for

from records import AgendaSession, DbSession, Implementation, Run, RunFilter, User
from records.facts import fact_lists
from records.facts.fact_lists import PersonFact
from records.people import actors
from records.people.actors import NamedEntry
from records.scripts import run_names, runs, versions
from records.support import display_changes, lookup
from records.trials import kept_answers
from runner.explanations.earlier_display import displayed_at
from runner.explanations.status_explanation import Explanation, explain
from runner.queues import run_causes
from runner.status.no_run_answer import NOTED
from runner.status.service import StatusRequest
from runner.trials.run_case import case_files, zipped
from web.auth.services import AuthServices
from web.console.layout.page_frame import Link, implementation_named, page, signed_in
from web.console.runs.reference_lookup import look_up
from web.console.runs.run_query import ReferenceForm, RunQuery, WhyForm
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.status.services import StatusEndpointServices
from web.time_format import TimeFormatter, moment

blueprint = Blueprint("console_runs", __name__, url_prefix="/console/implementations/<implementation>")

#: Runs of a page.
ROWS = 50

#: If no run matches and no start was given, changes of this time are listed.
CHANGES_LISTED = timedelta(days=1)


@blueprint.get("/why")
@needs(Permission.SEE_RUNS)
def why(implementation: str) -> Response:
    """Show what a person is shown at a session now, why, and the newest runs; with `at`, also what it was then. Starts no run.

    `user` and `session` are keys, or what people say: a name, a badge ID, a title. If more than one matches, the page
    offers them.
    """
    form = WhyForm.of_request()
    who, where = form.user.value, form.session.value
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        people = lookup.people(db, found, who) if who else []
        agenda = lookup.agenda(db, found, where) if where else []
        explanation = earlier = None
        facts: list[PersonFact] = []
        at = _time_asked_for(form, found)
        if len(people) == len(agenda) == 1:
            explanation = _explanation(db, found, people[0], agenda[0])
            facts = fact_lists.at_session(db, found, people[0].subject, explanation.displayed.session)
            earlier = displayed_at(db, found, people[0].subject, agenda[0].session_id, at) if at else None
        recent = runs.recent(db, found, RunFilter(user=people[0].subject), limit=ROWS) if len(people) == 1 else []
        return page(
            "console/runs/why.html",
            title="Why this message?",
            implementation=found,
            form=form,
            people=people,
            agenda=agenda,
            explanation=explanation,
            earlier=earlier,
            facts=facts,
            clock=TimeFormatter.of(found),
            recent=recent,
            names=run_names.of_runs(db, found, recent),
            newest_names=run_names.of_runs(db, found, explanation.newest if explanation else ()),
        )


@blueprint.get("/runs")
@needs(Permission.SEE_RUNS)
def every(implementation: str) -> Response:
    """List runs, newest first, by person, session, outcome and time; with `reference`, show what it stands for."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        reference_form = ReferenceForm.of_request()
        reference = reference_form.reference.value
        matches = look_up(db, found, reference, signed_in())
        if len(matches.runs) == 1:
            return see_other(url_for(".one", implementation=found.slug, run_id=matches.runs[0].id))
        query = RunQuery.of_request(db, found)
        rows = matches.runs if reference else _listed(db, found, query)
        changes = _changes(db, found, query) if query.is_filtered and not rows and not reference else []
        return page(
            "console/runs/list.html",
            title="Runs",
            has_times=True,
            implementation=found,
            runs=rows[:ROWS],
            names=run_names.of_runs(db, found, rows[:ROWS]),
            query=query,
            older=query.address(before=rows[ROWS - 1].id) if len(rows) > ROWS else "",
            reference=reference,
            reference_form=reference_form,
            matches=matches,
            unavailable=NOTED,
            changes=changes,
        )


@blueprint.get("/runs/<run_id>")
@needs(Permission.SEE_RUNS)
def one(implementation: str, run_id: str) -> Response:
    """Show one run with its trace."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        run = _run_named(db, found, run_id)
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


@blueprint.get("/runs/<run_id>/case.zip")
@needs(Permission.SEE_RUNS)
def case(implementation: str, run_id: str) -> Response:
    """Return a run as a case, as a ZIP file. The script is in it for those who may see scripts."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        run = _run_named(db, found, run_id)
        sees = signed_in().may(Permission.SEE_SCRIPTS, found.slug)
        version = versions.find_version(db, found, run.version) if sees else None
        kept = kept_answers.of_runs(db, found, [run.id]).get(run.id)
        public_url = AuthServices.here().config.public_url
        files = case_files(run, found, public_url=public_url, source=version.source if version else None, kept=kept)
    name = f"run-{run.reference}"
    response = Response(zipped(name, files), mimetype="application/zip", headers=dict(PRIVATE))
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.zip")
    return response


def _time_asked_for(form: WhyForm, found: Implementation) -> datetime | None:
    """Return the time in the form; None for now, and for a text that is no time, which its field then says."""
    if not form.at.value:
        return None
    try:
        return moment(form.at.value, found.time_zone, datetime.now(UTC))
    except ValueError as fault:
        form.at.errors = [f"{str(fault).capitalize()}."]
        return None


def _run_named(db: DbSession, found: Implementation, run_id: str) -> Run:
    run = runs.find(db, found, run_id)
    if run is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such run: it was never recorded, or it is no longer kept.")
    return run


def _explanation(db: DbSession, found: Implementation, user: User, session: AgendaSession) -> Explanation:
    status_request = StatusRequest(found.slug, user.subject, session.session_id)
    return explain(db, found, user, session, lambda: StatusEndpointServices.here().status_service.look(status_request))


def _listed(db: DbSession, found: Implementation, query: RunQuery) -> list[Run]:
    return [] if query.matches_nothing else runs.recent(db, found, query.run_filter, limit=ROWS + 1)


def _changes(db: DbSession, found: Implementation, query: RunQuery) -> list[NamedEntry]:
    """Return the changes in the time of the query, or in the day before its end."""
    until = query.run_filter.until or datetime.now(UTC)
    since = query.run_filter.since or until - CHANGES_LISTED
    return actors.of_entries(db, display_changes.between(db, found, since, until, user=query.run_filter.user or ""))
