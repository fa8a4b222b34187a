"""Reports with minutes, attendance and repeats, and the report of sessions: what was frozen holds, whatever is changed later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from records import AgendaSession, RuleViolation
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.attendance.report import made_reports, report_check
from records.attendance.report.report_basis import ReportBasis
from records.attendance.report.report_terms import KINDS, SCANS, SESSIONS
from records.audit import AuditEntry
from records.changes.attendance import scans as changes
from records.tenants import implementations
from tests.records.attendance.ledger_rows import START, draft
from tests.records.attendance.reports_made import BY, made, table

END = START + timedelta(hours=1)
#: A moment after everything.
AFTER = START + timedelta(hours=3)
SESSIONS_HELD = {
    "b": {"title": "Zweite, „lange“ Sitzung", "location": "Hall 4", "attributes": {"Room capacity": "8"}},
    "a:1": {"title": "=First", "location": "", "attributes": {}},
    "Z": {"title": "Nobody came", "location": "Hall 5", "attributes": {"Seats": "none"}},
    "gone": {"title": "Retired", "location": "", "attributes": {}, "retired_at": START},
    "gone too": {"title": "Retired", "location": "", "attributes": {}, "retired_at": START},
}
#: Session, badge, minute and direction of each scan.
SCANS_MADE = [
    ("b", "B-1", 0, "in"), ("b", "B-1", 1, "in"), ("b", "B-1", 50, "out"),
    ("b", "B-2", 40, "in"), ("b", "b-1", 5, "in"), ("b", "b-1", 10, "out"),
    ("a:1", "B-1", 30, "in"), ("gone", "B-2", 0, "in"), ("b", "TEST-BADGE-1", 0, "in"),
]  # fmt: skip


@pytest.fixture
def event(db, demo):
    implementations.update(db, demo, scan_mode="in and out", minutes_needed=45)
    for name, session in SESSIONS_HELD.items():
        times = {"starts_at": START, "ends_at": END}
        db.add(AgendaSession(implementation_id=demo.id, session_id=name, **times, **session))
    rows = [
        (
            draft(n, session_id=session, badge_id=badge, direction=way, corrected_at=START + timedelta(minutes=at)),
            BadgeNames(f"Chen {badge}", "<b>Mei</b>"),
        )
        for n, (session, badge, at, way) in enumerate(SCANS_MADE)
    ]
    chain.append(db, chain.lock(db, demo), rows)
    return demo


def change_everything(db, owner):
    """Change whatever the figures follow from, and correct what was scanned."""
    rules = {"minutes_needed": 1, "percent_needed": 1, "repeat_seconds": 0, "scan_mode": "in only", "late_minutes": 5}
    implementations.update(db, owner, **rules)
    moved = {"starts_at": START - timedelta(hours=1), "title": "Another", "location": "", "attributes": {}}
    db.execute(update(AgendaSession).values(**moved))
    times = {"starts_at": START, "ends_at": END}
    db.add(AgendaSession(implementation_id=owner.id, session_id="new", title="New", **times))
    chain.append(db, chain.lock(db, owner), [(draft(90, session_id="b", badge_id="B-9"), None)])
    changes.void_scan(db, owner, str(draft(0).scan_id), BY)


def test_minutes_attendance_and_repeats_are_those_of_the_badge_at_the_session(db, event, tmp_path):
    columns = ("session", "badge", "title", "repeat", "minutes", "attended")
    path, _ = made(db, event, tmp_path, columns=columns, as_of=AFTER)
    assert [tuple(row.values()) for row in table(path)] == [
        ("a:1", "B-1", "=First", "", "30", "no"),
        ("b", "B-1", "Zweite, „lange“ Sitzung", "", "50", "yes"),
        ("b", "B-1", "Zweite, „lange“ Sitzung", "repeat", "50", "yes"),
        ("b", "b-1", "Zweite, „lange“ Sitzung", "", "5", "no"),
        ("b", "b-1", "Zweite, „lange“ Sitzung", "", "5", "no"),
        ("b", "B-2", "Zweite, „lange“ Sitzung", "", "20", "no"),
        ("b", "B-1", "Zweite, „lange“ Sitzung", "", "50", "yes"),
        ("gone", "B-2", "Retired", "", "60", "yes"),
    ]


def test_every_session_is_reported_also_one_without_scans(db, event, tmp_path):
    path, noted = made(db, event, tmp_path, columns=(), as_of=AFTER)
    assert noted.terms.columns == KINDS[SCANS].usual
    path, _ = made(db, event, tmp_path, "xlsx", kind=SESSIONS, as_of=AFTER)
    rows = {row["Session ID"]: row for row in table(path)}
    assert list(rows) == ["Z", "a:1", "b", "gone"]
    counts = ("Scans", "Repeats", "People", "Attended", "Minutes", "Capacity", "People of Capacity (%)")
    assert [rows["b"][name] for name in counts] == ["6", "1", "3", "1", "75", "8", "38"]
    assert [rows["Z"][name] for name in counts] == ["0", "0", "0", "0", "0", "", ""]
    assert rows["a:1"]["Session Title"] == "=First"


@pytest.mark.parametrize("kind", [SCANS, SESSIONS])
@pytest.mark.parametrize("file_format", ["csv", "json", "xlsx"])
def test_a_report_with_every_column_is_the_same_after_everything_was_changed(db, event, tmp_path, kind, file_format):
    asked = {"columns": tuple(KINDS[kind].columns), "as_of": AFTER, "kind": kind}
    path, noted = made(db, event, tmp_path, file_format, **asked)
    before = path.read_bytes()
    change_everything(db, event)
    assert report_check.check(db, event, path).ok
    path, again = made(db, event, tmp_path, file_format, **asked)
    assert (again.digest, again.terms) == (noted.digest, noted.terms)
    assert path.read_bytes() == before
    now, other = made(db, event, tmp_path, file_format, **(asked | {"as_of": None}))
    assert other.digest != noted.digest
    assert report_check.check(db, event, now).ok


def test_another_report_of_the_same_moment_has_the_same_agenda_and_rules(db, event, tmp_path):
    made(db, event, tmp_path, as_of=AFTER)
    change_everything(db, event)
    path, _ = made(db, event, tmp_path, as_of=AFTER, badge="B-1", session="b", columns=("minutes",))
    assert [row["Minutes"] for row in table(path)] == ["50", "50", "50"]


def test_while_a_session_is_held_minutes_are_those_so_far_and_not_everybody_is_decided(db, event, tmp_path):
    for minute, expected in ((44, ("44", "")), (46, ("46", "yes"))):
        moment = START + timedelta(minutes=minute)
        path, _ = made(db, event, tmp_path, as_of=moment, session="b", badge="B-1", columns=("minutes", "attended"))
        assert tuple(table(path)[0].values()) == expected


def test_erased_people_are_the_only_difference_with_every_column(db, event, tmp_path):
    path, _ = made(db, event, tmp_path, columns=tuple(KINDS[SCANS].columns), as_of=AFTER)
    changes.erase_names(db, event, "B-1", BY)
    found = report_check.check(db, event, path)
    assert (found.ok, found.erased) == (True, 1)


def test_what_was_frozen_and_then_changed_in_the_database_is_found(db, event, tmp_path):
    path, _ = made(db, event, tmp_path, as_of=AFTER, columns=("minutes",))
    kept = db.query(ReportBasis).one()
    kept.content = kept.content.replace('"minutes_needed": 45', '"minutes_needed": 1')
    with pytest.raises(RuleViolation, match="was changed"):
        report_check.check(db, event, path)
    db.delete(kept)
    with pytest.raises(RuleViolation, match="not there any more"):
        report_check.check(db, event, path)


def test_a_report_of_an_earlier_release_has_nothing_frozen_and_is_still_verified(db, event, tmp_path, monkeypatch):
    path, noted = made(db, event, tmp_path, as_of=AFTER)
    db.query(ReportBasis).delete()
    old = {name: value for name, value in entry_of(db, noted).detail.items() if name in {"as_of", "entries", "session"}}
    old |= {"columns": list(noted.terms.columns), "rows": noted.rows}
    monkeypatch.setattr(made_reports, "_made", lambda entry, real=made_reports._made: real(_Entry(entry, old)))
    change_everything(db, event)
    assert report_check.check(db, event, path).ok


def test_a_report_of_another_implementation_is_refused(db, event, tmp_path):
    other = implementations.create(db, "other", "Other", "UTC")
    path, noted = made(db, event, tmp_path, as_of=AFTER)
    assert report_check.check(db, other, path).made is None
    assert made_reports.numbered(db, other, noted.number) is None
    assert made_reports.every(db, other) == []
    assert [each.number for each in made_reports.every(db, event)] == [noted.number]


def entry_of(db, noted):
    return db.get(AuditEntry, noted.number)


class _Entry:
    """An audit entry with another detail: the table refuses to change one."""

    def __init__(self, entry, detail):
        self.__dict__ |= {"target": entry.target, "number": entry.number, "at": entry.at, "actor": entry.actor}
        self.detail = detail
