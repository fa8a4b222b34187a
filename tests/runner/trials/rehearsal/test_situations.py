"""The situations of an event are read from the records: people, sessions, and what was scanned until the moment."""

from datetime import timedelta

from records import AgendaSession, UserProfile
from records.attendance.ledger import chain
from records.people import users
from records.tenants import implementations
from runner.trials.rehearsal.situations import MOMENTS, event_of
from tests.records.attendance.ledger_rows import START, draft
from tests.support.records import new_records

HELD = START.replace(hour=13, microsecond=0)


def test_people_are_rehearsed_with_the_scans_that_they_had_at_the_moment(tmp_path):
    database = new_records(f"sqlite:///{tmp_path}/records.db")
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo")
        for name, badge in (("here", "B-1"), ("late", "B-2"), ("bare", "")):
            users.remember(db, demo, name, UserProfile(f"{name}@example.org", "attendee", "Ada", "Chen", badge))
        db.add(
            AgendaSession(
                implementation_id=demo.id, session_id="s9", title="T", starts_at=HELD, ends_at=HELD + timedelta(hours=1)
            )
        )
        scans = []
        for number, badge, minute in ((1, "B-1", 5), (2, "B-1", 6), (3, "B-2", 40)):
            at = HELD + timedelta(minutes=minute)
            times = {"scanned_at": at, "corrected_at": at, "received_at": at}
            scans.append((draft(number, session_id="s9", badge_id=badge, **times), None))
        chain.append(db, chain.lock(db, demo), scans)
        event = event_of(db, demo)
    database.dispose()
    mine = [each for each in event.situations(tuple(MOMENTS), most=10_000) if each.session == "s9"]
    seen = {(each.user, each.when): (len(each.given.scans), each.given.minutes) for each in mine}
    assert {key: seen[key] for key in seen if key[0] in {"here", "late", "bare"}} == {
        ("here", "before"): (0, None),
        ("here", "during"): (1, 25),  # the second scan is a repeat
        ("here", "after"): (1, 55),
        ("late", "before"): (0, None),
        ("late", "during"): (0, None),
        ("late", "after"): (1, 20),
        ("bare", "before"): (0, None),
        ("bare", "during"): (0, None),
        ("bare", "after"): (0, None),
    }
