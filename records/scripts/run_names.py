"""Names for the users, sessions and versions of runs, which a run itself only has by their keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.agenda.sessions import AgendaSession
from records.people import actors
from records.people.users import User
from records.tenants.implementations import Implementation

from .runs import Run
from .versions import Version


@dataclass(frozen=True)
class RunNames:
    """Names of users by subject, titles of sessions by ID, numbers of versions by SHA-256.

    Users without a name, and whatever was removed, are not in it.
    """

    users: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def version(self, sha256: str) -> str:
        """Return a version in a word: `v3`, or the beginning of its SHA-256 if it was removed."""
        return f"v{self.versions[sha256]}" if sha256 in self.versions else sha256[:8]


def of_runs(db: Session, implementation: Implementation, runs: Iterable[Run]) -> RunNames:
    """Return the names for some runs of an implementation, such as those of one page."""
    runs = list(runs)
    people = select(User).where(
        User.implementation_id == implementation.id, User.subject.in_({run.user for run in runs})
    )
    agenda = select(AgendaSession.session_id, AgendaSession.title).where(
        AgendaSession.implementation_id == implementation.id,
        AgendaSession.session_id.in_({run.session for run in runs}),
    )
    known = select(Version.sha256, Version.number).where(
        Version.implementation_id == implementation.id, Version.sha256.in_({run.version for run in runs})
    )
    return RunNames(
        {user.subject: name for user in db.scalars(people) if (name := actors.name_of(user))},
        {row.session_id: row.title for row in db.execute(agenda)},
        {row.sha256: row.number for row in db.execute(known)},
    )
