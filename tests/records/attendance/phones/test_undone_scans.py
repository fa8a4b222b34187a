"""Scans that are undone on a phone: each becomes a void once, and only of what its sender made, soon after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from records import audit
from records.attendance import scan_queries
from records.attendance.corrections import AddedScan
from records.attendance.intake import BatchArrival, ScanSender
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry
from records.audit import AuditContext
from records.changes.attendance import phone_scans, scans
from records.tenants import implementations
from tests.records.attendance.test_intake import NOW, SAM, hall, scan, send

__all__ = ["hall"]
DEVICE = ScanSender(actor="demo/olga", device="door-3")


def void(sent, at="2026-05-04T09:25:00Z", reason="wrong person", **more):
    return {"id": sent["id"], "voided_at": at, "reason": reason} | more


def undo(database, owner, *voids, sender=SAM, behind=timedelta(), at=NOW):
    with database.session() as db:
        mine = implementations.find(db, owner.slug)
        return phone_scans.undo_scans(db, mine, voids, BatchArrival(sender, at, behind))


def said(after):
    return [(each.state, each.reason) for each in after.value]


def counting(database, owner):
    with database.reading() as db:
        return {each.scan_id for each in scan_queries.at_sessions(db, owner, ["s1"])}


def test_an_undone_scan_counts_no_more_and_its_row_says_when_and_where_it_was_undone(database, hall):
    one, two = scan(), scan(badge_id="B-9")
    send(database, hall, one, two, sender=DEVICE)
    after = undo(database, hall, void(two), void(two), sender=DEVICE, behind=timedelta(minutes=2))
    assert said(after) == [("voided", None), ("already", None)]
    assert after.outdated == (("165", "s1"),)
    assert counting(database, hall) == {one["id"]}
    with database.reading() as db:
        row = db.get(LedgerEntry, (hall.id, 3))
        assert (row.kind, row.scan_id, row.device, row.reason) == ("void", two["id"], "door-3", "wrong person")
        assert row.scanned_at == datetime(2026, 5, 4, 9, 25, tzinfo=UTC)
        assert (row.corrected_at - row.scanned_at, row.skew_ms) == (timedelta(minutes=2), 120_000)
        assert verification.verify(db, hall).ok
        entry = audit.recent(db)[0]
        assert (entry.action, entry.actor, entry.detail["scans"]) == (phone_scans.UNDONE, "demo/olga", [two["id"]])


def test_a_batch_that_is_sent_again_changes_nothing(database, hall):
    one = scan()
    send(database, hall, one)
    assert said(undo(database, hall, void(one))) == [("voided", None)]
    again = undo(database, hall, void(one))
    assert (said(again), again.made, again.outdated) == ([("already", None)], False, ())
    with database.reading() as db:
        assert db.query(LedgerEntry).count() == 2
        assert sum(each.action == phone_scans.UNDONE for each in audit.recent(db)) == 1


@pytest.mark.parametrize(
    ("maker", "thief"),
    [
        (SAM, ScanSender(actor="demo/eve")),  # another person
        (SAM, ScanSender(actor="demo/sam", device="door-3")),  # a device that the person has made
        (DEVICE, ScanSender(actor="demo/olga")),  # who made the device, by a login
        (DEVICE, ScanSender(actor="demo/olga", device="door-4")),  # another device of the same maker
    ],
)
def test_a_scan_of_somebody_else_is_not_undone(database, hall, maker, thief):
    one = scan()
    send(database, hall, one, sender=maker)
    assert said(undo(database, hall, void(one), sender=thief)) == [("refused", "not_yours")]
    assert counting(database, hall) == {one["id"]}


def test_a_scan_of_another_implementation_and_one_that_an_organizer_added_are_not_undone(database, hall):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        added = AddedScan(session="s1", badge_id="B-7", at=NOW)
        added_id = scans.add_scan(
            db, implementations.find(db, "demo"), added, AuditContext("demo/sam", "no badge")
        ).value
    one = scan()
    send(database, hall, one)
    assert said(undo(database, other, void(one))) == [("refused", "unknown_scan")]
    assert said(undo(database, hall, void({"id": added_id}))) == [("refused", "not_yours")]
    assert counting(database, hall) == {one["id"], added_id}


def test_a_scan_is_undone_soon_after_it_and_by_the_corrected_time(database, hall):
    one, two, three = scan(), scan(), scan()
    send(database, hall, one, two, three)
    later = NOW + timedelta(days=2)
    stamps = {one["id"]: "2026-05-04T21:20:00Z", two["id"]: "2026-05-04T21:20:01Z"}
    voids = [void(each, at=stamps[each["id"]]) for each in (one, two)]
    assert said(undo(database, hall, *voids, at=later)) == [("voided", None), ("refused", "too_late")]
    # The phone's clock was an hour ahead of ours.
    assert said(undo(database, hall, void(three, at="2026-05-04T10:35:00Z"), at=NOW)) == [("refused", "in_the_future")]
    behind = timedelta(hours=-1)
    assert said(undo(database, hall, void(three, at="2026-05-04T10:25:00Z"), behind=behind)) == [("voided", None)]


def test_what_was_undone_before_the_role_was_taken_counts_and_later_ones_do_not(database, hall):
    one, two = scan(), scan()
    send(database, hall, one, two)
    gone = ScanSender(actor="demo/sam", revoked_at=datetime(2026, 5, 4, 9, 26, tzinfo=UTC))
    done = undo(database, hall, void(one), void(two, at="2026-05-04T09:26:00Z"), sender=gone)
    assert said(done) == [("voided", None), ("refused", "revoked")]
    with database.reading() as db:
        assert db.get(LedgerEntry, (hall.id, 3)).late


ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
BAD = {
    "malformed": [7, None, [], {}, {"id": ID, "voided_at": "2026-05-04T09:25:00Z"}, void({"id": ID}, more=1)],
    "bad_id": [void({"id": each}) for each in ("", "x", 7, None, ID + "0", "\0" * 36)],
    "bad_time": [void({"id": ID}, at=each) for each in ("", "2026-05-04", "2026-05-04T09:25:00", 7, None)],
    "bad_reason": [void({"id": ID}, reason=each) for each in ("", "a\nb", "x" * 201, 7, None, "\0", "\ud83d")],
    "unknown_scan": [void({"id": ID})],
}


@pytest.mark.parametrize("reason", BAD)
def test_a_void_that_is_none_is_refused_alone(database, hall, reason):
    one = scan()
    send(database, hall, one)
    done = undo(database, hall, *BAD[reason], void(one))
    assert said(done) == [*[("refused", reason)] * len(BAD[reason]), ("voided", None)]


def test_a_time_at_the_end_of_the_calendar_is_refused(database, hall):
    one = scan()
    send(database, hall, one)
    done = undo(database, hall, void(one, at="9999-12-31T23:59:59Z"), behind=timedelta(hours=1))
    assert said(done) == [("refused", "bad_time")]


def test_what_an_organizer_voided_is_already_void(database, hall):
    one = scan()
    send(database, hall, one)
    with database.session() as db:
        scans.void_scan(db, implementations.find(db, "demo"), one["id"], AuditContext("demo/olga", "wrong badge"))
    assert said(undo(database, hall, void(one))) == [("already", None)]


def test_40_equal_batches_at_once_void_once(database, hall):
    one, two = scan(), scan(badge_id="B-2")
    send(database, hall, one, two)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: undo(database, hall, void(one), void(two)), range(40)))
    found = [state for each in done for state, _ in said(each)]
    assert (found.count("voided"), found.count("already")) == (2, 78)
    assert sum(each.made for each in done) == 1
    assert counting(database, hall) == set()
