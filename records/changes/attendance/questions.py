"""Answers to what only a person can decide: the questions that scans raise, and what people dispute."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from records.attendance import corrections, scan_queries
from records.attendance.questions import decisions, disputes, open_questions
from records.attendance.questions.attendance_questions import ANSWERS, AS_IT_IS, AttendanceQuestion, choices_of
from records.attendance.questions.disputes import AttendanceDispute
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import Overtaken, RuleViolation
from records.people.users import User
from records.tenants.implementations import Implementation

from .scans import OUTDATED, checked_reason, void_all

LEFT = "attendance.left_as_it_is"
DISPUTED = "attendance.disputed"
ANSWERED = "attendance.dispute_answered"


@dataclass(frozen=True)
class QuestionAnswer:
    """An answer as a person gives it: which question, the digest of the scans that they looked at, and their choice."""

    kind: str
    badge_id: str
    sessions: tuple[str, str]  #: the second is "" for an impossible order
    seen: str
    choice: str


def decide(db: Session, owner: Implementation, given: QuestionAnswer, by: AuditContext) -> AfterCommit[None]:
    """Answer a question: leave it as it is, or void the scans that the choice names. The reason is that of the context.

    The same answer again is no change. Raises Overtaken if the scans are not those that the person looked at, and
    RuleViolation without a reason or for a choice that there is not.
    """
    reason = checked_reason(by)
    if given.choice not in ANSWERS.get(given.kind, ()):
        raise RuleViolation("choice", "is missing")
    lock(db, owner)
    question = open_questions.find(db, owner, given.kind, given.badge_id, given.sessions)
    if question is None or question.seen != given.seen:
        raise Overtaken("form", OUTDATED)
    if decisions.find(db, owner, question) is not None:
        if given.choice == AS_IT_IS:
            return unchanged(owner.slug, None)
        raise Overtaken("form", "is outdated: it was decided meanwhile to leave this as it is")
    if given.choice == AS_IT_IS:
        return _leave(db, owner, question, by, reason)
    choice = next(each for each in choices_of(question, scan_queries.rules_of(owner)) if each.name == given.choice)
    found = corrections.find_scans(db, owner, choice.voided)
    return void_all(db, owner, [found[each] for each in sorted(found)], by, reason)


def dispute(
    db: Session, owner: Implementation, user: User, session_id: str, by: AuditContext
) -> AfterCommit[AttendanceDispute | None]:
    """Say that what is counted of a person at a session is wrong; what they say is the reason of the context.

    While one about the session is open, another is no change. Its words are in no entry: they go with the person.
    Raises RuleViolation with every fault.
    """
    lock(db, owner)
    made = disputes.make(db, owner, user, session_id, by.reason)
    if made is None:
        return unchanged(owner.slug, None)
    note(db, owner.slug, DISPUTED, AuditContext(by.actor), target=f"dispute {made.id}", detail={"session": session_id})
    return AfterCommit(owner.slug, made, announced=False)


def answer(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[AttendanceDispute]:
    """Answer a dispute, which closes it; the answer is the reason of the context. One that was answered is no change.

    Raises RuleViolation without an answer, or if there is no such dispute.
    """
    lock(db, owner)
    found = disputes.find(db, owner, number)
    if found is None:
        raise RuleViolation("dispute", "is not there any more")
    if not disputes.answer(db, found, by.reason, by=by.actor):
        return unchanged(owner.slug, found)
    note(db, owner.slug, ANSWERED, by, target=f"dispute {number}", detail={"session": found.session_id})
    return AfterCommit(owner.slug, found, announced=False)


def _leave(
    db: Session, owner: Implementation, question: AttendanceQuestion, by: AuditContext, reason: str
) -> AfterCommit[None]:
    decisions.keep(db, owner, question, by=by.actor, reason=reason)
    named = [each.session_id for each in question.sessions]
    detail = {"kind": question.kind.value, "sessions": named, "badge_id": question.badge_id, "seen": question.seen}
    note(db, owner.slug, LEFT, by, target=question.badge_id, detail=detail)
    return AfterCommit(owner.slug, None, announced=False)
