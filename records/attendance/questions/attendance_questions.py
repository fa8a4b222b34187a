"""The questions that the scans of one badge raise, and what each answer would do to its minutes: pure functions.

A question is a conflict (two sessions at the same time) or an impossible order (an `out` that ends no presence). Each names
the scans that it is about by a digest, so that an answer to what a person saw is never applied to something else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from records.attendance.conflicts import conflicts_of
from records.attendance.minutes import OUT, AttendanceRules, BadgeAttendance, BadgeScan, SessionRules, attendance


class QuestionKind(StrEnum):
    """What is asked."""

    CONFLICT = "conflict"  #: the badge was in two sessions at the same time
    ORDER = "order"  #: it left a session at which it was not


#: The answers. Only the first leaves every scan as it is.
AS_IT_IS, FIRST_ONLY, SECOND_ONLY, WITHOUT_OUT = "as it is", "first", "second", "without"


@dataclass(frozen=True)
class QuestionedSession:
    """One session of a question, with the scans of the badge there, in order of time."""

    session_id: str
    scans: tuple[BadgeScan, ...]
    held: SessionRules
    attendance: BadgeAttendance


@dataclass(frozen=True)
class QuestionChoice:
    """One possible answer: the ids of the scans that it voids, and the attendance at each session afterwards."""

    name: str
    voided: frozenset[str]
    after: tuple[BadgeAttendance, ...]


@dataclass(frozen=True)
class AttendanceQuestion:
    """One question about one badge: of a conflict, the two sessions (the first has the lower id) and the seconds."""

    kind: QuestionKind
    badge_id: str
    sessions: tuple[QuestionedSession, ...]
    seconds: int
    seen: str  #: the digest of the scans that it is about

    @property
    def names(self) -> tuple[str, str]:
        """The ids of its sessions; the second is "" for an impossible order."""
        ids = [each.session_id for each in self.sessions]
        return ids[0], ids[1] if len(ids) > 1 else ""


@dataclass(frozen=True)
class BadgeEvent:
    """All that the questions of one badge follow from. `parents` has the session of which each is a part."""

    badge_id: str
    scans: Mapping[str, Sequence[BadgeScan]]  #: by session
    held: Mapping[str, SessionRules]
    parents: Mapping[str, str | None]
    rules: AttendanceRules


def questions_of(event: BadgeEvent) -> list[AttendanceQuestion]:
    """Return the questions of a badge: conflicts first, each in the order of its sessions' ids."""
    found = {
        name: QuestionedSession(
            name, _ordered(scans), event.held[name], attendance(scans, event.held[name], event.rules)
        )
        for name, scans in event.scans.items()
        if name in event.held
    }
    presences = {name: each.attendance.presences for name, each in found.items()}
    questions = [
        _question(QuestionKind.CONFLICT, event, (found[each.first], found[each.second]), each.seconds)
        for each in conflicts_of(presences, event.parents)
    ]
    impossible = [found[name] for name in sorted(found) if found[name].attendance.impossible]
    return questions + [_question(QuestionKind.ORDER, event, (each,), 0) for each in impossible]


def raises_nothing(event: BadgeEvent) -> bool:
    """Say, from the times of sessions alone, that a badge raises no question. It does not decide for every badge.

    Most badges of an event are like this, and this is quicker than computing their presences.
    """
    here = [(event.held[name], scans) for name, scans in event.scans.items() if name in event.held]
    if any(held.in_and_out and any(each.direction == OUT for each in scans) for held, scans in here):
        return False
    early, late = timedelta(minutes=event.rules.early_minutes), timedelta(minutes=event.rules.late_minutes)
    windows = sorted((held.starts_at - early, held.ends_at + late) for held, _ in here if held.ends_at is not None)
    return all(before[1] <= after[0] for before, after in pairwise(windows))


def choices_of(question: AttendanceQuestion, rules: AttendanceRules) -> tuple[QuestionChoice, ...]:
    """Return the possible answers, with what each does to the attendance at the sessions of the question."""
    nothing: frozenset[str] = frozenset()
    if question.kind is QuestionKind.ORDER:
        wanted = [(AS_IT_IS, nothing), (WITHOUT_OUT, _impossible(question.sessions[0], rules))]
    else:
        first, second = (frozenset(scan.id for scan in each.scans) for each in question.sessions)
        wanted = [(AS_IT_IS, nothing), (FIRST_ONLY, second), (SECOND_ONLY, first)]
    return tuple(QuestionChoice(name, ids, _without(question, ids, rules)) for name, ids in wanted)


def digest_of(scans: Mapping[str, Iterable[BadgeScan]]) -> str:
    """Return the SHA-256 of scans by session. Their order does not matter, and a session without any is as none."""
    rows = sorted(
        (name, each.id, _instant(each.at), each.direction) for name, several in scans.items() for each in several
    )
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def _question(
    kind: QuestionKind, event: BadgeEvent, sessions: tuple[QuestionedSession, ...], seconds: int
) -> AttendanceQuestion:
    seen = digest_of({each.session_id: each.scans for each in sessions})
    return AttendanceQuestion(kind, event.badge_id, sessions, seconds, seen)


def _without(
    question: AttendanceQuestion, voided: Collection[str], rules: AttendanceRules
) -> tuple[BadgeAttendance, ...]:
    left = ([scan for scan in each.scans if scan.id not in voided] for each in question.sessions)
    return tuple(attendance(scans, each.held, rules) for scans, each in zip(left, question.sessions, strict=True))


def _ordered(scans: Iterable[BadgeScan]) -> tuple[BadgeScan, ...]:
    return tuple(sorted(scans, key=lambda each: (each.at, each.id)))


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _impossible(session: QuestionedSession, rules: AttendanceRules) -> frozenset[str]:
    """Return the ids of all `out` scans that end nothing, also of those that are repeats until the others are voided.

    The repeats of one go with it, so a flood of them takes a few rounds and not one round each.
    """
    found: frozenset[str] = frozenset()
    while more := _impossible_without(found, session, rules):
        found |= more
    return found


def _impossible_without(voided: Collection[str], session: QuestionedSession, rules: AttendanceRules) -> frozenset[str]:
    left = {scan.id: scan for scan in session.scans if scan.id not in voided}
    now, begins = attendance(left.values(), session.held, rules), session.held.starts_at
    first = set(now.impossible)
    # After the start, a repeat of one before it may end a presence.
    repeats = (
        again
        for again, of in now.repeats.items()
        if of in first and (left[again].at > begins) == (left[of].at > begins)
    )
    return frozenset(first.union(repeats))


#: The answers by kind.
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    QuestionKind.CONFLICT: (AS_IT_IS, FIRST_ONLY, SECOND_ONLY),
    QuestionKind.ORDER: (AS_IT_IS, WITHOUT_OUT),
}
