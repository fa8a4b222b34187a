"""The form that asks for a report: of what, with which columns, as of when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from records.agenda.sessions import AgendaSession
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.report.report_terms import KINDS, SCANS, ReportColumn
from records.changes.attendance.reports import ReportDraft
from records.columns import length_of
from web.forms.base_form import BaseForm
from web.forms.fields import CheckboxesField, LineField, choices_of
from web.time_format import moment

#: The kinds as links of the page say them.
KIND_WORDS: Final = {"scans": "One row for each scan", "sessions": "One row for each session"}


class ReportForm(BaseForm):
    """What a report is about. Its kind is in the address of the page."""

    session = LineField(
        "Session",
        description="The ID of one session, such as CE-1. Without it: the whole event.",
        longest=length_of(AgendaSession.session_id),
    )
    badge = LineField(
        "Badge ID",
        description="Of one person. Without it: everybody.",
        longest=length_of(LedgerEntry.badge_id),
    )
    columns = CheckboxesField("Columns")
    as_of = None  # the name of a field below; the page changes nothing that could be outdated
    moment = LineField(
        "As it was known at",
        description="A time such as 14:00 or 2026-05-04T14:00, or 2h for two hours ago. Without it: now.",
        longest=40,
    )

    @classmethod
    def of_kind(cls, kind: str, *, sent: bool = False) -> ReportForm:
        """Return the form of a kind of report, as it was sent, or with its usual columns."""
        form = cls() if sent else cls(formdata=None)
        form.columns.choices = choices_of((name, _words(each)) for name, each in KINDS[kind].columns.items())
        if not sent:
            form.columns.data = list(KINDS[kind].usual)
        return form


def draft_of(form: ReportForm, kind: str, zone: str) -> ReportDraft | None:
    """Return what a form asks for; None if something is wrong, which its fields then say."""
    if not form.columns.value:
        form.complain("columns", "must be at least one")
    as_of = None
    try:
        as_of = moment(form.moment.value, zone, datetime.now(UTC)) if form.moment.value else None
    except ValueError as fault:
        form.complain("moment", str(fault))
    if form.complaints:
        return None
    only_scans = {"session": form.session.value, "badge": form.badge.value} if kind == SCANS else {}
    return ReportDraft(kind=kind, columns=form.columns.value, as_of=as_of, **only_scans)


def _words(column: ReportColumn) -> str:
    """Return the label of a column; its zone is in the help, because labels of pages name none."""
    heading = column.heading.removesuffix(" (UTC)")
    return f"{heading}: {column.help}" if column.help else heading
