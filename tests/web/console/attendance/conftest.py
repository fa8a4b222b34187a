"""An event whose badges were scanned: a session that is over, one that is held now, one to come, and one that left the agenda."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import update

from records import AgendaSession, Database
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.audit import AuditContext
from records.changes.attendance import scans as changes
from records.tenants import implementations
from tests.records.attendance.ledger_rows import draft, scan_id
from tests.support.application import copied
from tests.web.console.scripts.conftest import looked_at, page_as

__all__ = ["looked_at", "page_as"]

ATTENDANCE = "/console/implementations/demo/attendance"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmitgliederversammlung"
#: Names as they are on badges: a formula, markup, right to left, very long, none.
PEOPLE = {
    "10482": ("Chen", "Mei"),
    "=1+1": ("=HYPERLINK(1)", "+49;=2"),
    "<b>7</b>/?&": ("<script>alert(1)</script>", "{{ 7*7 }}"),
    "نور-1": ("الهاشمي", "نور"),
    "00012": (LONG, "W" * 80),
    "N-0": ("", ""),
}


@pytest.fixture(scope="session")
def scanned_records(seeded, tmp_path_factory):
    """Records with the event, made once."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path_factory.mktemp('scanned') / 'console.db')}")
    with database.session() as db:
        furnish(db, implementations.find(db, "demo"))
    yield database
    database.dispose()


@pytest.fixture
def scanned(database, scanned_records):
    """The event, in the database of the test."""
    copied(scanned_records, database.engine.url.database)
    return database


def furnish(db, demo):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    implementations.update(
        db, demo, scan_mode="in and out", scan_mode_exceptions=["over"], minutes_needed=45, late_minutes=10
    )
    at = {
        "over": (now - timedelta(hours=5), now - timedelta(hours=4)),
        "CE-1": (now - timedelta(minutes=50), now + timedelta(minutes=40)),
        "later": (now + timedelta(hours=2), now + timedelta(hours=3)),
        "gone": (now - timedelta(hours=5), now - timedelta(hours=4)),
    }
    about = {
        "over": ("Opening: what <i>changed</i>", "Hall 1", {"Capacity": "150"}),
        "CE-1": ("Sepsis in 2026", f"Saal {LONG}", {"Registered": "80"}),
        "later": ("Workshop", "", {"Capacity": "20"}),
        "gone": ("Moved elsewhere", "", {}),
    }
    for name, (title, room, attributes) in about.items():
        times = {"starts_at": at[name][0], "ends_at": at[name][1]}
        more = {"title": title, "location": room, "attributes": attributes}
        db.add(AgendaSession(implementation_id=demo.id, session_id=name, **times, **more))
    db.flush()
    chain.append(db, chain.lock(db, demo), list(_rows(at)))
    changes.void_scan(db, demo, scan_id(3), AuditContext("demo/organizer", "wrong badge"))
    db.execute(update(AgendaSession).where(AgendaSession.session_id == "gone").values(retired_at=now))


def _rows(at):
    random, number = Random(7), 0
    names = PEOPLE | {f"{number}": (f"Person {number}", "A") for number in range(100, 180)}
    for session, share in (("over", 1.0), ("CE-1", 0.7), ("gone", 0.02)):
        starts, ends = at[session]
        for badge, (last, first) in names.items():
            if badge not in PEOPLE and random.random() > share:
                continue
            came = starts + timedelta(minutes=min(random.gauss(2, 9), 40))
            marks = [(came, "in"), (came + timedelta(seconds=20), "in")][: random.choice((1, 1, 1, 2))]
            left = came + timedelta(minutes=random.choice((12, 48, 55)))
            marks += [(left, "out")] if session != "over" and left < datetime.now(UTC) else []
            for when, way in marks:
                number += 1
                row = draft(
                    number, session_id=session, badge_id=badge, direction=way, device="Door 1" if number % 3 else ""
                )
                moments = {"scanned_at": when, "corrected_at": when, "received_at": min(when, ends)}
                yield replace(row, actor="demo/scanner", **moments), BadgeNames(last, first)
