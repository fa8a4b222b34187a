"""A file that a phone has saved: its scans are judged one by one, once, before or after the phone sends them itself."""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime, timedelta

import pytest

from records import RuleViolation, audit
from records.attendance import refused_scans
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.phones import saved_scans
from records.attendance.phones.saved_scans import MOST
from records.audit import AuditContext
from records.changes.attendance import phone_scans
from records.columns import utc_now
from records.tenants import implementations
from tests.records.attendance.phones.test_undone_scans import counting, void
from tests.records.attendance.test_intake import hall, scan, send

__all__ = ["hall"]
BY = AuditContext("demo/olga")


def stamp(**before):
    return (datetime.now(UTC) - timedelta(**before)).isoformat()


def content(*scans, **changes):
    values = {
        "format": "session-status scans",
        "version": 1,
        "implementation": "demo",
        "saved_at": stamp(minutes=5),
        "skew_ms": None,
        "scans": list(scans),
        "voids": [],
    }
    return values | changes


def fresh(**changes):
    return scan(scanned_at=stamp(hours=3), **changes)


def import_(database, whole):
    with database.session() as db:
        owner = implementations.find(db, "demo")
        return phone_scans.import_scans(db, owner, saved_scans.checked(owner, whole, "0" * 64), BY)


def look(database, whole):
    with database.reading() as db:
        owner = implementations.find(db, "demo")
        saved = saved_scans.checked(owner, whole, "0" * 64)
        return saved_scans.preview(db, owner, saved, BY.actor, utc_now())


def counts(new=0, already=0, refused=0):
    return {"new": new, "already": already, "refused": refused}


def test_a_preview_says_what_the_import_does_and_stores_nothing(database, hall):
    known, new, foreign = fresh(), fresh(badge_id="B-2"), fresh(session="ELSEWHERE")
    send(database, hall, known, at=datetime.now(UTC))
    whole = content(known, new, foreign, copy.deepcopy(new))
    seen = look(database, whole)
    assert saved_scans.counts_of(seen) == counts(new=1, already=2, refused=1)
    with database.reading() as db:
        assert db.query(LedgerEntry).count() == 1
        assert refused_scans.count(db, hall) == 0
    done = import_(database, whole)
    assert done.value.counts == counts(new=1, already=2, refused=1) | {"voided": 0, "voids_refused": 0}
    assert [(each.id, each.reason) for each in done.value.scans] == [(each.id, each.reason) for each in seen]
    assert counting(database, hall) == {known["id"], new["id"]}
    with database.reading() as db:
        assert [each.reason for each in refused_scans.recent(db, hall)] == ["unknown_session"]
        entry = audit.recent(db)[0]
        assert (entry.action, entry.actor, entry.detail["new"]) == (phone_scans.IMPORTED, "demo/olga", 1)
        assert "Chen" not in str(entry.detail)


def test_a_file_that_is_imported_twice_or_after_the_phone_has_sent_its_scans_changes_nothing(database, hall):
    one, two = fresh(), fresh(badge_id="B-2")
    whole = content(one, two)
    assert import_(database, whole).made
    assert not import_(database, whole).made
    assert [each.state for each in send(database, hall, one, two, at=datetime.now(UTC)).results] == ["already"] * 2
    assert counting(database, hall) == {one["id"], two["id"]}
    with database.reading() as db:
        assert sum(each.action == phone_scans.IMPORTED for each in audit.recent(db)) == 1


def test_the_skew_that_the_phone_measured_corrects_its_times(database, hall):
    one = fresh()
    import_(database, content(one, skew_ms=-3_600_000))
    with database.reading() as db:
        (row,) = db.query(LedgerEntry)
        assert (row.scanned_at - row.corrected_at, row.skew_ms) == (timedelta(hours=1), -3_600_000)


def test_what_was_undone_on_the_phone_is_voided_whether_the_scan_is_in_the_file_or_was_sent(database, hall):
    sent, saved, kept = fresh(), fresh(badge_id="B-2"), fresh(badge_id="B-3")
    send(database, hall, sent, at=datetime.now(UTC))
    voids = [void(each, at=stamp(hours=2)) for each in (sent, saved)]
    done = import_(database, content(saved, kept, voids=voids))
    assert done.value.counts == counts(new=2) | {"voided": 2, "voids_refused": 0}
    assert counting(database, hall) == {kept["id"]}


def test_a_scan_of_the_file_that_was_altered_after_it_was_stored_is_refused(database, hall):
    one = fresh()
    import_(database, content(one))
    done = import_(database, content(one | {"badge_id": "B-666"}))
    assert [(each.state, each.reason) for each in done.value.scans] == [("refused", "id_taken")]
    assert counting(database, hall) == {one["id"]}


WHOLE = {
    "no object": ([], "is not a file of scans"),
    "another format": (content(format="other"), "is not a file of scans"),
    "a later version": (content(version=2), "is of a version"),
    "a version that is true": (content(version=True) | {"version": "1"}, "is of a version"),
    "another implementation": (content(implementation="other"), "is of another implementation than demo"),
    "an implementation that is a list": (content(implementation=["demo"]), "is of another implementation"),
    "a member more": (content(more=1), "exactly the members"),
    "a member less": ({key: value for key, value in content().items() if key != "voids"}, "exactly the members"),
    "a time without a zone": (content(saved_at="2026-05-04T09:00:00"), "saved_at must be"),
    "a skew that is true": (content(skew_ms=True), "skew_ms must be"),
    "a skew of a text": (content(skew_ms="5"), "skew_ms must be"),
    "a skew of a hundred years": (content(skew_ms=100 * 366 * 86_400_000), "skew_ms must be"),
    "scans that are an object": (content(scans={}), "scans must be a list"),
    "too many scans": (content(scans=[1] * (MOST + 1)), "has more than 10000 scans"),
    "too many voids": (content(voids=[1] * (MOST + 1)), "has more than 10000 voids"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_none_is_refused_whole(database, demo, name):
    whole, words = WHOLE[name]
    with pytest.raises(RuleViolation, match=words):
        import_(database, whole)
    with database.reading() as db:
        assert (db.query(LedgerEntry).count(), refused_scans.count(db, demo)) == (0, 0)


def test_a_tampered_file_stores_what_it_holds_or_nothing_and_never_fails(database, hall):
    chance = random.Random(5)
    junk = [None, 7, -1, 1e300, True, "", "\0", "\ud83d", [], {}, "x" * 300, "=cmd()", ["B-1"]]
    for _ in range(60):
        whole = content(fresh(), fresh(), voids=[void(fresh(), at=stamp(hours=1))])
        part = chance.choice([whole, whole["scans"][0], whole["scans"][1], whole["voids"][0]])
        part[chance.choice(sorted(part))] = chance.choice(junk)
        try:
            done = import_(database, whole)
        except RuleViolation:
            continue
        assert {each.state for each in done.value.scans} <= {"stored", "repeat", "already", "refused"}


def test_a_large_file_is_imported(database, hall):
    whole = content(*[fresh(badge_id=f"B-{number}") for number in range(1200)])
    assert saved_scans.counts_of(look(database, whole)) == counts(new=1200)
    assert import_(database, whole).value.counts["new"] == 1200
