"""An event for tests of the pages about attendance: sessions at the same time, scans that conflict, refused ones, disputes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from records import AgendaSession, UserProfile
from records.attendance import refused_scans
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.people import users
from tests.records.attendance.ledger_rows import draft

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
LONG = "Donaudampfschifffahrtsgesellschaftskapitän"


def fill(db, owner):
    """Give the implementation two sessions at the same hour, and the badges B-1 (in both), B-2 and B-3."""
    for name, title in (("s1", "Sepsis in 2026"), ("s2", f"Stroke: {LONG} <b>today</b>")):
        times = {"starts_at": START, "ends_at": START + timedelta(hours=1)}
        db.add(AgendaSession(implementation_id=owner.id, session_id=name, title=title, location="Hall 4", **times))
    db.flush()
    users.remember(db, owner, "b1", UserProfile("b1@example.org", "member", "Mei", "Chen", badge_id="B-1"))
    for number, session, minutes, badge, names in (
        (1, "s1", 5, "B-1", ("Chen", "Mei")),
        (2, "s2", 10, "B-1", ("Chen", "Mei")),
        (3, "s1", 6, "B-2", ("الهاشمي", "نور")),
        (4, "s1", 7, "B-3", (LONG, '"><img src=x onerror=alert(1)>')),
    ):
        scan(db, owner, number, session_id=session, minutes=minutes, badge_id=badge, names=names)


def scan(db, owner, number, *, minutes=0, names=("", ""), **changes):
    """Store a scan that was made some minutes after the start; of B-1 at s1, unless the changes say otherwise."""
    at = START + timedelta(minutes=minutes)
    times = {"scanned_at": at, "corrected_at": at, "received_at": at}
    row = draft(number, **({"session_id": "s1", "badge_id": "B-1"} | times | changes))
    chain.append(db, chain.lock(db, owner), [(row, BadgeNames(*names))])


def refuse(db, owner, number, reason="revoked", **changes):
    """Keep a refused scan."""
    sent = {"id": f"{number}", "session": "s1", "badge_id": f"B-{number}", "last_name": "Wu", "first_name": "<i>Li</i>"}
    kept = [({**sent, "scanned_at": "2026-05-04T09:00:00Z", "entry": "camera"} | changes, reason)]
    refused_scans.keep(db, owner, kept, actor="demo/scanner", device="door 1", received_at=START)
