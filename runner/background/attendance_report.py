"""Making a large report of attendance: its digest is found in a process of its own. The rows themselves are kept nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from records import DbSession, Implementation, RuleViolation
from records.attendance.report.made_reports import BegunReport
from records.attendance.report.report_rows import ReportDigest
from records.audit import AuditContext
from records.changes.attendance import reports as changes
from records.changes.attendance.reports import ReportDraft
from records.plurals import counted
from records.tenants import implementations
from runner.queues.job_arguments import AttendanceReportArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, REFUSED

from .job_steps import JobEnd, JobSteps

#: Steps: deciding what it is about, reading the rows, keeping the digest.
STEPS: Final = 3
#: Rows after which it says how far it is.
TOLD_ROWS: Final = 10_000


def make_report(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Make a report, and keep its digest."""
    arguments = arguments_of(order, AttendanceReportArguments)
    as_of = datetime.fromtimestamp(arguments.as_of, UTC) if arguments.as_of is not None else None
    draft = ReportDraft(
        kind=arguments.kind,
        session=arguments.session,
        badge=arguments.badge,
        columns=arguments.columns,
        as_of=as_of,
    )
    steps.begin(1, "Reading the agenda and the rules.")
    try:
        with steps.database.reading() as db:
            begun = changes.begin_report(db, _owner(db, order), draft)
        steps.begin(2, "Reading the scans.")
        with steps.database.reading() as db:
            written = _written(steps, begun, _owner(db, order), db)
        steps.begin(STEPS, "Saving.")
        with steps.database.session() as db:
            made = changes.note_report(db, _owner(db, order), begun, written, AuditContext(order.by)).value
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"No report was made: {refused}.")
    return JobEnd(DONE, "The report is made.", {"report": made.number})


def _written(steps: JobSteps, begun: BegunReport, owner: Implementation, db: DbSession) -> ReportDigest:
    digest = ReportDigest(begun.terms.headings)
    for _ in digest.passing(_told(steps, begun, owner, db)):
        pass
    return digest


def _told(steps: JobSteps, begun: BegunReport, owner: Implementation, db: DbSession) -> Iterator[Sequence[str]]:
    """Yield the cells of each row, and say now and then how far it is. Raises `JobCancelled`."""
    for number, row in enumerate(begun.rows(db, owner), start=1):
        if number % TOLD_ROWS == 0:
            steps.tell(2, f"Reading the scans: {counted(number, 'row')} so far.")
        yield row.cells


def _owner(db: DbSession, order: JobOrder) -> Implementation:
    found = implementations.find_any(db, order.implementation)
    if found is None:
        raise RuleViolation("implementation", "was removed")
    return found
