"""Storing what a source says of many users at once, and removing what is kept no longer.

For each entry the newest word counts, by the moment at which it was true: an older one never replaces a newer one. Of two for
the same moment, the one that arrives later counts; it may be the same word again, whose first arrival was not told to an end, so
that what depends on it is due again. An entry without content stays as a row, so that an older word that
arrives later is known to be older. Batches of one implementation are stored one after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import CursorResult, Row, and_, delete, or_, select, tuple_
from sqlalchemy.orm import Session

from records import fields
from records.agenda import sessions
from records.columns import length_of, utc_now
from records.errors import RuleViolation
from records.people.users import User
from records.storage.upsert import insert_or_replace
from records.tenants.implementations import Implementation

from .fact_content import FactNotAnObject, FactTooLarge, canonical
from .fact_tables import WHOLE_EVENT, Fact

#: By how much the clock of a source may be ahead of ours.
MOST_AHEAD: Final = timedelta(minutes=5)
#: No fact is older. An unset time is that of the year 1 in some languages, which has no local time in the west.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Users of one statement: SQLite takes at most 32,766 values.
STEP: Final = 2000
#: Rows that one `purge` deletes at most, so that other transactions do not wait long for the write lock.
PURGE_STEP: Final = 2000
_LONGEST_SUBJECT: Final = length_of(User.subject)
#: The id and the subject of a user, and what is known of them so far.
_KnownRow: TypeAlias = Row[int, str, str | None, datetime | None]


class FactSource(StrEnum):
    """How facts came."""

    PUSHED = "pushed"
    PULLED = "pulled"


class FactAnswer(StrEnum):
    """What became of one entry. Only the first two change what is known."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"  #: the same as before, which is now known to be true later
    OLDER = "older"
    UNKNOWN_USER = "unknown user"
    TOO_LARGE = "too large"
    NOT_AN_OBJECT = "not an object"


@dataclass(frozen=True)
class FactBatch:
    """What a source says of users (by subject) at one session, or at the whole event. None: it knows nothing of this user."""

    session: str  #: its id in the agenda, or WHOLE_EVENT
    at: datetime  #: when it was true
    source: FactSource
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class StoredFacts:
    """The answer for each entry, in their order, and the users for whom something changed, or who are told of the same moment again."""

    answers: Mapping[str, FactAnswer]
    changed: tuple[str, ...]

    def count(self, answer: FactAnswer) -> int:
        """Return how many entries have this answer."""
        return sum(each is answer for each in self.answers.values())


def store(db: Session, owner: Implementation, batch: FactBatch, *, now: datetime | None = None) -> StoredFacts:
    """Store a batch. Raises RuleViolation for a session that is not in the agenda, and for a moment in the future or before 2000.

    The caller commits, and then lets the statuses of the changed users be found anew. For many entries, it stores some
    thousands at a time, because other changes of the implementation wait meanwhile.
    """
    now = now or utc_now()
    check(db, owner, batch.session, batch.at, now)
    _lock(db, owner)
    answers, contents = _judged(batch.facts)
    changed: list[str] = []
    subjects = list(contents)
    for start in range(0, len(subjects), STEP):
        rows = []
        for known in _known(db, owner, batch.session, subjects[start : start + STEP]):
            answer, moved = _compare(known, contents[known.subject], batch.at)
            answers[known.subject] = answer
            if answer is not FactAnswer.OLDER:
                rows.append(_row(owner, known.id, batch, contents[known.subject], now))
            if moved:
                changed.append(known.subject)
        insert_or_replace(db, Fact, rows)
    return StoredFacts(answers, tuple(changed))


def check(db: Session, owner: Implementation, session: str, at: datetime, now: datetime) -> None:
    """Check what a whole batch is about. Raises RuleViolation."""
    if at > now + MOST_AHEAD:
        raise RuleViolation("at", f"is in the future: here it is {now.isoformat(timespec='seconds')}")
    if at < EARLIEST:
        raise RuleViolation("at", f"is before the year {EARLIEST.year}")
    if session != WHOLE_EVENT and sessions.find(db, owner, session) is None:
        raise RuleViolation("session", "is not in the agenda")


def forget(db: Session, owner: Implementation, subject: str) -> int:
    """Delete all facts of one user; return how many. The next word of a source is stored as if it were the first."""
    theirs = select(User.id).where(User.implementation_id == owner.id, User.subject == subject)
    done: CursorResult[Any] = db.execute(delete(Fact).where(Fact.user_id.in_(theirs)))  # type: ignore[assignment]  # of a DELETE
    return done.rowcount


def purge(db: Session, now: datetime) -> int:
    """Delete facts of which nothing was said for as long as their implementation keeps runs. Returns how many of at most PURGE_STEP."""
    days = db.execute(select(Implementation.id, Implementation.keep_runs_days)).all()
    due = [and_(Fact.implementation_id == row.id, Fact.arrived_at < now - timedelta(days=row[1])) for row in days]
    if not due:
        return 0
    gone = db.execute(select(Fact.user_id, Fact.session).where(or_(*due)).limit(PURGE_STEP)).all()
    if gone:
        db.execute(delete(Fact).where(tuple_(Fact.user_id, Fact.session).in_([tuple(row) for row in gone])))
    return len(gone)


def _lock(db: Session, owner: Implementation) -> None:
    """Let batches of this implementation follow each other, without stopping what writes rows that belong to it."""
    db.execute(select(Implementation.id).where(Implementation.id == owner.id).with_for_update(key_share=True))


def _judged(facts: Mapping[str, Any]) -> tuple[dict[str, FactAnswer], dict[str, str | None]]:
    """Return an answer for each entry, and the content of those that can be stored: they are unknown until they are found."""
    answers: dict[str, FactAnswer] = {}
    contents: dict[str, str | None] = {}
    for subject, value in facts.items():
        answers[subject] = FactAnswer.UNKNOWN_USER
        try:
            content = None if value is None else canonical(value)
        except FactTooLarge:
            answers[subject] = FactAnswer.TOO_LARGE
        except FactNotAnObject:
            answers[subject] = FactAnswer.NOT_AN_OBJECT
        else:
            if _can_be_a_subject(subject):
                contents[subject] = content
    return answers, contents


def _can_be_a_subject(subject: str) -> bool:
    """Say whether a database can compare users with it."""
    return len(subject) <= _LONGEST_SUBJECT and fields.is_storable_text(subject)


def _known(db: Session, owner: Implementation, session: str, subjects: Sequence[str]) -> Sequence[_KnownRow]:
    """Return those of the users whom the records know, with what is known of them at this session."""
    theirs = and_(Fact.user_id == User.id, Fact.session == session)
    found = select(User.id, User.subject, Fact.content, Fact.at).outerjoin(Fact, theirs)
    return db.execute(found.where(User.implementation_id == owner.id, User.subject.in_(subjects))).all()


def _compare(known: _KnownRow, content: str | None, at: datetime) -> tuple[FactAnswer, bool]:
    """Return the answer for an entry, and whether what is known changes by it, or it may be a call that is repeated."""
    if known.at is not None and at < known.at:
        return FactAnswer.OLDER, False
    if known.content == content:
        return (FactAnswer.TAKEN if known.at is None else FactAnswer.UNCHANGED), known.at == at
    return FactAnswer.TAKEN, True


def _row(owner: Implementation, user_id: int, batch: FactBatch, content: str | None, now: datetime) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "session": batch.session,
        "implementation_id": owner.id,
        "content": content,
        "at": batch.at,
        "arrived_at": now,
        "source": batch.source,
    }
