"""Reports: making one, those that were made, and one of them with its digest.

A report is not kept as a file: it is made from the ledger each time, so no copy of names is left after an erasure.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from http import HTTPStatus

from flask import Response, flash, request

from records import AgendaSession, DbSession, Implementation, RuleViolation
from records.agenda import sessions
from records.attendance.figures import scanned_people
from records.attendance.report import made_reports
from records.attendance.report.made_reports import BegunReport, MadeReport
from records.attendance.report.report_rows import ReportDigest
from records.attendance.report.report_terms import KINDS, SCANS
from records.changes.attendance import reports as changes
from records.changes.attendance.reports import ReportDraft
from records.people import actors
from runner.logins import StoreAway
from runner.queues.background_jobs import QueueFull
from runner.queues.job_arguments import AttendanceReportArguments
from runner.queues.job_orders import ATTENDANCE_REPORT
from runner.queues.job_states import WAITING, JobState
from web.auth.services import AuthServices
from web.console.attendance.report_form import KIND_WORDS, ReportForm, draft_of
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.commits import by_page, commit_to
from web.console.layout.list_query import ROWS
from web.console.layout.page_frame import Link, signed_in
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

NO_REPORT = "There is no such report."
NO_JOB = "No report of yours is being made."
#: The words of a field's rule, by the field of the form.
_FIELDS = {"as_of": "moment", "session": "session", "badge": "badge", "columns": "columns"}
#: Digits of the number of an audit entry that are read.
_DIGITS = 15


@blueprint.get("/reports", endpoint="reports")
@needs(Permission.SEE_ATTENDANCE)
def reports(implementation: str) -> Response:
    """Show the form for a report, the one that is being made, and those that were made; `session` and `badge` fill the form."""
    kind = _kind()
    form = ReportForm.of_kind(kind)
    form.session.data, form.badge.data = request.args.get("session", ""), request.args.get("badge", "")
    with reading(implementation) as (db, found):
        return _list(db, found, kind, form)


@blueprint.post("/reports", endpoint="make_report")
@needs(Permission.SEE_ATTENDANCE)
def make(implementation: str) -> Response:
    """Make a report and go to its page. A large one is made in the background, and the list says how far it is."""
    kind = _kind()
    form = ReportForm.of_kind(kind, sent=True)
    with reading(implementation) as (db, found):
        draft = draft_of(form, kind, found.time_zone)
        begun = _begun(db, found, draft, form) if draft else None
        if draft is None or begun is None:
            return _list(db, found, kind, form)
        if begun.takes_long(db, found):
            return _order(implementation, draft, begun)
        digest = ReportDigest(begun.terms.headings)
        deque(digest.passing(row.cells for row in begun.rows(db, found)), maxlen=0)
    made = commit_to(implementation, lambda db, found: changes.note_report(db, found, begun, digest, by_page())).value
    return see_other(address("report", implementation, number=made.number))


@blueprint.post("/reports/cancel", endpoint="cancel_report")
@needs(Permission.SEE_ATTENDANCE)
def cancel(implementation: str) -> Response:
    """Cancel the report that this person ordered last."""
    job = _job(implementation)
    if job is None or job.ended:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_JOB)
    AuthServices.here().jobs.cancel(job)
    return see_other(address("reports", implementation))


@blueprint.get("/reports/<int:number>", endpoint="report")
@needs(Permission.SEE_ATTENDANCE)
def report(implementation: str, number: int) -> Response:
    """Show a report that was made: what it is about, its digest, its files, and how to verify one."""
    with reading(implementation) as (db, found):
        made = report_named(db, found, number)
        names = scanned_people.names_of(db, found, badges=[made.terms.badge]) if made.terms.badge else {}
        return page(
            "report.html",
            found,
            title=f"Report {number}",
            above=(Link("Reports", address("reports", implementation)),),
            made=made,
            kind=KINDS[made.terms.kind],
            gone=made_reports.is_gone(db, found, made),
            session=_session(db, found, made),
            person=" ".join(reversed(names.get(made.terms.badge, ()))).strip(),
            names=actors.by_keys(db, [made.by]),
        )


def report_named(db: DbSession, found: Implementation, number: int) -> MadeReport:
    """Return the report with this number. Raises `HttpProblem` (404) if there is none."""
    made = made_reports.numbered(db, found, number) if number < 10**_DIGITS else None
    if made is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_REPORT)
    return made


def _list(db: DbSession, found: Implementation, kind: str, form: ReportForm) -> Response:
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
    rows = made_reports.every(db, found, limit=ROWS + 1, before=before)
    jobs, job = AuthServices.here().jobs, _job(found.slug)
    no_worker = job is not None and job.state == WAITING and not jobs.worker_is_there()
    return page(
        "reports.html",
        found,
        title="Reports",
        has_times=True,
        form=form,
        kind=kind,
        kinds=KINDS,
        kind_words=KIND_WORDS,
        rows=rows[:ROWS],
        before=before,
        older=address("reports", found.slug, before=rows[ROWS - 1].number) if len(rows) > ROWS else "",
        job=job,
        no_worker=no_worker,
        refreshes=job is not None and not job.ended and not no_worker,
        names=actors.by_keys(db, [each.by for each in rows]),
        agenda=sessions.every(db, found) if kind == SCANS else [],
    )


def _begun(db: DbSession, found: Implementation, draft: ReportDraft, form: ReportForm) -> BegunReport | None:
    """Begin a report; None if a rule refuses it, which the form then says."""
    try:
        return changes.begin_report(db, found, draft)
    except RuleViolation as refused:
        for fault in refused.faults:
            form.complain(_FIELDS.get(fault.field, "session"), fault.reason)
        return None


def _order(implementation: str, draft: ReportDraft, begun: BegunReport) -> Response:
    arguments = AttendanceReportArguments(
        draft.kind,
        draft.session,
        begun.terms.badge,
        list(begun.terms.columns),
        int(draft.as_of.timestamp()) if draft.as_of else None,
    )
    try:
        AuthServices.here().jobs.order(ATTENDANCE_REPORT, implementation, signed_in().actor, asdict(arguments))
    except QueueFull as full:
        flash(f"No report was made: {full}.", "note")
    return see_other(address("reports", implementation))


def _job(implementation: str) -> JobState | None:
    """Return the report that this person ordered last; None without a store."""
    try:
        return AuthServices.here().jobs.newest(ATTENDANCE_REPORT, implementation, signed_in().actor)
    except StoreAway:
        return None


def _kind() -> str:
    kind = request.args.get("kind", SCANS)
    return kind if kind in KINDS else SCANS


def _session(db: DbSession, found: Implementation, made: MadeReport) -> AgendaSession | None:
    return sessions.find_any(db, found, made.terms.session) if made.terms.session else None
