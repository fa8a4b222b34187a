"""What was displayed to a user at a session at an earlier time, and why, as far as the runs that are kept tell it.

Each run records what was shown after it, a last good message or the fallback text included. So the newest run before the time
tells what was displayed, and those before it tell since when, and since when runs failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from records import DbSession, Implementation, Run, RunFilter
from records.agenda import sessions
from records.scripts import runs

#: Runs before the time that are read.
MOST: Final = 200


@dataclass(frozen=True)
class EarlierDisplay:
    """What the runs tell. `run` is the newest one before the time; None if none is kept."""

    at: datetime
    session: str  #: whose runs these are: a sub-session may show the message of the session that it is part of
    run: Run | None
    found: Run | None  #: the run that found the message; None if there is no message, or that run is not kept
    since: datetime | None  #: since when this was displayed
    failing: tuple[Run, ...]  #: the runs that failed in a row up to the time, the newest first

    @property
    def message(self) -> Mapping[str, Any] | None:
        """The message that was displayed; None for nothing."""
        return self.run.message if self.run else None

    def sentence(self, moment: Callable[[datetime], str]) -> str:
        """Return the answer in one sentence. `moment` writes a time for people."""
        if self.run is None or self.since is None:
            return f"No run from before {moment(self.at)} is kept."
        text = f"“{self.message['text']}”" if self.message else "Nothing"
        since = f"{text} was shown since {moment(self.since)}"
        if not self.failing:
            said = "the script said so" if self.message else "the script said that nothing is shown"
            return f"{since}: {said}."
        first, newest = self.failing[-1], self.failing[0]
        every = "the run" if len(self.failing) == 1 else f"every run since {moment(first.started_at)}"
        kept = {
            "last good": "The last good message stayed",
            "fallback": "The fallback text was shown",
            "taken back": "The message was taken back",
        }.get(self.run.shown_as, "Nothing was shown")
        return f"{since}. {kept}, because {every} failed: {_why(newest)}."


def displayed_at(
    db: DbSession, implementation: Implementation, user: str, session: str, at: datetime
) -> EarlierDisplay:
    """Return what was displayed at a time to the user with this subject. Whether somebody looked then is not known."""
    name, earlier = session, _runs_before(db, implementation, user, session, at)
    if not earlier and implementation.inherit_from_parent:
        held = sessions.find_any(db, implementation, session)
        if held is not None and held.parent_id:
            name, earlier = held.parent_id, _runs_before(db, implementation, user, held.parent_id, at)
    if not earlier:
        return EarlierDisplay(at, session, None, None, None, ())
    failing = tuple(earlier[: _count(earlier, lambda run: run.outcome != runs.RETURNED)])
    same = earlier[: _count(earlier, lambda run: _shown(run) == _shown(earlier[0]))]
    found = next((run for run in same if run.outcome == runs.RETURNED and run.message), None)
    return EarlierDisplay(at, name, earlier[0], found, same[-1].started_at, failing)


def _runs_before(db: DbSession, implementation: Implementation, user: str, session: str, at: datetime) -> Sequence[Run]:
    """Return the runs up to a time whose result was displayed, the newest first."""
    wanted = RunFilter(user=user, session=session, until=at + timedelta(microseconds=1))
    found = runs.recent(db, implementation, wanted, limit=MOST)
    return [run for run in found if run.shown_as != runs.ACTIVE_VERSION]


def _count(earlier: Sequence[Run], fits: Callable[[Run], bool]) -> int:
    """Count the runs from the newest on that fit."""
    return next((number for number, run in enumerate(earlier) if not fits(run)), len(earlier))


def _shown(run: Run) -> tuple[Any, ...] | None:
    """Return what of a run's message people can tell apart."""
    return (run.message["text"], (run.message.get("action") or {}).get("kind")) if run.message else None


def _why(run: Run) -> str:
    error = run.error or {}
    line = f" in line {error['line']}" if error.get("line") else ""
    text = f"{error.get('type') or run.outcome}{line}"
    said = str(error.get("text") or "").rstrip(".")[:120]
    return f"{text} ({said})" if said else text
