"""One question that scans raise: the sessions with their scans, and what each answer does to the minutes.

The address names the kind, the badge and the sessions; the form names the digest of the scans as well, so that nothing is
decided about scans that the person has not seen.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, request

from records import AgendaSession, DbSession, Implementation, RuleViolation
from records.agenda import sessions
from records.attendance import scan_queries
from records.attendance.ledger import scan_rows
from records.attendance.questions import attendance_words, decisions, open_questions
from records.attendance.questions.attendance_questions import (
    AS_IT_IS,
    FIRST_ONLY,
    WITHOUT_OUT,
    AttendanceQuestion,
    QuestionChoice,
    choices_of,
)
from records.changes.attendance import questions as changes
from records.changes.attendance.questions import QuestionAnswer
from records.people import actors
from records.plurals import counted
from web.console.attendance.decisions.forms import QuestionForm
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import Link
from web.forms.fields import choices_of as field_choices
from web.permissions import Permission, needs
from web.redirects import see_other

#: Scans at each session that are listed.
MOST_SCANS = 200
SETTLED = "Nothing is open about this any more: the scans are others now."


@blueprint.get("/to-decide/question")
@needs(Permission.SEE_ATTENDANCE)
def question(implementation: str) -> Response:
    """Show a question, open or decided. One that there is not leads back to the list."""
    return _page(implementation, QuestionForm(formdata=None))


@blueprint.post("/to-decide/question")
@needs(Permission.CORRECT_ATTENDANCE)
def decide(implementation: str) -> Response:
    """Answer it. If its scans have changed, that is said, and nothing is done."""
    form = QuestionForm()
    kind, badge, names = _asked()
    given = QuestionAnswer(kind, badge, names, form.seen.data or "", form.choice.value)
    by = by_page(form.reason.value)
    try:
        done = commit_to(implementation, lambda db, found: changes.decide(db, found, given, by))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(implementation, form)
    if not done.made:
        flash("It was decided before to leave this as it is.", "note")
    elif given.choice == AS_IT_IS:
        flash("It stays as it is. It does not return unless its scans change.")
    else:
        flash("The scans are voided, and the minutes computed again.")
    return see_other(address("to_decide", implementation))


def _asked() -> tuple[str, str, tuple[str, str]]:
    """Return kind, badge and sessions as the address names them."""
    given = request.args.get
    return given("kind", ""), given("badge", ""), (given("first", ""), given("second", ""))


def question_address(implementation: str, asked: AttendanceQuestion) -> str:
    """Return the address of a question."""
    first, second = asked.names
    query = {"kind": asked.kind.value, "badge": asked.badge_id, "first": first, "second": second}
    return f"{address('question', implementation)}?{urlencode({name: text for name, text in query.items() if text})}"


def _page(implementation: str, form: QuestionForm) -> Response:
    with reading(implementation) as (db, found):
        asked = open_questions.find(db, found, *_asked())
        if asked is None:
            flash(SETTLED, "note")
            return see_other(address("to_decide", implementation))
        return _drawn(db, found, asked, form)


def _drawn(db: DbSession, found: Implementation, asked: AttendanceQuestion, form: QuestionForm) -> Response:
    agenda = {each.session_id: sessions.find_any(db, found, each.session_id) for each in asked.sessions}
    choices = choices_of(asked, scan_queries.rules_of(found))
    form.choice.choices = field_choices((each.name, _words(each, asked, agenda)) for each in choices)
    form.seen.data = asked.seen
    listed = scan_rows.with_ids(db, found, [scan.id for each in asked.sessions for scan in each.scans[:MOST_SCANS]])
    kept = decisions.find(db, found, asked)
    people = actors.by_keys(db, {each.entry.actor for each in listed.values()} | ({kept.decided_by} if kept else set()))
    return page(
        "question.html",
        found,
        title=_title(asked),
        above=(Link("To decide", address("to_decide", found.slug)),),
        form=form,
        asked=asked,
        most=MOST_SCANS,
        agenda=agenda,
        listed=listed,
        kept=kept,
        people=people,
        name=scan_rows.names_of(db, found, [asked.badge_id]).get(asked.badge_id, ""),
    )


def _title(asked: AttendanceQuestion) -> str:
    return "In two sessions at the same time" if asked.names[1] else "Left without having come in"


def _words(choice: QuestionChoice, asked: AttendanceQuestion, agenda: dict[str, AgendaSession | None]) -> str:
    """Say what a choice does: "Count only Sepsis (voids 1 scan). Sepsis: 55 min, attended. Stroke: 0 min, not attended."."""
    titles = [_titled(each.session_id, agenda) for each in asked.sessions]
    pairs = zip(titles, choice.after, strict=True)
    result = " ".join(f"{title}: {attendance_words.in_words(after)}." for title, after in pairs)
    if choice.name == AS_IT_IS:
        return f"Leave it as it is. {result}"
    voids = f"(voids {counted(len(choice.voided), 'scan')})"
    if choice.name == WITHOUT_OUT:
        return f"Do not count that this badge left {voids}. {result}"
    return f"Count only {titles[choice.name != FIRST_ONLY]} {voids}. {result}"


def _titled(name: str, agenda: dict[str, Any]) -> str:
    session = agenda.get(name)
    return session.title if session else name
