"""How commands tell of runs: a row of a list, a few lines with the whole trace, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records import DbSession, Implementation, Run
from records.scripts import run_names, runs
from records.scripts.run_names import RunNames
from runner.queues import run_causes
from web.cli.common.render import INDENT, block, error_lines, happened, message_lines, plain
from web.time_format import TimeFormatter

#: What JSON tells of a run, beside its time.
WHOLE = (
    *("id", "reference", "user", "session", "version", "because", "waited_ms", "outcome", "alarm", "shown_as"),
    *("message", "warnings", "calls", "log", "error", "usage", "given"),
)


@dataclass(frozen=True)
class RunDetails:
    """A run with what is told beside it: whose clock it is shown by, and the names that people know."""

    owner: Implementation
    run: Run
    names: RunNames
    before: Run | None = None  #: the run before it, with whose answers its own are compared

    @property
    def clock(self) -> TimeFormatter:
        """The clock of its conference."""
        return TimeFormatter.of(self.owner)

    @property
    def user(self) -> str:
        """Whose it is: the name with the key."""
        return _named(self.run.user, self.names.users)

    @property
    def session(self) -> str:
        """At which session: the title with the ID."""
        return _named(self.run.session, self.names.sessions)


def run_details(
    db: DbSession, owner: Implementation, rows: Sequence[Run], *, compared: bool = False
) -> list[RunDetails]:
    """Runs of one implementation, with the names in them; `compared`, each also with the run before it."""
    names = run_names.of_runs(db, owner, rows)
    return [RunDetails(owner, run, names, runs.before(db, owner, run) if compared else None) for run in rows]


def happened_in(told: RunDetails) -> Iterable[str]:
    """What a run met with on its way."""
    return happened({**vars(told.run), "calls": runs.calls_compared(told.run, told.before)})


def row(told: RunDetails) -> tuple[str, ...]:
    """A run as a row of the list."""
    run, at = told.run, told.clock.digits(told.run.started_at)
    return (at, run.reference, because(told), told.user, told.session, run.outcome, run.shown_as, plain(gist(run)))


def because(told: RunDetails) -> str:
    """Why it was started, in a few words: with when the user came back, and a wait for a worker that was long."""
    run = told.run
    back = f"came back {told.clock.time_of_day(run.returned_at)}" if run.returned_at else ""
    more = ", ".join(part for part in (back, run_causes.long_wait(run.waited_ms)) if part)
    return f"{run.because or '-'} ({more})" if more else run.because or "-"


def gist(run: Run) -> str:
    """What a run came to, in a few words: its error, or the message."""
    if run.error:
        return f"{run.error['type']}: {run.error['text']}"[:80]
    return str(run.message["text"]) if run.message else "(hidden)"


def run_json(told: RunDetails) -> dict[str, Any]:
    """A run as plain JSON values; its time is in UTC, and a name that is not known is null."""
    run, names = told.run, told.names
    return {
        "started_at": run.started_at.isoformat(),
        "returned_at": run.returned_at.isoformat() if run.returned_at else None,
        "user_name": names.users.get(run.user),
        "session_title": names.sessions.get(run.session),
    } | {name: getattr(run, name) for name in WHOLE}


def run_lines(told: RunDetails) -> list[str]:
    """A run with what it met with on its way, for people."""
    run = told.run
    lines = [f"Run {run.id} (reference {run.reference}) of {told.owner.slug}"]
    lines += [f"{INDENT}for      user {told.user}, session {told.session}"]
    lines += [f"{INDENT}started  {told.clock.exact(run.started_at)}, version {run.version[:12]}"]
    lines += cause_lines(told)
    lines += [f"{INDENT}outcome  {run.outcome}, shown as {run.shown_as}"]
    if run.error:
        lines += error_lines(run.error)
    shown = run.message and run.message | {"link": (run.message.get("action") or {}).get("url")}
    return [
        *lines,
        *message_lines(shown),
        *happened_in(told),
        f"{INDENT}used     {run.usage.get('wall_ms', 0):.1f} ms",
    ]


def cause_lines(told: RunDetails) -> list[str]:
    """Why a run was started, and whether it had to wait; nothing where it was not noted."""
    if not told.run.because:
        return []
    return list(
        block(
            "because", told.clock.told(run_causes.in_words(told.run.because, told.run.returned_at, told.run.waited_ms))
        )
    )


def _named(key: str, names: Mapping[str, str]) -> str:
    return plain(f"{names[key]} ({key})" if key in names else key)
