"""Counts of the event, and the people who were scanned, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import AgendaSession
from records.attendance.figures import event_counts, scanned_people
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.audit import AuditContext
from records.changes.attendance import scans as changes
from records.tenants import implementations
from tests.records.attendance.ledger_rows import START, draft, scan_id

BY = AuditContext("demo/olga", "wrong badge")
#: Session, badge and names of each scan, a minute after the one before.
MADE = [
    ("s1", "B-1", ("Chen", "Mei")),
    ("s1", "B-1", ("", "")),
    ("s1", "B-2", ("Émile", "Zoë")),
    ("s2", "B-1", ("Chen-Roy", "Mei")),
    ("s2", "b-1", ("الهاشمي", "نور")),
    ("s2", "B-3", ("Void", "Ed")),
    ("s2", "TEST-BADGE-1", ("Test", "Badge")),
]  # fmt: skip


def at(number):
    return START + timedelta(minutes=number)


@pytest.fixture
def event(db, demo):
    for name in ("s1", "s2", "s3"):
        db.add(AgendaSession(implementation_id=demo.id, session_id=name, title=name, starts_at=START, ends_at=at(60)))
    rows = [
        (draft(number, session_id=session, badge_id=badge, corrected_at=at(number)), BadgeNames(*names))
        for number, (session, badge, names) in enumerate(MADE)
    ]
    chain.append(db, chain.lock(db, demo), rows)
    changes.void_scan(db, demo, scan_id(5), BY)
    other = implementations.create(db, "other", "Other", "UTC")
    chain.append(db, chain.lock(db, other), [(draft(50, badge_id="B-9"), BadgeNames("Other", "Person"))])
    return demo


def test_people_and_scans_are_counted_without_voided_ones_test_badges_and_other_implementations(db, event):
    found = event_counts.count(db, event)
    assert (found.people, found.scans, found.last_at) == (3, 5, at(4))
    assert found.by_session == {
        "s1": event_counts.SessionCount(3, 2, at(2)),
        "s2": event_counts.SessionCount(2, 2, at(4)),
    }


def test_nothing_is_counted_before_the_first_scan(db, demo):
    found = event_counts.count(db, demo)
    assert (found.people, found.scans, found.last_at, found.by_session) == (0, 0, None, {})
    assert event_counts.arrivals(db, demo, []) == {}
    assert scanned_people.every(db, demo) == []


def test_arrivals_are_the_first_scans_of_each_badge(db, event):
    found = event_counts.arrivals(db, event, ["s1", "s3"])
    assert {name: sorted(moments) for name, moments in found.items()} == {"s1": [at(0), at(2)]}
    assert event_counts.times_at(db, event, "s1") == {"B-1": (at(0), at(1)), "B-2": (at(2), at(2))}


def test_an_edition_differs_after_a_scan_a_correction_and_a_setting(db, event):
    seen = {event_counts.edition(db, event)}
    chain.append(db, chain.lock(db, event), [(draft(80), None)])
    seen.add(event_counts.edition(db, event))
    changes.void_scan(db, event, scan_id(0), BY)
    seen.add(event_counts.edition(db, event))
    assert len(seen) == 3
    assert event_counts.edition(db, event) in seen


def test_people_have_the_names_of_their_newest_scan_that_has_any(db, event):
    found = scanned_people.every(db, event)
    assert [(each.badge_id, each.name, each.scans, each.sessions) for each in found] == [
        ("B-1", "Mei Chen-Roy", 3, 2),
        ("B-2", "Zoë Émile", 1, 1),
        ("b-1", "نور الهاشمي", 1, 1),
    ]
    assert scanned_people.names_of(db, event, session="s1", badges=["B-1"]) == {"B-1": ("Chen", "Mei")}
    for text, badges in (("ÉMILE", ["B-2"]), ("mei b-1", ["B-1"]), ("", ["B-1", "B-2", "b-1"]), ("zz", [])):
        assert [each.badge_id for each in found if each.matches(text)] == badges
    changes.erase_names(db, event, "B-1", BY)
    assert "B-1" not in scanned_people.names_of(db, event)


def test_every_scan_of_a_badge_is_on_record_also_a_voided_one_with_who_and_why(db, event):
    (voided,) = scanned_people.on_record(db, event, "B-3", limit=9)
    assert (voided.entry.scan_id, voided.void.actor, voided.void.reason, voided.is_added) == (
        scan_id(5),
        "demo/olga",
        "wrong badge",
        False,
    )
    assert [each.entry.scan_id for each in scanned_people.on_record(db, event, "B-1", limit=9)] == [
        scan_id(n) for n in (0, 1, 3)
    ]
    assert scanned_people.on_record(db, event, "B-9", limit=9) == []
