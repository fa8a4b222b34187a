"""The scanner of the demo: who is scanned where, the badges of the sample people, and those who are in the room already.

It is set up at the first start, by the changes that the pages make. Later changes in the console stay.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from records import DbSession, Implementation
from records.agenda import sessions
from records.attendance import badge_setup, intake, scan_queries
from records.attendance.badge_formats.badge_format import TEST_BADGE
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.intake import BatchArrival, ScanSender
from records.audit import AuditContext, person
from records.changes import implementations as implementation_changes
from records.changes.attendance import badge_formats, scans
from records.changes.implementations import SettingsTerms
from records.maintenance.development_stand_ins import UP
from web.demo.agenda import IMPLEMENTATION, PEOPLE, SCANNED, SCANNED_TOO
from web.devidp import sample_people
from web.devidp.sample_people import SamplePerson

#: Who was scanned when the session began, and at which minute of it: scanned out, they have attended.
IN_THE_ROOM: Final = (("mchen", 3), ("jokafor", 5))
#: What the test badge of the demo contains.
TEST_TEXT: Final = f"{TEST_BADGE}{IMPLEMENTATION.upper()}"
#: The sample people with a badge, in the order in which the badges are printed.
BADGES: Final = tuple(each for each in PEOPLE if each.badge_id)

_BY = AuditContext(UP)
_SETTINGS: Final = {
    "scan_text": "Scan badges",
    "scan_sessions": [SCANNED, SCANNED_TOO],
    "scan_mode_exceptions": [SCANNED],  # there, people are scanned when they leave, too
}


def set_up_scanning(db: DbSession, demo: Implementation, now: datetime) -> None:
    """Set up the scanner once; at every start, let the scanned session begin again with the people who are in the room."""
    if badge_setup.active_format(db, demo) is None:
        implementation_changes.change(db, demo, _SETTINGS, _BY, terms=SettingsTerms(most={}))
        activate_format(db, demo)
    begin_again(db, demo, now)


def badge_text(person: SamplePerson) -> str:
    """What the code on the badge of a sample person contains."""
    return f"{person.badge_id}^{person.last_name}^{person.first_name}"


def activate_format(db: DbSession, demo: Implementation) -> None:
    """Set up the badge format from the badges of three people, as an organizer does it."""
    codes = [badge_text(each).encode() for each in BADGES[: badge_setup.READ]]
    badge_formats.add_examples(db, demo, [(code, "QR Code") for code in codes], _BY)
    badge_formats.choose_format(db, demo, as_json(propose(codes)[0].format), _BY)
    seen = badge_setup.digest_of(badge_setup.setup_of(db, demo).draft)
    for example in badge_setup.examples(db, demo):
        badge_formats.confirm_example(db, demo, example.id, seen, _BY)
    badge_formats.activate_format(db, demo, seen, _BY)


def begin_again(db: DbSession, demo: Implementation, now: datetime) -> None:
    """Void the scans of earlier starts, before which the agenda has moved, and scan those who are in the room."""
    session = sessions.find(db, demo, SCANNED)
    if session is None:
        return
    known = list(scan_queries.at_sessions(db, demo, [SCANNED]))
    if known and min(each.corrected_at for each in known) >= session.starts_at:
        return
    moved = AuditContext(UP, reason="The demo was started again, and its agenda has moved.")
    for each in known:
        scans.void_scan(db, demo, each.scan_id, moved)
    made = [_scan(name, session.starts_at + timedelta(minutes=minute)) for name, minute in IN_THE_ROOM]
    staff = next(each for each in sample_people.PEOPLE if each.username == "srivera")
    sender = ScanSender(actor=person(IMPLEMENTATION, staff.member_number))
    intake.take_in(db, demo, made, BatchArrival(sender, now.astimezone(UTC), timedelta(0)))


def _scan(username: str, at: datetime) -> dict[str, object]:
    who = next(each for each in BADGES if each.username == username)
    return {
        "id": str(uuid.uuid4()),
        "session": SCANNED,
        "badge_id": who.badge_id,
        "last_name": who.last_name,
        "first_name": who.first_name,
        "scanned_at": at.isoformat(),
        "direction": "in",
        "entry": "camera",
    }
