"""Who may scan, and until when those could who may no longer."""

from __future__ import annotations

import pytest

from records import UserProfile, audit
from records.attendance import scan_permission
from records.attendance.scan_permission import ALWAYS, NEVER
from records.audit import AuditContext
from records.changes import grants
from records.changes.grants import GrantDraft
from records.people import users

BY = AuditContext("demo/olga")
PROFILE = UserProfile("Sam", "Staff", attributes={"groups": ["desk", "hall"]})
DRAFTS = {
    "username": GrantDraft("scanner", "username", "SAM"),
    "user type": GrantDraft("scanner", "user type", "Staff"),
    "attribute": GrantDraft("scanner", "attribute", "desk", "groups"),
}


@pytest.mark.parametrize("kind", DRAFTS)
def test_scans_count_until_the_role_was_taken(db, demo, kind):
    sam = users.remember(db, demo, "165", PROFILE)
    other = users.remember(db, demo, "166", UserProfile("kim", "Attendee"))
    assert not scan_permission.has_scanners(db, demo)
    assert scan_permission.allowed_until(db, demo, sam) == NEVER
    grant = grants.add(db, demo, [DRAFTS[kind]], BY).value[0]
    assert scan_permission.has_scanners(db, demo)
    assert scan_permission.allowed_until(db, demo, sam) == ALWAYS
    grants.remove(db, demo, grant.id, BY)
    taken = audit.recent(db, implementation="demo")[0].at
    assert scan_permission.allowed_until(db, demo, sam) == taken
    assert scan_permission.allowed_until(db, demo, other) == NEVER


def test_another_role_that_was_taken_allows_nothing(db, demo):
    sam = users.remember(db, demo, "165", PROFILE)
    grant = grants.add(db, demo, [GrantDraft("organizer", "username", "sam")], BY).value[0]
    grants.remove(db, demo, grant.id, BY)
    assert scan_permission.allowed_until(db, demo, sam) == NEVER


def test_only_a_change_of_who_scans_is_announced(db, demo):
    scanner = grants.add(db, demo, [DRAFTS["username"]], BY)
    organizer = grants.add(db, demo, [GrantDraft("organizer", "username", "sam")], BY)
    assert (scanner.announced, organizer.announced) == (True, False)
    assert grants.remove(db, demo, scanner.value[0].id, BY).announced
    assert not grants.remove(db, demo, organizer.value[0].id, BY).announced
