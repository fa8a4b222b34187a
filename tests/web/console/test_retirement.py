"""Archiving, restoring and removing in the console: by the same rule as the command line, and never by accident."""

import pytest

from records import audit
from records.audit import AuditContext
from records.changes import retirement
from records.tenants import implementations
from runner.logins import EndedLogins, StoreAway
from tests.web.console.conftest import person

PAGE = "/console/implementations/demo/retirement"


@pytest.fixture
def administrator(browser_for):
    return browser_for("administrator")


def away(*_):
    raise StoreAway("no answer")


def entries(database):
    with database.reading() as db:
        assert audit.verify(db).ok
        return [(one.actor, one.action, one.reason) for one in audit.recent(db, implementation="demo", limit=3)]


def test_archived_and_restored_it_is_shown_as_such_and_its_people_are_out(administrator, database, browser_for, store):
    organizer, visitor = browser_for("organizer"), person("organizer")
    assert organizer.get("/console/implementations/demo/").status_code == 200
    assert administrator.send(f"{PAGE}/archive", reason="The event is over").status_code == 303
    assert "This implementation is archived" in administrator.get("/console/implementations/demo/").text
    assert "(archived)" in administrator.get("/console/").text
    assert store.ended_logins.is_ended("demo", "organizer", visitor.login, visitor.since)
    assert organizer.get("/console/implementations/demo/").status_code == 303
    assert administrator.send(f"{PAGE}/restore").status_code == 303
    assert "is archived" not in administrator.get("/console/implementations/demo/").text
    assert entries(database) == [
        ("staff/administrator", "implementation.restored", ""),
        ("staff/administrator", "implementation.archived", "The event is over"),
    ]


def test_removing_says_what_goes_and_needs_the_id_in_full(administrator, database):
    assert "archive it first" in administrator.send(f"{PAGE}/remove", slug="demo").text
    administrator.send(f"{PAGE}/archive")
    page = administrator.get(PAGE).text
    assert "This is deleted:" in page
    assert "users</li>" in page
    for typed in ("", "Demo", "other"):
        refused = administrator.send(f"{PAGE}/remove", slug=typed)
        assert (refused.status_code, "must be typed in full: demo" in refused.text) == (422, True)
    assert administrator.send(f"{PAGE}/remove", slug="demo", reason="asked for").status_code == 303
    assert administrator.get("/console/implementations/demo/").status_code == 404
    assert administrator.get("/console/implementations/other/").status_code == 200
    assert entries(database)[0] == ("staff/administrator", "implementation.removed", "asked for")


def test_the_staff_are_not_offered_it_and_it_is_refused(administrator):
    assert "Archive this implementation" not in administrator.get("/console/implementations/staff/").text
    assert "it stays" in administrator.send("/console/implementations/staff/retirement/archive").text


def test_without_a_store_the_change_is_made_and_what_is_missing_is_said(administrator, monkeypatch):
    monkeypatch.setattr(EndedLogins, "end_everybody", away)
    assert administrator.send(f"{PAGE}/archive").status_code == 303
    assert "earlier logins may still be open" in administrator.get("/console/").text


def test_both_edges_leave_the_same_rows_and_entries(administrator, database):
    """The rule called as the command line calls it, beside the page."""
    administrator.send(f"{PAGE}/archive", reason="over")
    with database.session() as db:
        retirement.archive(db, implementations.find(db, "other"), AuditContext("staff/administrator", "over"))
    with database.reading() as db:
        (theirs,), (ours,) = (audit.recent(db, implementation=slug) for slug in ("other", "demo"))
        assert (ours.actor, ours.action, ours.reason, ours.detail) == (
            theirs.actor,
            theirs.action,
            theirs.reason,
            theirs.detail,
        )
        assert {one.slug for one in implementations.every(db) if one.archived_at} == {"demo", "other"}
