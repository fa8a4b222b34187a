"""People who may scan badges see the button for it, and nobody sees both the button and a script's message."""

from datetime import UTC, datetime, timedelta

import pytest

from records.agenda import sessions
from records.changes import grants
from records.changes.grants import GrantDraft
from records.people import users
from records.tenants import implementations
from runner.explanations import reasons
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
