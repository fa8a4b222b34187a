"""An event whose organizer shows attendance, and people who look: Mei has B-1, Wu has none, Kim and Lee share B-5."""

import re
from datetime import timedelta

import pytest

from records import AgendaSession, Database, UserProfile
from records.people import users
from records.tenants import implementations
from tests.support.application import copied, make_app
from tests.support.people import visitor
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.attendance.decisions.event_records import START, fill, scan

OWN = "/me/demo/attendance"


@pytest.fixture
def database(database, tmp_path):
    """A copy of its own for each test, with the event."""
    own = Database(f"sqlite:///{copied(database, tmp_path / 'own.db')}")
    with own.session() as db:
        demo, other = implementations.find(db, "demo"), implementations.find(db, "other")
        demo.own_attendance = other.own_attendance = True
        demo.minutes_needed = 30
        fill(db, demo)
        for subject, badge in (("wu", ""), ("kim", "B-5"), ("lee", "B-5")):
            users.remember(
                db, demo, subject, UserProfile(f"{subject}@example.org", "member", subject.title(), badge_id=badge)
            )
        scan(db, demo, 50, badge_id="B-5", minutes=3)
        times = {"starts_at": START, "ends_at": START + timedelta(hours=1)}
        db.add(AgendaSession(implementation_id=other.id, session_id="s1", title="Secret of others", **times))
        users.remember(db, other, "x1", UserProfile("x1@example.org", "member", "Xi", badge_id="B-1"))
        scan(db, other, 60, badge_id="B-1", minutes=3)
    yield own
    own.dispose()


@pytest.fixture
def app(settings, status_service, database, store):
    return make_app(database, store, settings, status_service=status_service, checks={})


@pytest.fixture
def person(app, logins):
    """Make browsers of people: `person("b1")` is Mei."""

    class Browser:
        def __init__(self, subject, implementation="demo"):
            self.http = app.test_client()
            self.visitor = visitor(implementation, subject)
            self.http.set_cookie(logins.cookie, logins.sign(self.visitor), domain="status.example.org")

        def get(self, path=OWN, **more):
            return self.http.get(path, **more)

        def say(self, session="s1", reason="I was there until the end.", **more):
            token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(f"{OWN}/wrong").text)
            fields = {"csrf_token": token[1] if token else "", "session": session, "reason": reason, **more}
            return self.http.post(f"{OWN}/wrong", data=fields, headers=SAME_ORIGIN)

    return Browser
