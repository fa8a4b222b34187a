"""People who may scan badges see the button for it, and nobody sees both the button and a script's message."""

from datetime import UTC, datetime, timedelta

import pytest

from records.agenda import sessions
from records.attendance import intake
from records.attendance.corrections import AddedScan
from records.attendance.intake import BatchArrival, ScanSender
from records.audit import AuditContext
from records.changes import grants
from records.changes.attendance import scans as attendance
from records.changes.grants import GrantDraft
from records.people import users
from records.tenants import implementations
from runner.explanations import reasons
from runner.status.commit_effects import open_commit_effects
from runner.status.service import StatusRequest
from runner.status.visibility import HidingRule
from tests.support.eventually import eventually

ANN, BOB = StatusRequest("acme", "ann", "s1"), StatusRequest("acme", "bob", "s1")
SCANNER = GrantDraft("scanner", "username", "ann")


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def scanning(house, now):
    """A house whose session is held now, with one person who may scan."""
    house.add(sessions=("s1", "s2"), start=now - timedelta(minutes=30), scan_text="Scan badges")
    house.grant = house.commit(grants.add, [SCANNER])[0]
    return house


def test_who_may_scan_sees_the_button_alone_and_everybody_else_the_script_s_message(scanning, work_off):
    scanning.service.ask(BOB)
    work_off()
    seen, other = scanning.service.ask(ANN), scanning.service.ask(BOB)
    assert (seen.state, seen.message.text, seen.message.color) == ("ready", "Scan badges", "#005d8a")
    assert (seen.message.action.kind, seen.message.action.url) == (
        "scan",
        "http://127.0.0.1:8000/scan/acme/sessions/s1",
    )
    assert (seen.run, seen.stale, seen.refresh_after) == (None, False, 300)
    assert (other.message.text, other.message.action) == ("Claim 1.0 CE credit", None)
    assert eventually(lambda: [run.user for run in scanning.runs()] == ["bob"])


def test_a_grant_that_is_given_or_taken_takes_effect_at_once_in_every_process(scanning):
    other = scanning.new_service()
    try:
        assert other.ask(ANN).message.action.kind == "scan"
        scanning.commit(grants.remove, scanning.grant.id)
        assert scanning.service.ask(ANN).state == "checking"
        assert eventually(lambda: other.ask(ANN).state == "checking", seconds=2)
        scanning.commit(grants.add, [GrantDraft("scanner", "user type", "attendee")])
        assert eventually(lambda: other.ask(ANN).message is not None, seconds=2)
        assert other.ask(BOB).message is None  # nobody knows of Bob
    finally:
        other.close()


@pytest.mark.parametrize(
    ("fields", "session", "scans"),
    [
        ({}, "s2", True),
        ({"scan_text": ""}, "s1", False),
        ({"scan_sessions": ["s2"]}, "s1", False),
        ({"scan_sessions": ["s2"]}, "s2", True),
    ],
)
def test_the_button_is_shown_at_the_sessions_of_the_settings_and_only_with_a_text(scanning, fields, session, scans):
    scanning.change("acme", **fields)
    status = scanning.service.ask(StatusRequest("acme", "ann", session))
    assert (status.message is not None) is scans


@pytest.mark.parametrize(
    ("begins_in", "scans"), [(-30, True), (9, True), (11, False), (-64, True), (-66, False)], ids=str
)
def test_the_button_is_shown_within_its_times_only(house, now, begins_in, scans):
    house.add(start=now + timedelta(minutes=begins_in), scan_text="Scan", scan_opens_minutes=10, scan_closes_minutes=5)
    house.commit(grants.add, [SCANNER])
    status = house.service.ask(ANN)
    assert (status.message is not None) is scans
    if begins_in == -64:
        assert 50 <= status.refresh_after <= 61  # until it is closed


def test_a_scanner_who_is_locked_out_or_not_known_has_no_button(scanning):
    with scanning.database.session() as db:
        user = users.find(db, implementations.find(db, "acme"), "ann")
        users.disable(db, user, "left")
    scanning.service.changed("acme")
    assert scanning.service.ask(ANN).message is None


def test_without_a_grant_no_user_is_read_for_it(house, now, work_off, monkeypatch):
    house.add(start=now, scan_text="Scan badges")
    house.service.ask(ANN)
    work_off()
    house.service.ask(ANN)
    monkeypatch.setattr(house.database, "reading", None)
    assert house.service.ask(ANN).message.text == "Claim 1.0 CE credit"


def test_a_scanner_who_comes_back_from_a_link_sees_the_button(scanning):
    assert scanning.service.returned(ANN).message.action.kind == "scan"
    assert scanning.redis.llen("rq:queue:status") == 0


def test_the_button_of_a_sub_session_scans_at_the_sub_session(scanning):
    scanning.change("acme", inherit_from_parent=True)
    status = scanning.service.ask(StatusRequest("acme", "ann", "s2"))
    assert status.message.action.url.endswith("/s2")


def test_it_is_explained_why_a_scanner_sees_no_message(scanning):
    displayed = scanning.service.look(ANN)
    assert (displayed.state, displayed.hidden_by) == ("ready", HidingRule.SCANS)
    with scanning.database.reading() as db:
        acme = implementations.find(db, "acme")
        why = reasons.of_cache(acme, users.find(db, acme, "ann"), sessions.find(db, acme, "s1"), displayed)
    assert why[0].startswith("This person scans badges")
    assert (why[3] - why[1]) == timedelta(hours=3)


JOINED = """
def status(user, session, api):
    scans = api.scans()
    return message(f'Attended {scans.minutes} min, {scans.count}') if scans.first_in else message('Scan your badge')
"""


def test_a_scan_makes_the_message_of_that_user_new_and_no_other_and_a_run_under_way_is_not_stored(house, now, work_off):
    house.add(source=JOINED, start=now - timedelta(minutes=30))
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        for name in ("ann", "bob"):
            users.remember(db, acme, name, users.UserProfile(name, "attendee", badge_id=f"B-{name}"))
    for one in (ANN, BOB):
        house.service.ask(one)
    work_off()
    assert house.service.ask(ANN).message.text == "Scan your badge"
    house.service.returned(ANN)  # a run is queued that knows nothing of the scan
    with house.database.session() as db:
        acme = implementations.find(db, "acme")
        sent = {
            "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
            "session": "s1",
            "badge_id": "B-ann",
            "last_name": "",
            "first_name": "",
            "scanned_at": (now - timedelta(minutes=20, seconds=5)).isoformat(),
            "entry": "camera",
        }
        arrival = BatchArrival(ScanSender(actor="acme/sam"), datetime.now(UTC), timedelta())
        assert intake.take_in(db, acme, [sent], arrival).results[0].state == "stored"
    assert house.service.outdate("acme", [("ann", "s1"), ("ann", "gone")])
    house.service.ask(ANN)
    work_off()
    assert house.service.ask(ANN).message.text == "Attended 20 min, 1"
    assert (house.service.ask(BOB).message.text, house.service.ask(BOB).stale) == ("Scan your badge", False)


def test_a_correction_at_the_command_line_makes_the_message_of_that_user_new(house, now, work_off):
    house.add(source=JOINED, start=now - timedelta(minutes=30))
    with house.database.session() as db:
        users.remember(db, implementations.find(db, "acme"), "ann", users.UserProfile("ann", badge_id="B-ann"))
    house.service.ask(ANN)
    work_off()
    with house.database.session() as db, open_commit_effects(house.settings) as effects:
        added = AddedScan(session="s1", badge_id="B-ann", at=now - timedelta(minutes=10, seconds=5))
        after = attendance.add_scan(db, implementations.find(db, "acme"), added, AuditContext("cli", "no badge"))
        db.commit()
        assert effects.after_commit(after)
    assert house.service.ask(ANN).stale
    work_off()
    assert house.service.ask(ANN).message.text == "Attended 10 min, 1"
