"""What goes by the settings of an implementation, when, and what stays; on record, and the ledger still verifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from records import AgendaSession, RuleViolation, UserProfile, audit
from records.attendance import refused_scans
from records.attendance.devices import ScanDevice
from records.attendance.ledger import anchors, chain, verification
from records.attendance.ledger.tables import LedgerEntry, LedgerHead, ScanNames
from records.attendance.report import report_check
from records.attendance.retention import keeping
from records.attendance.retention.keeping import KeepingTerms
from records.audit import AuditContext
from records.changes.attendance import questions, retention
from records.people import users
from records.tenants import implementations
from tests.records.attendance.ledger_rows import draft, scan_id
from tests.records.attendance.reports_made import made

DAY = timedelta(days=1)
END = datetime.now(UTC).replace(microsecond=0) - 200 * DAY
#: The scans of the event are old then; what a test writes has not arrived yet.
LATER = END + 100 * DAY
BY = AuditContext("demo/olga", "answered")


@pytest.fixture
def hall(db, demo):
    """Give an implementation with one session, three scans with names, and a user with the first badge."""
    demo = db.merge(demo)
    times = {"starts_at": END - timedelta(hours=1), "ends_at": END}
    db.add(AgendaSession(implementation_id=demo.id, session_id="s1", title="One", **times))
    users.remember(db, demo, "ada", UserProfile("ada", badge_id="B-1"))
    add_scans(db, demo, 3)
    return demo


def add_scans(db, owner, count, *, first=1):
    """Store scans that were made and arrived at the end of the event."""
    times = {"scanned_at": END, "corrected_at": END, "received_at": END}
    rows = [(draft(n, **times), chain.BadgeNames(f"Chen {n}", "Ada")) for n in range(first, first + count)]
    chain.append(db, chain.lock(db, owner), rows)


def refuse(db, owner, badge, at):
    refused_scans.keep(db, owner, [({"id": badge, "badge_id": badge}, "bad_id")], actor="a", device="", received_at=at)


def device(db, owner, name, ends_at, revoked_at=None):
    values = {"sessions": [], "made_by": "demo/olga", "revoked_by": "demo/olga" if revoked_at else ""}
    times = {"begins_at": END - 9 * DAY, "ends_at": ends_at, "revoked_at": revoked_at}
    db.add(ScanDevice(implementation_id=owner.id, name=name, token_hash=name.ljust(64, "0"), **values, **times))
    db.flush()


def remove_all(db, now):
    """Remove what is due, as a worker does; return how much."""
    removed = 0
    while after := retention.remove_due(db, now).value:
        removed += after
    return removed


def named(db):
    return sorted(db.get(LedgerEntry, (each.implementation_id, each.number)).badge_id for each in db.query(ScanNames))


def test_by_default_everything_is_kept_for_ever(db, hall):
    refuse(db, hall, "B-1", END)
    device(db, hall, "door", END)
    assert remove_all(db, END + 9000 * DAY) == 0
    assert [(each.days, each.now, each.goes_at) for each in keeping.preview(db, hall, KeepingTerms(), END)] == [
        (0, 0, None)
    ] * 4


def test_names_go_after_the_event_scans_stay_and_the_ledger_verifies(db, hall):
    hall.keep_names_days = 30
    due = END + 30 * DAY
    line = keeping.preview(db, hall, KeepingTerms.of(hall), due - DAY)[0]
    assert (line.there, line.now, line.goes_at) == (3, 0, due)
    assert remove_all(db, due - timedelta(seconds=1)) == 0
    assert keeping.preview(db, hall, KeepingTerms.of(hall), due)[0].now == 3
    assert remove_all(db, due) == 3
    assert named(db) == []
    assert verification.verify(db, hall).ok
    entry = audit.recent(db)[0]
    assert (entry.action, entry.actor, entry.detail) == (
        *("attendance.names_removed", "the service", {"people": 3, "scans": 3}),
    )
    assert entry.reason == "kept for 30 days after the event"
    add_scans(db, hall, 1, first=8)  # from a phone that comes back late
    assert remove_all(db, due) == 1
    assert verification.verify(db, hall).ok
    assert remove_all(db, due) == 0


def test_many_names_go_in_several_steps(db, hall, monkeypatch):
    monkeypatch.setattr(retention, "STEP", 2)
    hall.keep_names_days = 1
    assert retention.remove_due(db, END + DAY).value == 2
    assert retention.remove_due(db, END + DAY).value == 1
    assert not retention.remove_due(db, END + DAY).made


def test_names_and_refused_scans_under_a_dispute_stay_until_it_is_answered(db, hall):
    hall.keep_names_days = hall.keep_refused_days = 1
    refuse(db, hall, "B-1", END)
    refuse(db, hall, "B-2", END)
    said = questions.dispute(db, hall, users.find(db, hall, "ada"), "s1", AuditContext("demo/ada", "Not so.")).value
    lines = keeping.preview(db, hall, KeepingTerms.of(hall), END + 2 * DAY)
    assert [(each.now, each.held) for each in lines] == [(2, 1), (0, 0), (1, 1), (0, 0)]
    assert remove_all(db, END + 2 * DAY) == 3
    assert named(db) == ["B-1"]
    assert [each.badge_id for each in refused_scans.recent(db, hall)] == ["B-1"]
    assert verification.verify(db, hall).ok
    questions.answer(db, hall, said.id, BY)
    assert remove_all(db, END + 2 * DAY) == 2
    assert (named(db), refused_scans.count(db, hall)) == ([], 0)
    assert verification.verify(db, hall).ok


def test_a_session_without_a_known_end_lasts_for_a_day(db, hall):
    begins = END + 5 * DAY
    db.add(AgendaSession(implementation_id=hall.id, session_id="s2", title="Open", starts_at=begins, ends_at=begins))
    db.flush()
    assert keeping.event_ends(db, hall) == begins + DAY
    assert keeping.goes_after_event(db, hall, 30) == begins + 31 * DAY


def test_without_an_agenda_no_names_go(db, demo):
    demo = db.merge(demo)
    add_scans(db, demo, 1)
    demo.keep_names_days = 1
    assert remove_all(db, END + 9000 * DAY) == 0
    assert keeping.preview(db, demo, KeepingTerms.of(demo), END + 9000 * DAY)[0].goes_at is None


def test_retired_sessions_count_if_no_other_is_left(db, hall):
    session = db.query(AgendaSession).one()
    session.retired_at = END
    db.flush()
    assert keeping.event_ends(db, hall) == END


def test_refused_scans_go_when_they_are_old(db, hall):
    hall.keep_refused_days = 10
    for number in range(3):
        refuse(db, hall, f"B-{number}", END + number * DAY)
    line = keeping.preview(db, hall, KeepingTerms.of(hall), END + 11.5 * DAY)[2]
    assert (line.there, line.now, line.goes_at) == (3, 2, END + 10 * DAY)
    assert remove_all(db, END + 11.5 * DAY) == 2
    entry = audit.recent(db)[0]
    assert (entry.action, entry.detail) == ("attendance.refused_removed", {"scans": 2})
    assert [each.badge_id for each in refused_scans.recent(db, hall)] == ["B-2"]


def test_devices_go_after_their_end_or_their_revocation(db, hall):
    hall.keep_devices_days = 61
    device(db, hall, "ended", END)
    device(db, hall, "revoked", END + 90 * DAY, revoked_at=END)
    device(db, hall, "open", END + 30 * DAY)
    line = keeping.preview(db, hall, KeepingTerms.of(hall), END)[3]
    assert (line.there, line.now, line.goes_at) == (3, 0, END + 61 * DAY)
    assert remove_all(db, END + 62 * DAY) == 2
    assert [each.name for each in db.query(ScanDevice)] == ["open"]
    assert audit.recent(db)[0].detail == {"devices": ["ended", "revoked"]}


def test_scans_go_after_the_event_and_what_is_left_verifies(db, hall):
    hall.keep_scans_days = 61
    anchors.anchor(db, hall, chain.lock(db, hall))
    before = chain.lock(db, hall).hash
    line = keeping.preview(db, hall, KeepingTerms.of(hall), LATER)[1]
    assert (line.there, line.now, line.goes_at) == (3, 3, END + 61 * DAY)
    assert remove_all(db, END + 60 * DAY) == 0
    assert remove_all(db, LATER) == 3
    assert remove_all(db, LATER) == 0
    (left,) = db.query(LedgerEntry)
    assert (left.number, left.previous, left.reason) == (4, before, "kept for 61 days after the event")
    assert named(db) == []
    found = verification.verify(db, hall)
    assert (found.ok, found.entries) == (True, 4)
    entry = audit.newest(db, implementation="demo", action="attendance.scans_removed", target="")
    assert entry.detail == {"entries": 3, "hash": before}
    add_scans(db, hall, 2, first=8)  # the event goes on
    assert verification.verify(db, hall).entries == 6


def test_scans_go_in_several_steps(db, hall, monkeypatch):
    monkeypatch.setattr(retention, "STEP_OF_SCANS", 2)
    hall.keep_scans_days = 61
    assert [retention.remove_due(db, LATER).value for _ in range(3)] == [2, 1, 0]
    assert verification.verify(db, hall).ok


def test_scans_that_arrived_lately_stay_because_they_may_be_sent_again(db, hall):
    hall.keep_scans_days = 61
    lately = END + 70 * DAY
    times = {"scanned_at": lately, "corrected_at": lately, "received_at": lately}
    chain.append(db, chain.lock(db, hall), [(draft(8, **times), chain.BadgeNames("Wu", "Li"))])
    assert remove_all(db, lately + 60 * DAY) == 3
    assert [each.scan_id for each in db.query(LedgerEntry)] == [scan_id(8)]
    assert verification.verify(db, hall).ok


def test_an_open_dispute_keeps_all_scans(db, hall):
    hall.keep_scans_days = 61
    said = questions.dispute(db, hall, users.find(db, hall, "ada"), "s1", AuditContext("demo/ada", "Not so.")).value
    assert remove_all(db, LATER) == 0
    line = keeping.preview(db, hall, KeepingTerms.of(hall), LATER)[1]
    assert (line.now, line.held) == (0, 3)
    questions.answer(db, hall, said.id, BY)
    assert remove_all(db, LATER) == 3


@pytest.fixture
def removed(db, hall):
    """Give a ledger of five rows, of which the first three were removed."""
    hall.keep_scans_days = 61
    remove_all(db, LATER)
    add_scans(db, hall, 1, first=8)
    assert verification.verify(db, hall).ok
    return hall


def test_rows_that_stay_are_not_deleted_even_after_a_removal(db, removed):
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(delete(LedgerEntry).where(LedgerEntry.number == 5))
    for values in ({"removed": 2}, {"removed": 5}):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(update(LedgerHead).values(**values))
    assert verification.verify(db, removed).ok


def test_more_rows_that_are_removed_without_a_record_are_missed(db, removed):
    db.execute(update(LedgerHead).values(removed=4))
    db.execute(delete(LedgerEntry).where(LedgerEntry.number == 4))
    found = verification.verify(db, removed)
    assert (found.ok, found.broken_at, found.reason) == (False, 4, "it is missing, and no removal is on record")


def test_a_removal_of_another_hash_is_found(db, removed):
    row = db.query(audit.AuditEntry).filter_by(action="attendance.scans_removed").one()
    forged = {"entries": row.detail["entries"], "hash": "f" * 64}
    with db.begin_nested() as attempt:
        audit.append(db, actor="x", action="attendance.scans_removed", implementation="demo", detail=forged)
        found = verification.verify(db, removed)
        assert (found.ok, found.broken_at) == (False, 4)
        attempt.rollback()
    assert verification.verify(db, removed).ok


def test_another_implementation_keeps_what_it_has(db, hall, other):
    hall.keep_names_days = 1
    db.add(AgendaSession(implementation_id=other.id, session_id="s1", title="One", starts_at=END, ends_at=END))
    head = chain.lock(db, other)
    chain.append(db, head, [(draft(1), chain.BadgeNames("Wu", "Li"))])
    assert remove_all(db, END + 50 * DAY) == 3
    assert named(db) == ["B-1"]
    assert verification.verify(db, other).ok


@pytest.mark.parametrize(("days", "kept"), [(60, False), (61, True), (0, True), (3651, False), (-1, False)])
def test_devices_are_not_deleted_while_their_scans_could_still_count(db, hall, days, kept):
    if kept:
        implementations.update(db, hall, keep_devices_days=days, keep_scans_days=days)
        return
    for name in ("keep_devices_days", "keep_scans_days"):
        with pytest.raises(RuleViolation):
            implementations.update(db, hall, **{name: days})


def test_a_report_of_deleted_scans_is_known_but_not_made_again(db, hall, tmp_path):
    hall.keep_scans_days = 61
    path, _ = made(db, hall, tmp_path, as_of=END)
    assert report_check.check(db, hall, path).ok
    remove_all(db, LATER)
    found = report_check.check(db, hall, path)
    assert (found.ok, found.gone) == (True, True)
    with pytest.raises(RuleViolation, match="is too early"):
        made(db, hall, tmp_path, as_of=END)
    path.write_bytes(path.read_bytes().replace(b"Chen", b"Wu"))
    assert not report_check.check(db, hall, path).ok
