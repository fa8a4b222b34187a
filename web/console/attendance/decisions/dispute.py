"""One dispute: what a person says, what is counted of them at that session, and the answer that closes it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, flash

from records import DbSession, Implementation, RuleViolation, User
from records.agenda import sessions
from records.attendance import session_attendance
from records.attendance.ledger import scan_rows
from records.attendance.ledger.scan_rows import ScanListQuery
from records.attendance.questions import attendance_words, disputes
from records.attendance.questions.disputes import AttendanceDispute
from records.changes.attendance import questions as changes
from records.people import actors, users
from web.console.attendance.decisions.forms import AnswerForm
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import Link
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

NO_DISPUTE = "There is no such dispute in this implementation."
#: Scans of the person at the session that are listed.
MOST_SCANS = 50


@blueprint.get("/disputes/<int:number>")
@needs(Permission.SEE_ATTENDANCE)
def dispute(implementation: str, number: int) -> Response:
    """Show a dispute, open or answered."""
    return _page(implementation, number, AnswerForm(formdata=None))


@blueprint.post("/disputes/<int:number>")
@needs(Permission.CORRECT_ATTENDANCE)
def answer(implementation: str, number: int) -> Response:
    """Answer it. One that was answered meanwhile stays as it was answered."""
    form = AnswerForm()
    by = by_page(form.answer.value)
    try:
        done = commit_to(implementation, lambda db, found: changes.answer(db, found, _checked(number), by))
    except RuleViolation as refused:
        form.refuse(refused)
        return _page(implementation, number, form)
    if not done.made:
        flash("It was answered before. Your answer was not sent.", "note")
        return see_other(address("dispute", implementation, number=number))
    flash("Your answer is shown to the person, and the dispute is closed.")
    return see_other(address("to_decide", implementation))


def _checked(number: int) -> int:
    return number if number < 2**63 else 0


def _page(implementation: str, number: int, form: AnswerForm) -> Response:
    with reading(implementation) as (db, found):
        said = disputes.find(db, found, _checked(number))
        if said is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_DISPUTE)
        person = db.get_one(User, said.user_id)
        badge = person.badge_id or said.badge_id
        here = ScanListQuery(session=said.session_id, badge=badge)
        scans = scan_rows.listed(db, found, here, limit=MOST_SCANS) if badge else []
        return page(
            "dispute.html",
            found,
            title="A person says that it is wrong",
            above=(Link("To decide", address("to_decide", found.slug)),),
            form=form,
            said=said,
            person=person,
            name=actors.name_of(person),
            badge=badge,
            shared=badge != "" and len(users.with_badges(db, found, {badge}).get(badge, ())) > 1,
            session=sessions.find_any(db, found, said.session_id),
            counted_now=_counted(db, found, said, badge),
            scans=scans,
            people=actors.by_keys(db, {said.answered_by, *(row.entry.actor for row in scans)}),
        )


def _counted(db: DbSession, found: Implementation, said: AttendanceDispute, badge: str) -> str:
    session = sessions.find_any(db, found, said.session_id)
    if session is None or not badge:
        return ""
    counts = session_attendance.of_badges(db, found, {session.session_id: session}, badge)
    here = counts.get(badge, {}).get(session.session_id)
    return attendance_words.counted_in_words(here[1], session, datetime.now(UTC)) if here else ""
