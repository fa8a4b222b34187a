"""People say that what is counted of them is wrong: one open dispute for each session, closed by an answer."""

from __future__ import annotations

import pytest

from records import AgendaSession, RuleViolation, UserProfile, audit
from records.attendance.questions import disputes
from records.audit import AuditContext
from records.changes.attendance import questions as changes
from records.people import users
from tests.records.attendance.questions.conftest import START

ADA = AuditContext("demo/ada", "I was there until the end.")
OLGA = AuditContext("demo/olga", "The door had closed. Your minutes are corrected.")


@pytest.fixture
def ada(db, hall):
    return users.find(db, hall, "ada")


def test_a_dispute_is_open_once_and_an_answer_closes_it(db, hall, ada):
    made = changes.dispute(db, hall, ada, "s1", ADA).value
    assert (made.badge_id, made.reason, made.answered_at) == ("B-1", ADA.reason, None)
    assert not changes.dispute(db, hall, ada, "s1", AuditContext("demo/ada", "And again.")).made
    assert changes.dispute(db, hall, ada, "s2", ADA).made
    assert [each.session_id for each, _ in disputes.every_open(db, hall)] == ["s1", "s2"]
    assert disputes.badges_disputed(db, hall) == {"B-1"}
    assert changes.answer(db, hall, made.id, OLGA).value.answer == OLGA.reason
    assert not changes.answer(db, hall, made.id, AuditContext("demo/otto", "No.")).made
    assert (made.answered_by, made.answer, disputes.count_open(db, hall)) == ("demo/olga", OLGA.reason, 1)
    assert changes.dispute(db, hall, ada, "s1", ADA).made
    assert [each.session_id for each in disputes.of_user(db, ada)] == ["s1", "s2", "s1"]


def test_what_a_person_says_is_in_no_audit_entry(db, hall, ada):
    made = changes.dispute(db, hall, ada, "s1", ADA).value
    entry = audit.recent(db)[0]
    assert (entry.action, entry.actor, entry.target) == ("attendance.disputed", "demo/ada", f"dispute {made.id}")
    assert (entry.reason, entry.detail) == ("", {"session": "s1"})
    assert "until" not in repr(made)


def test_disputes_of_one_person_are_bounded(db, hall, ada):
    for number in range(disputes.MOST_OPEN):
        session = AgendaSession(
            implementation_id=hall.id, session_id=f"t{number}", title="T", starts_at=START, ends_at=START
        )
        db.add(session)
        changes.dispute(db, hall, ada, f"t{number}", ADA)
    with pytest.raises(RuleViolation, match="wait for an answer"):
        changes.dispute(db, hall, ada, "s1", ADA)
    assert disputes.count_open(db, hall) == disputes.MOST_OPEN


def test_the_same_session_is_not_disputed_without_end(db, hall, ada):
    for _ in range(disputes.MOST_ABOUT_ONE):
        changes.answer(db, hall, changes.dispute(db, hall, ada, "s1", ADA).value.id, OLGA)
    with pytest.raises(RuleViolation, match="several times"):
        changes.dispute(db, hall, ada, "s1", ADA)


@pytest.mark.parametrize("session", ["s9", "\0", ""])
def test_a_session_that_there_is_not_is_not_disputed(db, hall, ada, session):
    with pytest.raises(RuleViolation) as refused:
        changes.dispute(db, hall, ada, session, ADA)
    assert refused.value.field == "session"
    assert disputes.of_user(db, ada) == []


@pytest.mark.parametrize("reason", ["", "x" * 501, "a\0b"])
def test_a_dispute_without_a_reason_that_can_be_shown_is_refused(db, hall, ada, reason):
    with pytest.raises(RuleViolation) as refused:
        changes.dispute(db, hall, ada, "s1", AuditContext("demo/ada", reason))
    assert refused.value.field == "reason"
    assert disputes.of_user(db, ada) == []


def test_a_dispute_of_another_implementation_is_not_answered(db, hall, other, ada):
    made = changes.dispute(db, hall, ada, "s1", ADA).value
    with pytest.raises(RuleViolation, match="is not there"):
        changes.answer(db, other, made.id, OLGA)
    with pytest.raises(RuleViolation) as refused:
        changes.answer(db, hall, made.id, AuditContext("demo/olga"))
    assert refused.value.field == "answer"
    assert disputes.every_open(db, other) == []


def test_disputes_go_with_their_person(db, hall, ada):
    users.remember(db, hall, "bob", UserProfile("bob", badge_id="B-2"))
    changes.dispute(db, hall, users.find(db, hall, "bob"), "s1", ADA)
    db.flush()
    db.delete(users.find(db, hall, "bob"))
    db.flush()
    db.expire_all()
    assert disputes.count_open(db, hall) == 0
