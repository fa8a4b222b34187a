"""Scans that are voided and added: each with a person and a reason, as rows of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, RuleViolation, UserProfile, audit
from records.attendance import scan_queries, session_attendance
from records.attendance.corrections import AddedScan
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.audit import AuditContext
from records.changes.attendance import scans as attendance
from records.people import users
from records.tenants import implementations
from tests.records.attendance.ledger_rows import START, add_scans, scan_id

BY = AuditContext("demo/olga", "wrong badge")


@pytest.fixture
def hall(db, demo):
    """Give an implementation with a session and the scans 1 to 3."""
    times = {"starts_at": START, "ends_at": START + timedelta(hours=1)}
    db.add(AgendaSession(implementation_id=demo.id, session_id="s1", title="One", **times))
    users.remember(db, demo, "165", UserProfile("mei", last_name="Chen", first_name="Mei", badge_id="B-9"))
    add_scans(db, demo, 3)
    return demo


def counting(db, owner):
    return {each.scan_id for each in scan_queries.at_sessions(db, owner, ["s1"])}


def of_badge(db, owner, number, session="s1"):
    return [each.id for each in scan_queries.of_badge(db, owner, session, f"B-{number}")]


def test_a_run_sees_the_scans_of_its_badge_at_its_session_and_implementation_without_voided_ones(db, hall):
    other = implementations.create(db, "other-hall", "Other")
    assert (of_badge(db, hall, 2), of_badge(db, hall, 2, "s2"), of_badge(db, other, 2)) == ([scan_id(2)], [], [])
    attendance.void_scan(db, hall, scan_id(2), BY)
    assert (of_badge(db, hall, 2), of_badge(db, hall, 3)) == ([], [scan_id(3)])


def test_a_voided_scan_counts_no_more_and_stays_in_the_ledger_with_who_and_why(db, hall):
    assert attendance.void_scan(db, hall, scan_id(2).upper(), BY).made
    assert not attendance.void_scan(db, hall, scan_id(2), BY).made
    assert counting(db, hall) == {scan_id(1), scan_id(3)}
    row = db.get(LedgerEntry, (hall.id, 4))
    assert (row.kind, row.scan_id, row.badge_id, row.actor, row.reason) == (
        *("void", scan_id(2), "B-2", "demo/olga", "wrong badge"),
    )
    entry = audit.recent(db)[0]
    assert (entry.action, entry.target, entry.reason) == ("attendance.scan_voided", scan_id(2), "wrong badge")
    assert "Chen" not in str(entry.detail)
    assert verification.verify(db, hall).entries == 4


def test_what_was_voided_by_mistake_is_added_anew_and_gives_the_same_minutes(db, hall):
    session = db.query(AgendaSession).one()
    before = session_attendance.compute(db, hall, session).people
    attendance.void_scan(db, hall, scan_id(2), BY)
    old = db.get(LedgerEntry, (hall.id, 2))
    added = AddedScan(session="s1", badge_id=" B-2 ", at=old.corrected_at, replaces=scan_id(2))
    new = attendance.add_scan(db, hall, added, BY).value
    users.remember(db, hall, "166", UserProfile("wu", badge_id="B-2"))
    assert attendance.add_scan(db, hall, AddedScan(session="s1", badge_id="B-99", at=START), BY).outdated == ()
    assert [each for each in session_attendance.compute(db, hall, session).people if each.badge_id != "B-99"] == [
        *before
    ]
    assert audit.newest(db, implementation="demo", action="attendance.scan_added", target=new).detail[
        "replaces"
    ] == scan_id(2)
    voided = attendance.void_scan(db, hall, new, BY)  # an added scan is voided as any other
    assert voided.outdated == (("166", "s1"),)
    assert {scan_id(1), scan_id(3)} == counting(db, hall) & {scan_id(1), scan_id(2), scan_id(3), new}


def test_an_added_scan_has_the_given_names_or_those_of_the_user(db, hall):
    for badge, names in (("B-9", {}), ("B-8", {}), ("B-9", {"last_name": "Wu"})):
        attendance.add_scan(db, hall, AddedScan(session="s1", badge_id=badge, at=START, **names), BY)
    found = [(row.last_name, row.first_name, row.completed) for row in db.query(ScanNames).filter(ScanNames.number > 3)]
    assert found == [("Chen", "Mei", True), ("", "", False), ("Wu", "", False)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"session": "s2"}, "session"),
        ({"session": "s 1"}, "session"),
        ({"badge_id": ""}, "badge_id"),
        ({"badge_id": "x" * 101}, "badge_id"),
        ({"at": datetime.now(UTC) + timedelta(hours=1)}, "at"),
        ({"direction": "up"}, "direction"),
        ({"last_name": "a\0"}, "last_name"),
        ({"replaces": scan_id(1)}, "replaces"),
        ({"replaces": "x"}, "replaces"),
    ],
)
def test_a_scan_that_cannot_be_is_not_added(db, hall, change, field):
    added = AddedScan(**({"session": "s1", "badge_id": "B-1", "at": START} | change))
    with pytest.raises(RuleViolation) as refused:
        attendance.add_scan(db, hall, added, BY)
    assert refused.value.field == field
    assert len(counting(db, hall)) == 3


@pytest.mark.parametrize("scan", [scan_id(9), "", "x", "\0"])
def test_an_id_that_no_scan_has_is_not_voided(db, hall, scan):
    with pytest.raises(RuleViolation, match="is not the id of a scan"):
        attendance.void_scan(db, hall, scan, BY)


def test_without_a_reason_nothing_is_corrected(db, hall):
    bare = AuditContext("demo/olga")
    for change in (
        lambda: attendance.void_scan(db, hall, scan_id(1), bare),
        lambda: attendance.add_scan(db, hall, AddedScan(session="s1", badge_id="B-1", at=START), bare),
    ):
        with pytest.raises(RuleViolation) as refused:
            change()
        assert refused.value.field == "reason"


def test_scans_of_an_earlier_moment_are_those_without_later_corrections(db, hall):
    attendance.void_scan(db, hall, scan_id(2), BY)
    attendance.add_scan(db, hall, AddedScan(session="s1", badge_id="B-4", at=START), BY)
    for as_of, count in ((3, 3), (4, 2), (5, 3), (1, 1)):
        assert len(db.execute(scan_queries.counted(hall, as_of=as_of)).all()) == count
