"""Scans that arrive: each stands alone, sent again it changes nothing, refused it is kept, and clocks may be wrong."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import AgendaSession, Implementation, UserProfile
from records.attendance import corrected_time, intake, refused_scans
from records.attendance.intake import BatchArrival, ScanSender
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.attendance.scan_parsing import ScanRefused, read_moment, read_scan
from records.audit import AuditContext
from records.changes.attendance import scans as attendance
from records.people import users
from records.tenants import implementations

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SAM = ScanSender(actor="demo/sam")
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def scan(**changes):
    values = {
        "id": str(uuid.uuid4()),
        "session": "s1",
        "badge_id": "B-1",
        "last_name": "Chen",
        "first_name": "Mei",
        "scanned_at": "2026-05-04T09:20:00Z",
        "direction": None,
        "entry": "camera",
    }
    return values | changes


@pytest.fixture
def hall(database, demo) -> Implementation:
    """Give an implementation with a session."""
    with database.session() as db:
        times = {"starts_at": NOW - timedelta(minutes=30), "ends_at": NOW + timedelta(minutes=30)}
        db.add(AgendaSession(implementation_id=demo.id, session_id="s1", title="One", **times))
        users.remember(db, demo, "165", UserProfile("mei", last_name="Chen", first_name="Mei", badge_id="B-9"))
    return demo


def send(database, owner, *batch, sender=SAM, behind=timedelta(), at=NOW):
    with database.session() as db:
        mine = implementations.find(db, owner.slug)
        return intake.take_in(db, mine, batch, BatchArrival(sender, at, behind))


def states(done):
    return [(each.state, each.reason) for each in done.results]


def rows(database):
    with database.reading() as db:
        return db.query(LedgerEntry).order_by(LedgerEntry.number).all()


def kept(database, owner):
    with database.reading() as db:
        return refused_scans.recent(db, owner)


def test_a_batch_is_stored_with_who_scanned_and_sent_again_changes_nothing(database, hall):
    one, two = scan(id=ID.upper()), scan(badge_id="\u202b B-2\r\n", direction="in", entry="wedge")
    first = send(database, hall, one, two)
    assert states(first) == [("stored", None)] * 2
    assert first.results[0].id == ID.upper()
    assert first.touched == {("s1", "B-1"), ("s1", "B-2")}
    again = send(database, hall, two, one, one | {"scanned_at": "2026-05-04T11:20:00.000+02:00", "id": ID}, at=NOW)
    assert states(again) == [("already", None)] * 3
    assert again.touched == frozenset()
    stored = rows(database)
    assert [(row.scan_id == ID, row.badge_id, row.direction, row.actor) for row in stored] == [
        (True, "B-1", "", "demo/sam"),
        (False, "B-2", "in", "demo/sam"),
    ]
    with database.reading() as db:
        assert verification.verify(db, hall).entries == 2


@pytest.mark.parametrize(
    "change",
    [
        {"badge_id": "B-2"},
        {"last_name": "Wu"},
        {"first_name": ""},
        {"scanned_at": "2026-05-04T09:20:00.000001Z"},
        {"direction": "in"},
        {"entry": "keyboard"},
    ],
)
def test_another_content_under_a_stored_id_is_refused_and_kept(database, hall, change):
    send(database, hall, scan(id=ID))
    assert states(send(database, hall, scan(id=ID, **change))) == [("refused", "id_taken")]
    assert len(rows(database)) == 1
    assert [each.reason for each in kept(database, hall)] == ["id_taken"]


def test_one_id_with_two_contents_in_one_batch_is_stored_once(database, hall):
    done = send(database, hall, scan(id=ID), scan(id=ID, badge_id="B-2"), scan(id=ID))
    assert states(done) == [("stored", None), ("refused", "id_taken"), ("already", None)]


BAD = {
    "no object": ("x", "malformed"),
    "a member is missing": ({k: v for k, v in scan().items() if k != "entry"}, "malformed"),
    "an unknown member": (scan(email="mei@example.org"), "unknown_member"),
    "an id that is no UUID": (scan(id="1"), "bad_id"),
    "an id that is a number": (scan(id=1), "bad_id"),
    "a session of no form": (scan(session="s 1"), "bad_session"),
    "a session that is a list": (scan(session=["s1"]), "bad_session"),
    "an unknown session": (scan(session="s2"), "unknown_session"),
    "an empty badge ID": (scan(badge_id=" \u200b "), "bad_badge_id"),
    "a badge ID of 101": (scan(badge_id="x" * 101), "bad_badge_id"),
    "a badge ID with a tab inside": (scan(badge_id="a\tb"), "bad_badge_id"),
    "a badge ID with NUL": (scan(badge_id="a\0b"), "bad_badge_id"),
    "half a surrogate": (scan(badge_id="a\ud800"), "bad_badge_id"),
    "a badge ID that is a number": (scan(badge_id=7), "bad_badge_id"),
    "a name of 201": (scan(last_name="x" * 201), "bad_name"),
    "a name with NUL": (scan(first_name="a\0"), "bad_name"),
    "a name with a half surrogate": (scan(first_name="\udfff"), "bad_name"),
    "no name": (scan(first_name=None), "bad_name"),
    "a time without a zone": (scan(scanned_at="2026-05-04T09:20:00"), "bad_time"),
    "a time that there is not": (scan(scanned_at="2026-02-30T09:20:00Z"), "bad_time"),
    "a time of the year 1": (scan(scanned_at="0001-01-01T00:00:00+05:00"), "bad_time"),
    "a time of 61 days ago": (scan(scanned_at="2026-03-04T09:20:00Z"), "too_old"),
    "a time in 11 minutes": (scan(scanned_at="2026-05-04T09:41:00Z"), "in_the_future"),
    "a direction": (scan(direction="up"), "bad_direction"),
    "a direction that is a list": (scan(direction=[]), "bad_direction"),
    "an entry": (scan(entry="nfc"), "bad_entry"),
    "an entry that is an object": (scan(entry={}), "bad_entry"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_scan_is_refused_and_kept_and_stops_no_other(database, hall, name):
    bad, reason = BAD[name]
    done = send(database, hall, scan(), bad, scan(badge_id="B-3"))
    assert states(done) == [("stored", None), ("refused", reason), ("stored", None)]
    send(database, hall, bad)
    assert [(each.reason, each.actor) for each in kept(database, hall)] == [(reason, "demo/sam")]  # once


def test_a_refused_member_leaves_neither_its_name_nor_its_value(database, hall):
    send(database, hall, scan(**{"s3cret-name": "s3cret-value", "badge_id": "B-4"}))
    (row,) = kept(database, hall)
    assert row.badge_id == "B-4"
    assert "s3cret" not in str(vars(row))


def test_what_was_refused_is_judged_anew(database, hall):
    later = scan(id=ID, session="s2")
    assert states(send(database, hall, later)) == [("refused", "unknown_session")]
    with database.session() as db:
        times = {"starts_at": NOW, "ends_at": NOW}
        db.add(AgendaSession(implementation_id=hall.id, session_id="s2", title="Two", **times))
    assert states(send(database, hall, later)) == [("stored", None)]


def test_a_session_of_another_implementation_is_unknown(database, hall):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
    assert states(send(database, other, scan())) == [("refused", "unknown_session")]


def test_a_device_scans_at_its_sessions_in_its_window_and_until_it_was_revoked(database, hall):
    with database.session() as db:
        times = {"starts_at": NOW, "ends_at": NOW}
        db.add(AgendaSession(implementation_id=hall.id, session_id="s2", title="Two", **times))
    device = ScanSender(
        actor="demo/olga",
        device="door-3",
        sessions=frozenset({"s1"}),
        begins=NOW - timedelta(minutes=20),
        ends=NOW + timedelta(hours=1),
        revoked_at=NOW - timedelta(minutes=5),
    )
    done = send(
        database,
        hall,
        scan(),
        scan(session="s2"),
        scan(scanned_at="2026-05-04T09:09:59Z"),
        scan(scanned_at="2026-05-04T09:25:00Z"),
        sender=device,
    )
    assert states(done) == [
        ("stored", None),
        ("refused", "other_session"),
        ("refused", "outside_window"),
        ("refused", "revoked"),
    ]
    (row,) = rows(database)
    assert (row.device, row.late) == ("door-3", True)
    assert {each.device for each in kept(database, hall)} == {"door-3"}


@pytest.mark.parametrize("behind", [timedelta(days=-800), timedelta(hours=7), timedelta(seconds=6)])
def test_a_clock_that_is_wrong_is_corrected(database, hall, behind):
    sent = (NOW - timedelta(minutes=10) - behind).isoformat()
    assert states(send(database, hall, scan(scanned_at=sent), behind=behind)) == [("stored", None)]
    (row,) = rows(database)
    assert row.corrected_at == NOW - timedelta(minutes=10)
    assert row.scanned_at == NOW - timedelta(minutes=10) - behind
    assert timedelta(milliseconds=row.skew_ms) == behind


def test_a_clock_beyond_the_calendar_refuses_the_scan_and_nothing_fails(database, hall):
    skew = corrected_time.skew(NOW, datetime(1, 1, 2, tzinfo=UTC))
    assert states(send(database, hall, scan(scanned_at="9999-12-31T00:00:00Z"), behind=skew)) == [
        ("refused", "bad_time")
    ]


def test_repeats_are_stored_and_told_with_the_first_time(database, hall):
    first = send(database, hall, scan(scanned_at="2026-05-04T09:20:00Z")).results[0]
    assert (first.state, first.first_at) == ("stored", None)
    found = send(database, hall, scan(scanned_at="2026-05-04T09:21:00Z"), scan(scanned_at="2026-05-04T09:23:30Z"))
    assert [each.state for each in found.results] == ["repeat", "stored"]
    assert found.results[0].first_at == datetime(2026, 5, 4, 9, 20, tzinfo=UTC)
    assert len(rows(database)) == 3


def test_names_that_the_badge_has_not_are_completed_from_the_one_user(database, hall):
    bare = scan(id=ID, badge_id="B-9", last_name="", first_name="")
    send(database, hall, bare, scan(badge_id="B-8", last_name="", first_name=""))
    with database.session() as db:
        names = {row.number: (row.last_name, row.first_name, row.completed) for row in db.query(ScanNames)}
        users.remember(db, hall, "166", UserProfile("wu", last_name="Wu", badge_id="B-9"))
    assert names == {1: ("Chen", "Mei", True), 2: ("", "", False)}
    assert states(send(database, hall, bare)) == [("already", None)]
    send(database, hall, scan(badge_id="B-9", last_name="", first_name=""))  # two people have this badge by now
    with database.reading() as db:
        assert db.get(ScanNames, (hall.id, 3)).last_name == ""


def test_a_scan_whose_names_were_erased_is_still_recognised(database, hall):
    send(database, hall, scan(id=ID), scan(email="x"))
    with database.session() as db:
        after = attendance.erase_names(db, implementations.find(db, "demo"), "B-1", AuditContext("staff/kim", "asked"))
    assert after.value == 2  # a refused one as well
    assert kept(database, hall) == []
    assert states(send(database, hall, scan(id=ID))) == [("already", None)]
    assert states(send(database, hall, scan(id=ID, badge_id="B-2"))) == [("refused", "id_taken")]
    with database.reading() as db:
        assert verification.verify(db, hall).ok


def test_100_equal_batches_at_once_store_one(database, hall):
    batch = [scan(badge_id=f"B-{number}") for number in range(5)]
    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda _: send(database, hall, *batch), range(100)))
    found = [state for each in done for state, _ in states(each)]
    assert (found.count("stored"), found.count("already")) == (5, 495)
    assert len(rows(database)) == 5


def test_the_first_scans_of_a_day_anchor_those_before(database, hall):
    send(database, hall, scan())
    with database.reading() as db:
        assert db.query(LedgerEntry).count() == 1
    send(database, hall, scan())
    with database.reading() as db:
        assert verification.anchors.every(db, hall)[0].entries == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-04T09:20:00Z", datetime(2026, 5, 4, 9, 20, tzinfo=UTC)),
        ("2026-05-04 09:20:00.1234567z", datetime(2026, 5, 4, 9, 20, 0, 123456, tzinfo=UTC)),
        ("2026-05-04t04:20:00.5-05:00", datetime(2026, 5, 4, 9, 20, 0, 500000, tzinfo=UTC)),
        *((text, None) for text in ("20260504T092000Z", "2026-05-04", "2026-W19-1T09:20:00Z", "", "2026-05-04T24:00:01Z",
                                    "2026-05-04T09:20:00+25:00", "٢٠٢٦-05-04T09:20:00Z", None, 7)),
    ],
)  # fmt: skip
def test_moments_are_rfc_3339_with_an_offset(text, moment):
    assert read_moment(text) == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(scan())), JSON, max_size=4), JSON)
def test_any_value_is_read_or_refused_with_a_reason(members, other):
    for value in (scan() | members, other):
        with suppress(ScanRefused):  # any other exception fails the test
            found = read_scan(value)
            assert replace(found).badge_id == found.badge_id.strip() != ""
