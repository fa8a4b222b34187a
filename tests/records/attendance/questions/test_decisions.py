"""Questions are decided by a person with a reason, once, and about the scans that the person looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from records import AgendaSession, RuleViolation, audit
from records.attendance import session_attendance
from records.attendance.corrections import AddedScan
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.questions import open_questions
from records.attendance.questions.attendance_questions import AS_IT_IS, FIRST_ONLY, SECOND_ONLY, WITHOUT_OUT
from records.audit import AuditContext
from records.changes.attendance import questions as changes
from records.changes.attendance import scans as scan_changes
from records.changes.attendance.questions import QuestionAnswer
from records.errors import Overtaken
from tests.records.attendance.ledger_rows import scan_id
from tests.records.attendance.questions.conftest import START

BY = AuditContext("demo/olga", "seen in room 1")


@pytest.fixture
def conflict(db, hall, scan):
    """Give the one question: B-1 was at both sessions."""
    scan(1, "s1", 5)
    scan(2, "s2", 10)
    (question,) = open_questions.every(db, hall)
    return question


def answer(question, choice, **changes):
    values = {"kind": question.kind, "badge_id": question.badge_id, "sessions": question.names, "seen": question.seen}
    return QuestionAnswer(**(values | {"choice": choice} | changes))


def counting(db, owner, badge="B-1"):
    return {each.id for several in open_questions.scans_of_badge(db, owner, badge).values() for each in several}


def test_what_is_left_as_it_is_does_not_return_unless_its_scans_change(db, hall, scan, conflict):
    assert changes.decide(db, hall, answer(conflict, AS_IT_IS), BY).made
    assert open_questions.every(db, hall) == []
    assert not changes.decide(db, hall, answer(conflict, AS_IT_IS), AuditContext("demo/otto", "so be it")).made
    entry = audit.recent(db)[0]
    assert (entry.action, entry.actor, entry.reason) == ("attendance.left_as_it_is", "demo/olga", "seen in room 1")
    scan(3, "s2", 10, badge="B-2")
    assert open_questions.every(db, hall) == []
    scan(4, "s2", 30)
    (again,) = open_questions.every(db, hall)
    assert again.names == conflict.names
    assert counting(db, hall) == {scan_id(1), scan_id(2), scan_id(4)}


@pytest.mark.parametrize(("choice", "left"), [(FIRST_ONLY, 1), (SECOND_ONLY, 2)])
def test_counting_one_session_only_voids_the_scans_at_the_other_with_the_reason(db, hall, conflict, choice, left):
    done = changes.decide(db, hall, answer(conflict, choice), BY)
    assert done.outdated == (("ada", "s2" if left == 1 else "s1"),)
    assert counting(db, hall) == {scan_id(left)}
    assert open_questions.every(db, hall) == []
    void = db.scalars(select(LedgerEntry).where(LedgerEntry.kind == "void")).one()
    assert (void.actor, void.reason) == ("demo/olga", "seen in room 1")
    assert verification.verify(db, hall).ok


def test_an_impossible_order_is_decided(db, hall, scan):
    hall.scan_mode = "in and out"
    for number, minutes, direction in ((1, 1, "in"), (2, 20, "out"), (3, 40, "out")):
        scan(number, "s1", minutes, direction)
    (question,) = open_questions.every(db, hall)
    changes.decide(db, hall, answer(question, WITHOUT_OUT), BY)
    assert counting(db, hall) == {scan_id(1), scan_id(2)}
    assert open_questions.every(db, hall) == []


def test_two_organizers_who_decide_at_once_do_not_take_both_sessions_away(db, hall, conflict):
    changes.decide(db, hall, answer(conflict, FIRST_ONLY), BY)
    for choice in (SECOND_ONLY, FIRST_ONLY, AS_IT_IS):
        with pytest.raises(Overtaken):
            changes.decide(db, hall, answer(conflict, choice), AuditContext("demo/otto", "saw it, too"))
    assert counting(db, hall) == {scan_id(1)}


def test_what_was_left_as_it_is_is_not_voided_by_an_older_page(db, hall, conflict):
    changes.decide(db, hall, answer(conflict, AS_IT_IS), BY)
    with pytest.raises(Overtaken, match="decided meanwhile"):
        changes.decide(db, hall, answer(conflict, FIRST_ONLY), BY)
    assert counting(db, hall) == {scan_id(1), scan_id(2)}


@pytest.mark.parametrize(
    "forged",
    [
        {"seen": "0" * 64},
        {"badge_id": "B-2"},
        {"badge_id": "\0"},
        {"sessions": ("s1", "s9")},
        {"sessions": ("s2", "s1")},
    ],
)
def test_an_answer_to_a_question_that_there_is_not_does_nothing(db, hall, conflict, forged):
    with pytest.raises(Overtaken):
        changes.decide(db, hall, answer(conflict, FIRST_ONLY, **forged), BY)
    assert counting(db, hall) == {scan_id(1), scan_id(2)}


@pytest.mark.parametrize("forged", [{"choice": WITHOUT_OUT}, {"choice": ""}, {"kind": "x"}])
def test_a_choice_that_there_is_not_is_refused(db, hall, conflict, forged):
    with pytest.raises(RuleViolation) as refused:
        changes.decide(db, hall, answer(conflict, **({"choice": FIRST_ONLY} | forged)), BY)
    assert refused.value.field == "choice"
    assert counting(db, hall) == {scan_id(1), scan_id(2)}


def test_without_a_reason_nothing_is_decided(db, hall, conflict):
    with pytest.raises(RuleViolation) as refused:
        changes.decide(db, hall, answer(conflict, FIRST_ONLY), AuditContext("demo/olga"))
    assert refused.value.field == "reason"
    assert counting(db, hall) == {scan_id(1), scan_id(2)}


def test_a_question_of_another_implementation_is_not_decided(db, hall, conflict, other):
    with pytest.raises(Overtaken):
        changes.decide(db, other, answer(conflict, FIRST_ONLY), BY)
    assert open_questions.every(db, other) == []


def test_a_page_with_other_scans_voids_and_adds_nothing(db, hall, scan, conflict):
    seen = open_questions.state_of_badge(db, hall, "B-1")
    scan_changes.void_scan(db, hall, scan_id(1), BY, seen=seen)
    with pytest.raises(Overtaken):
        scan_changes.void_scan(db, hall, scan_id(2), BY, seen=seen)
    with pytest.raises(Overtaken):
        scan_changes.add_scan(db, hall, AddedScan(session="s1", badge_id="B-1", at=START), BY, seen=seen)
    assert not scan_changes.void_scan(db, hall, scan_id(1), BY, seen=seen).made
    assert counting(db, hall) == {scan_id(2)}


ROWS = st.lists(
    st.tuples(st.sampled_from(["s1", "s2"]), st.integers(-5, 70), st.sampled_from(["", "in", "out"])),
    min_size=1,
    max_size=5,
)


@pytest.fixture
def here(db, hall, scan):
    return db, hall, scan


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, random=st.randoms(use_true_random=False), in_and_out=st.booleans())
def test_order_of_arrival_does_not_matter_and_a_void_and_its_undoing_meet(here, rows, random, in_and_out):
    db, hall, scan = here
    hall.scan_mode = "in and out" if in_and_out else "in only"
    numbered = list(enumerate(rows, start=1))
    found = []
    for arrival in (numbered, random.sample(numbered, len(numbered))):
        with db.begin_nested() as attempt:
            for number, (session, minutes, direction) in arrival:
                scan(number, session, minutes, direction)
            found.append(_results(db, hall))
            for number, (session, minutes, direction) in arrival:
                again = AddedScan(
                    session=session,
                    badge_id="B-1",
                    at=START + timedelta(minutes=minutes),
                    direction=direction,
                    replaces=scan_id(number),
                )
                scan_changes.void_scan(db, hall, scan_id(number), BY)
                scan_changes.add_scan(db, hall, again, BY)
            found.append(_results(db, hall))
            assert verification.verify(db, hall).ok
            attempt.rollback()
        db.expire_all()
    assert all(each == found[0] for each in found)


def _results(db, owner):
    """Minutes and attendance at both sessions, and what is asked; ids of scans are left out, because an added one has its own."""
    agenda = {each.session_id: each for each in db.query(AgendaSession)}
    each = session_attendance.of_badges(db, owner, agenda).get("B-1", {})
    asked = [(one.kind, one.names, one.seconds) for one in open_questions.every(db, owner)]
    return {name: (count, one.presences, one.minutes, one.attended) for name, (count, one) in each.items()}, asked
