"""How commands show runs: as a row of a list, as lines with the whole trace, or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from records import DbSession, Implementation, Run
from records.scripts import run_names, runs
from records.scripts.run_names import RunNames
from runner.queues import run_causes
from web.authors import answers
from web.cli.common.render import INDENT, block, error_lines, happened, message_lines
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter


@dataclass(frozen=True)
class RunDetails:
    """A run with the data that is shown beside it: its implementation, for the time zone, and the names of people and sessions."""

    owner: Implementation
    run: Run
    names: RunNames
    before: Run | None = None  #: the previous run, with whose answers its own are compared

    @property
    def clock(self) -> TimeFormatter:
        """The formatter for the time zone of its conference."""
        return TimeFormatter.of(self.owner)

    @property
    def user(self) -> str:
        """The user: the name with the key."""
        return _named(self.run.user, self.names.users)

    @property
    def session(self) -> str:
        """The session: the title with the ID."""
        return _named(self.run.session, self.names.sessions)


def run_details(
    db: DbSession, owner: Implementation, rows: Sequence[Run], *, compared: bool = False
) -> list[RunDetails]:
    """Return runs of one implementation with their names; with `compared`, also with the previous run of each."""
    names = run_names.of_runs(db, owner, rows)
    return [RunDetails(owner, run, names, runs.before(db, owner, run) if compared else None) for run in rows]


def happened_in(details: RunDetails) -> Iterable[str]:
    """Return lines about what happened during a run."""
    return happened({**vars(details.run), "calls": runs.calls_compared(details.run, details.before)})


def row(details: RunDetails) -> tuple[str, ...]:
    """Return a run as a row of the list."""
    run, at = details.run, details.clock.digits(details.run.started_at)
    return (
        at,
        run.reference,
        because(details),
        details.user,
        details.session,
        run.outcome,
        run.shown_as,
        plain(gist(run)),
    )


def because(details: RunDetails) -> str:
    """Return why a run was started, with the time of a return and a long wait for a worker."""
    run = details.run
    back = f"came back {details.clock.time_of_day(run.returned_at)}" if run.returned_at else ""
    more = ", ".join(part for part in (back, run_causes.long_wait(run.waited_ms)) if part)
    return f"{run.because or '-'} ({more})" if more else run.because or "-"


def gist(run: Run) -> str:
    """Return the result of a run in a few words: its error, or the message."""
    if run.error:
        return f"{run.error['type']}: {run.error['text']}"[:80]
    return str(run.message["text"]) if run.message else "(hidden)"


def run_json(details: RunDetails) -> dict[str, Any]:
    """Return a run as JSON values, as programs get it over HTTP."""
    return answers.run_json(details.run, details.names)


def run_lines(details: RunDetails) -> list[str]:
    """Return lines about a run and its trace."""
    run = details.run
    lines = [f"Run {run.id} (reference {run.reference}) of {details.owner.slug}"]
    lines += [f"{INDENT}for      user {details.user}, session {details.session}"]
    lines += [f"{INDENT}started  {details.clock.exact(run.started_at)}, version {run.version[:12]}"]
    lines += cause_lines(details)
    lines += [f"{INDENT}outcome  {run.outcome}, shown as {run.shown_as}"]
    if run.error:
        lines += error_lines(run.error)
    shown = run.message and run.message | {"link": (run.message.get("action") or {}).get("url")}
    return [
        *lines,
        *message_lines(shown),
        *happened_in(details),
        f"{INDENT}used     {run.usage.get('wall_ms', 0):.1f} ms",
    ]


def cause_lines(details: RunDetails) -> list[str]:
    """Return lines about why a run was started and how long it waited; none if that was not recorded."""
    if not details.run.because:
        return []
    return list(
        block(
            "because",
            details.clock.joined(
                run_causes.in_words(details.run.because, details.run.returned_at, details.run.waited_ms)
            ),
        )
    )


def _named(key: str, names: Mapping[str, str]) -> str:
    return plain(f"{names[key]} ({key})" if key in names else key)
