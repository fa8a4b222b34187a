"""The scans of a session or a badge, and correcting them: a scan is voided, or one that was not made is added."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, flash, request

from records import DbSession, Implementation, RuleViolation
from records.agenda import sessions
from records.attendance import session_attendance
from records.attendance.corrections import AddedScan
from records.attendance.ledger import scan_rows
from records.attendance.ledger.scan_rows import ListedScan, ScanListQuery
from records.attendance.questions import attendance_words, open_questions
from records.changes.attendance import scans as changes
from records.people import actors, badge_id
from web.console.attendance.decisions.forms import AddScanForm, ScanFilterForm, VoidForm
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import Link
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.time_format import moment

ROWS = 50
NO_SCAN = "There is no such scan in this implementation."
#: Digits of a number that every database can store.
_DIGITS = 15


@blueprint.get("/scans")
@needs(Permission.SEE_ATTENDANCE)
def scans(implementation: str) -> Response:
    """List scans, those that were stored last first, voided ones too; `session` and `badge` filter."""
    form = ScanFilterForm.of_request()
    badge = badge_id.acceptable(form.badge.value)
    query = ScanListQuery(form.session.value, badge, _number(request.args.get("before", "")))
    with reading(implementation) as (db, found):
        rows = scan_rows.listed(db, found, query, limit=ROWS + 1)
        older = {
            "session": query.session,
            "badge": badge,
            "before": rows[ROWS - 1].entry.number if len(rows) > ROWS else "",
        }
        return page(
            "scans.html",
            found,
            title="Scans",
            filter=form,
            query=query,
            rows=rows[:ROWS],
            older=f"{request.path}?{urlencode({k: v for k, v in older.items() if v})}" if len(rows) > ROWS else "",
            agenda=sessions.with_retired(db, found),
            people=_people(db, rows),
            add=_add_address(found, query),
        )


@blueprint.get("/scans/<scan>/void")
@needs(Permission.CORRECT_ATTENDANCE)
def ask_to_void(implementation: str, scan: str) -> Response:
    """Show a scan, and what voiding it does to the minutes; of a voided one, who voided it and why."""
    return _void_page(implementation, scan, VoidForm(formdata=None))


@blueprint.post("/scans/<scan>/void")
@needs(Permission.CORRECT_ATTENDANCE)
def void(implementation: str, scan: str) -> Response:
    """Void it. If other scans of the badge count now, that is said, and nothing is done."""
    form = VoidForm()
    by = by_page(form.reason.value)
    try:
        done = commit_to(
            implementation, lambda db, found: changes.void_scan(db, found, scan, by, seen=form.seen.data or "")
        )
    except RuleViolation as refused:
        if refused.field == "scan":
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_SCAN) from None
        form.refuse(refused)
        return _void_page(implementation, scan, form)
    flash(
        "The scan is voided. It counts no more." if done.made else "It was voided before.",
        "message" if done.made else "note",
    )
    with reading(implementation) as (db, found):
        return see_other(_badge_address(found, _one(db, found, scan)))


@blueprint.get("/scans/add")
@needs(Permission.CORRECT_ATTENDANCE)
def ask_to_add(implementation: str) -> Response:
    """Show the form for a scan that was not made; `session`, `badge` and `replaces` fill it in."""
    form = AddScanForm(formdata=None)
    with reading(implementation) as (db, found):
        _fill(db, found, form)
        return _add_page(db, found, form)


@blueprint.post("/scans/add")
@needs(Permission.CORRECT_ATTENDANCE)
def add(implementation: str) -> Response:
    """Add it. A form that is sent twice adds one."""
    form = AddScanForm()
    by = by_page(form.reason.value)
    try:
        done = commit_to(implementation, lambda db, found: changes.add_scan(db, found, _added(form, found), by))
    except RuleViolation as refused:
        form.refuse(refused)
        with reading(implementation) as (db, found):
            return _add_page(db, found, form)
    flash(
        "The scan is added, and the minutes are computed again." if done.made else "It was added before.",
        "message" if done.made else "note",
    )
    query = {"session": form.session.value, "badge": badge_id.acceptable(form.badge_id.value)}
    return see_other(f"{address('scans', implementation)}?{urlencode(query)}")


def _void_page(implementation: str, scan: str, form: VoidForm) -> Response:
    with reading(implementation) as (db, found):
        row = _one(db, found, scan)
        badge = row.entry.badge_id
        form.seen.data = open_questions.state_of_badge(db, found, badge)
        return page(
            "void.html",
            found,
            title="This scan was voided" if row.void else "Void a scan",
            above=(Link("Scans", address("scans", implementation)),),
            form=form,
            row=row,
            name=row.name,
            session=sessions.find_any(db, found, row.entry.session_id),
            now_and_then=_now_and_then(db, found, row),
            people=_people(db, [row]),
            back=_badge_address(found, row),
        )


def _now_and_then(db: DbSession, found: Implementation, row: ListedScan) -> tuple[str, str]:
    """Return what is counted at the session now, and what would be without the scan."""
    session = sessions.find_any(db, found, row.entry.session_id)
    counted = open_questions.scans_of_badge(db, found, row.entry.badge_id).get(row.entry.session_id, [])
    if session is None or row.void or not counted:
        return "", ""
    left = [each for each in counted if each.id != row.entry.scan_id]
    results = [session_attendance.of_scans(found, session, several) for several in (counted, left)]
    now = datetime.now(UTC)
    before, after = (attendance_words.counted_in_words(each, session, now) for each in results)
    return before, after


def _add_page(db: DbSession, found: Implementation, form: AddScanForm) -> Response:
    known = sessions.every(db, found)
    form.session.choices = [
        ("", "Choose a session"),
        *((each.session_id, f"{each.title} ({each.session_id})") for each in known),
    ]
    return page(
        "add_scan.html",
        found,
        title="Add a scan",
        above=(Link("Scans", address("scans", found.slug)),),
        form=form,
        has_times=True,
    )


def _fill(db: DbSession, found: Implementation, form: AddScanForm) -> None:
    given = request.args.get
    form.scan.data = str(uuid.uuid4())
    old = scan_rows.with_ids(db, found, [given("replaces", "")]).get(given("replaces", "").lower())
    session = sessions.find_any(db, found, old.entry.session_id if old else given("session", ""))
    form.session.data = session.session_id if session else ""
    form.badge_id.data = old.entry.badge_id if old else badge_id.acceptable(given("badge", ""))
    at = old.entry.corrected_at if old else session.starts_at if session else None
    form.at.data = at.astimezone(ZoneInfo(found.time_zone)).replace(tzinfo=None).isoformat(" ", "seconds") if at else ""
    if old is not None and old.void is not None:
        form.replaces.data, form.direction.data = old.entry.scan_id, old.entry.direction
        names = old.names
        form.last_name.data, form.first_name.data = (names.last_name, names.first_name) if names else ("", "")


def _added(form: AddScanForm, found: Implementation) -> AddedScan:
    given = {name: form[name].value for name in ("session", "badge_id", "direction", "last_name", "first_name")}
    try:
        at = moment(form.at.value, found.time_zone, datetime.now(UTC))
    except ValueError:
        raise RuleViolation("at", "must be a time such as 14:05, or 2026-05-04 14:05") from None
    return AddedScan(**given, at=at, replaces=form.replaces.data or "", id=form.scan.data or "")


def _one(db: DbSession, found: Implementation, scan: str) -> ListedScan:
    row = scan_rows.with_ids(db, found, [scan]).get(scan.lower())
    if row is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_SCAN)
    return row


def _people(db: DbSession, rows: Iterable[ListedScan]) -> dict[str, actors.Actor]:
    return actors.by_keys(db, {each.actor for row in rows for each in (row.entry, row.void) if each is not None})


def _badge_address(found: Implementation, row: ListedScan) -> str:
    return f"{address('scans', found.slug)}?{urlencode({'badge': row.entry.badge_id})}"


def _add_address(found: Implementation, query: ScanListQuery) -> str:
    given = {name: text for name, text in (("session", query.session), ("badge", query.badge)) if text}
    return address("ask_to_add", found.slug) + (f"?{urlencode(given)}" if given else "")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
