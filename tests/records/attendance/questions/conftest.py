"""An event with two sessions at the same time, and a badge that was in both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, UserProfile
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.people import users
from tests.records.attendance.ledger_rows import draft

START = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def hall(db, demo):
    """Give an implementation with the sessions s1 and s2, at the same hour, and users with badges."""
    for name in ("s1", "s2"):
        times = {"starts_at": START, "ends_at": START + timedelta(hours=1)}
        db.add(AgendaSession(implementation_id=demo.id, session_id=name, title=f"Session {name}", **times))
    users.remember(db, demo, "ada", UserProfile("ada", first_name="Ada", last_name="Chen", badge_id="B-1"))
    return demo


@pytest.fixture
def scan(db, hall):
    """Store a scan of B-1: number, session, minutes after the start."""

    def act(number, session, minutes, direction="", badge="B-1"):
        at = START + timedelta(minutes=minutes)
        times = {"scanned_at": at, "corrected_at": at, "received_at": at}
        row = draft(number, session_id=session, badge_id=badge, direction=direction, **times)
        chain.append(db, chain.lock(db, hall), [(row, BadgeNames("Chen", "Ada"))])

    return act
