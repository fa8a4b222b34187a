"""The import of an agenda file that is too large for a request. The rule is that of every import (`records.changes.agenda`)."""

from __future__ import annotations

from typing import Final

from records import AgendaUpload, DbSession, Implementation, ImportPlan, RuleViolation
from records.agenda import agenda_imports as agenda
from records.agenda.agenda_imports import ReadAgenda
from records.agenda.file_faults import as_lines
from records.audit import AuditContext
from records.changes import agenda as changes
from records.changes.after_commit import AfterCommit
from records.tenants import implementations
from runner.queues.job_arguments import AgendaImportArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, REFUSED

from .job_steps import JobEnd, JobSteps

#: Steps of an import: reading the file, comparing and writing, the end of the transaction.
STEPS: Final = 3
#: Faults that the end of a job names, and characters of each. The page that checks the file shows all.
MOST_FAULTS, LONGEST_FAULT = 20, 300

NO_FILE = "the file was imported, replaced, or waited for more than a day"


def import_agenda(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Import the file that the person uploaded: all of it, or nothing."""
    arguments = arguments_of(order, AgendaImportArguments)
    try:
        # 1. Outside any transaction, because it takes seconds.
        steps.begin(1, "Reading the file.")
        with steps.database.reading() as db:
            owner = _owner(db, order)
            content, zone = _upload(db, owner, order, arguments).content, owner.time_zone
        file = agenda.read(content, zone, arguments.dates)
        # 2. and 3.
        after = _import(steps, order, arguments, file)
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"Nothing was imported: {refused.reason}.")
    plan = after.value
    if plan.faults:
        lines = [line[:LONGEST_FAULT] for line in as_lines(plan.faults)]
        result = {"faults": lines[:MOST_FAULTS], "fault_count": len(lines)}
        return JobEnd(REFUSED, "Nothing was imported: the file does not fit the agenda.", result)
    return JobEnd(
        DONE, "The file is imported.", {"counts": plan.counts}, changed=(after.slug,) if after.announced else ()
    )


def _import(
    steps: JobSteps, order: JobOrder, arguments: AgendaImportArguments, file: ReadAgenda
) -> AfterCommit[ImportPlan]:
    """Import in one transaction, which is rolled back if the job is cancelled."""
    steps.begin(2, "Comparing the file with the agenda, and writing the sessions.")
    with steps.database.session() as db:
        owner = _owner(db, order)
        upload = _upload(db, owner, order, arguments)
        by = AuditContext(order.by, as_of=arguments.as_of)
        after = changes.import_file(db, owner, file, by, retire=arguments.retire, file_name=upload.file_name)
        if not after.value.faults:
            agenda.drop_upload(db, owner, order.by)
        steps.begin(3, "Saving.")
    return after


def _owner(db: DbSession, order: JobOrder) -> Implementation:
    found = implementations.find_any(db, order.implementation)
    if found is None:
        raise RuleViolation("implementation", "the implementation was removed")
    return found


def _upload(db: DbSession, owner: Implementation, order: JobOrder, arguments: AgendaImportArguments) -> AgendaUpload:
    """Return the file that the person looked at. Raises RuleViolation if it was replaced, or is not there any more."""
    upload = agenda.upload_of(db, owner, order.by)
    if upload is None or upload.sha256 != arguments.upload:
        raise RuleViolation("file", NO_FILE)
    return upload
