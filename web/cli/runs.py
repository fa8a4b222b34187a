"""`session-status runs`: what was run for whom, and what a reference that somebody read out stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from records import DbSession, Implementation, Run, RunFilter, implementations, references, run_names, runs
from records.counted import counted
from records.run_names import RunNames
from runner.explain import OUTCOMES
from runner.logins import NotedError, NotedErrors, StoreAway
from runner.store import connect
from web.auth.ways.codes import meaning_of
from web.moments import Clock, moment
from web.page_names import page_name

from .complaints import ANSWER_IS_NO, Complaint
from .drawing import INDENT, block, error_lines, happened, message_lines, plain
from .examples import examples
from .implementation_id import ImplementationId
from .surroundings import Place, find_implementation, place
from .tables import print_json, print_table

#: What JSON tells of a run, beside its time.
WHOLE = (
    *("id", "reference", "user", "session", "version", "outcome", "alarm", "shown_as", "message", "warnings"),
    *("calls", "log", "error", "usage", "given"),
)


@dataclass(frozen=True)
class ToldRun:
    """A run with what is told beside it: whose clock it is shown by, and the names that people know."""

    owner: Implementation
    run: Run
    names: RunNames

    @property
    def clock(self) -> Clock:
        """The clock of its conference."""
        return Clock.of(self.owner)

    @property
    def user(self) -> str:
        """Whose it is: the name with the key."""
        return _named(self.run.user, self.names.users)

    @property
    def session(self) -> str:
        """At which session: the title with the ID."""
        return _named(self.run.session, self.names.sessions)


@click.group("runs")
def runs_group() -> None:
    """Find runs of the past: why a user saw what they saw."""


@runs_group.command(
    "list",
    epilog=examples(
        "session-status runs list demo --user 165 --session CE-101",
        "session-status runs list demo --failed --since 2h",
        "session-status runs list demo --user 165 --since 2026-05-04T13:00 --until 2026-05-04T14:00",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.option("--user", metavar="SUBJECT", help="What scripts see as user.id.")
@click.option("--session", metavar="ID")
@click.option("--outcome", type=click.Choice(OUTCOMES))
@click.option("--failed", is_flag=True, help="Only runs that did not return.")
@click.option("--since", metavar="WHEN", help="A time in the conference's zone, or how long ago: 30m, 2h, 3d.")
@click.option("--until", metavar="WHEN", help="Before this time.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most runs.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, with whole traces.")
def list_all(implementation: str, limit: int, *, as_json: bool, **asked: Any) -> None:
    """List the runs of an implementation, the newest first, for as long as it keeps them."""
    with place() as here, here.database.reading() as db:
        found = find_implementation(db, implementation)
        rows = told_runs(db, found, runs.recent(db, found, filter_of(found, **asked), limit=limit))
    if as_json:
        print_json([run_json(told) for told in rows])
        return
    kept = counted(found.keep_runs_days, "day")
    empty = f"No run fits. {implementation} keeps runs for {kept}; a cached answer needs no run."
    heads = (f"started ({Clock.of(found).zone})", "reference", "user", "session", "outcome", "shown as")
    print_table((*heads, "message or error"), [row(told) for told in rows], empty=empty)


@runs_group.command(
    epilog=examples("session-status runs show 3f9ca71e", "session-status runs show 019af1d2c3b4-5e6f70813f9ca71e")
)
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="A JSON list; a reference may stand for more than one run.")
def show(run: str, *, as_json: bool) -> None:
    """Show a run with its trace. RUN is its id or its reference. Exit status: 1 when it is not here."""
    with place() as here, here.database.reading() as db:
        found = named(db, run)
    if not found:
        click.echo(f"There is no run {run!r}: it was never recorded, or is no longer kept.", err=True)
        raise SystemExit(ANSWER_IS_NO)
    if as_json:
        print_json([{"implementation": told.owner.slug} | run_json(told) for told in found])
        return
    for told in found:
        click.echo("\n".join(run_lines(told)))


@runs_group.command(epilog=examples("session-status runs find 3f9ca71e"))
@click.argument("reference")
def find(reference: str) -> None:
    """Say what a reference stands for that somebody read out from a page, a widget or an error of the API.

    The log has the same text, as ref=REFERENCE. Exit status: 1 when nothing is known by it.
    """
    wanted = references.read(reference)
    if wanted is None:
        raise Complaint(f"{reference!r} is no reference: it must be eight digits or letters a to f, as in 3f9ca71e.")
    with place() as here:
        with here.database.reading() as db:
            told = [line for found in of_reference(db, wanted) for line in run_lines(found)]
            owners = {one.slug: one for one in implementations.every(db)}
        errors, away = noted(here, wanted)
    for at, error in errors:
        owner = owners.get(error.implementation)
        if owner is None or implementations.was_there(owner, at):
            told += noted_lines(at, error, Clock.of(owner))
    if away:
        click.echo(away, err=True)
    if not told:
        click.echo(
            f"Nothing is known by {wanted}. Runs are kept for the days that their implementation asks for, other errors "
            f"for 7 days. The log may have it: ref={wanted}",
            err=True,
        )
        raise SystemExit(ANSWER_IS_NO)
    click.echo("\n".join(told))


def filter_of(found: Implementation, *, failed: bool, since: str | None, until: str | None, **asked: Any) -> RunFilter:
    """What is asked for. Raises Complaint for a time that is none."""
    return RunFilter(
        failed=True if failed else None,
        since=moment_of("--since", since, found.time_zone),
        until=moment_of("--until", until, found.time_zone),
        **asked,
    )


def moment_of(option: str, text: str | None, zone: str) -> datetime | None:
    """The moment that an option names. Raises Complaint."""
    try:
        return moment(text, zone, datetime.now(UTC)) if text else None
    except ValueError as error:
        raise Complaint(f"{option} {text!r} {error}.") from None


def named(db: DbSession, text: str) -> list[ToldRun]:
    """The runs of this id or reference."""
    reference = references.read(text)
    found = of_reference(db, reference or references.of_run(text))
    return found if reference else [told for told in found if told.run.id == text]


def of_reference(db: DbSession, reference: str) -> list[ToldRun]:
    """The runs of all implementations with this reference."""
    return [told for owner, run in runs.by_reference(db, reference) for told in told_runs(db, owner, [run])]


def told_runs(db: DbSession, owner: Implementation, rows: Sequence[Run]) -> list[ToldRun]:
    """Runs of one implementation, with the names in them."""
    names = run_names.of_runs(db, owner, rows)
    return [ToldRun(owner, run, names) for run in rows]


def noted(here: Place, reference: str) -> tuple[list[tuple[datetime, NotedError]], str]:
    """The errors which the store remembers by a reference, and what to say if it cannot be asked."""
    if not here.settings.redis_url:
        return [], "There is no store to look into (REDIS_URL is not set), so only runs were looked for."
    redis = connect(here.settings.redis_url, environment=here.settings.environment)
    try:
        return NotedErrors(redis).find(reference), ""
    except StoreAway:
        return [], "The store does not answer, so only runs were looked for."
    finally:
        redis.close()


def row(told: ToldRun) -> tuple[str, ...]:
    """A run as a row of the list."""
    run, at = told.run, told.clock.digits(told.run.started_at)
    return (at, run.reference, told.user, told.session, run.outcome, run.shown_as, plain(gist(run)))


def gist(run: Run) -> str:
    """What a run came to, in a few words: its error, or the message."""
    if run.error:
        return f"{run.error['type']}: {run.error['text']}"[:80]
    return str(run.message["text"]) if run.message else "(hidden)"


def run_json(told: ToldRun) -> dict[str, Any]:
    """A run as plain JSON values; its time is in UTC, and a name that is not known is null."""
    run, names = told.run, told.names
    return {
        "started_at": run.started_at.isoformat(),
        "user_name": names.users.get(run.user),
        "session_title": names.sessions.get(run.session),
    } | {name: getattr(run, name) for name in WHOLE}


def run_lines(told: ToldRun) -> list[str]:
    """A run with what it met with on its way, for people."""
    run = told.run
    lines = [f"Run {run.id} (reference {run.reference}) of {told.owner.slug}"]
    lines += [f"{INDENT}for      user {told.user}, session {told.session}"]
    lines += [f"{INDENT}started  {told.clock.exact(run.started_at)}, version {run.version[:12]}"]
    lines += [f"{INDENT}outcome  {run.outcome}, shown as {run.shown_as}"]
    if run.error:
        lines += error_lines(run.error)
    shown = run.message and run.message | {"link": (run.message.get("action") or {}).get("url")}
    return [
        *lines,
        *message_lines(shown),
        *happened(vars(run)),
        f"{INDENT}used     {run.usage.get('wall_ms', 0):.1f} ms",
    ]


def noted_lines(at: datetime, error: NotedError, clock: Clock) -> list[str]:
    """An error that somebody was shown, and where to go on."""
    lines = [f"Error {error.status} at {clock.exact(at)} (reference {error.reference})"]
    where = page_name(error.what)
    why = f"{error.code}: {meaning_of(error.code, error.what) or 'see the log'}" if error.code else ""
    told = (
        ("where", where),
        ("read", error.said),
        ("why", why),
        ("implementation", error.implementation),
        ("user", error.user),
        ("session", error.session),
        ("view", error.what if error.what != where else ""),
    )
    lines += [line for name, value in told if value for line in block(name, value)]
    if error.implementation and error.user and error.session:
        asked = f"{error.implementation} {error.session} --user {error.user}"
        lines += [f"{INDENT}What they see now: session-status status get {plain(asked)}"]
    return lines


def _named(key: str, names: Mapping[str, str]) -> str:
    return plain(f"{names[key]} ({key})" if key in names else key)
