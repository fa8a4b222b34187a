"""Fixtures: people of every role in two implementations, and a script with a version that waits for a review."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records import UserProfile
from records.audit import AuditContext
from records.changes.scripts import submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.notices.notice_tables import Notice
from records.people import grants, users
from records.people.users import User
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from tests.support.notices import make_all

#: Key -> role. Everybody has an address but Nora.
CROWD = {
    "staff/rita": "reviewer",
    "staff/max": "administrator",
    "demo/ann": "author",
    "demo/bob": "author",
    "demo/otto": "organizer",
    "demo/nora": "organizer",
    "demo/tom": None,
    "other/olga": "organizer",
    "other/eve": "author",
}
ANN, BOB, RITA, MAX = (AuditContext(key, "why") for key in ("demo/ann", "demo/bob", "staff/rita", "staff/max"))


def script(text):
    return CheckedScript(
        f"def status(u, s, a):\n    return message('{text}')\n", 1, (), ScriptNeeds(("url",)), "runtime", b"code"
    )


@pytest.fixture
def crowd(database):
    """Store everybody; the notices of this are made, and there are none."""
    with database.session() as db:
        homes = {slug: implementations.create(db, slug, f"{slug.title()} Congress") for slug in ("demo", "other")}
        homes["staff"] = implementations.staff(db)
        for key, role in CROWD.items():
            home, name = key.split("/")
            address = {} if name == "nora" else {"mail": f"{name}@example.org"}
            user = users.remember(db, homes[home], name, UserProfile(name, "", name.title(), "", "", address))
            if role:
                grants.add(db, homes[home], kind="username", value=user.username, role=role, by="tests")


@pytest.fixture
def do(database, crowd):
    """Make a change in the demo, or another implementation, and then its notices; returns the value of the change."""

    def make(function, *arguments, owner="demo", mailing=True, **more):
        with database.session() as db:
            value = function(db, implementations.find(db, owner), *arguments, **more).value
        make_all(database, mailing=mailing)
        return value

    return make


@pytest.fixture
def submitted(do):
    """Submission 1 with version 1 of Ann."""
    return do(submissions.submit, script("1"), SubmissionDraft("one"), ANN)


@pytest.fixture
def told(database):
    """Say who was told what since the last call: pairs of a name and a kind, in order."""
    last = 0

    def read():
        nonlocal last
        with database.reading() as db:
            rows = select(Notice.id, User.subject, Notice.kind).join(User, User.id == Notice.user_id)
            found = db.execute(rows.where(Notice.id > last).order_by(Notice.id)).all()
        last = found[-1][0] if found else last
        return sorted((subject, kind) for _, subject, kind in found)

    return read
