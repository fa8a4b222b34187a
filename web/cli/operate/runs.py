"""`session-status runs`: what was run for whom, and what a reference that somebody read out stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from records import DbSession, Implementation, RunFilter, support_references
from records.people import actors
from records.people.actors import NamedEntry
from records.plurals import counted
from records.scripts import runs
from records.support import display_changes, lookup
from records.support.lookup import LookupMatch
from records.tenants import implementations
from runner.explanations.status_explanation import OUTCOMES
from runner.logins import NotedError, NotedErrors, StoreAway
from runner.status.no_run_answer import NOTED
from runner.store.clients import connect
from web.auth.login_choice.refusal_codes import meaning_of
from web.cli.common.context import CommandContext, find_implementation, open_context, several
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import INDENT, block, person_words, plain
from web.cli.common.tables import print_json, print_table
from web.page_names import page_name
from web.time_format import TimeFormatter, moment

from .run_output import RunDetails, row, run_details, run_json, run_lines

#: For how long before, where no run fits and no beginning was asked for, changes are looked for.
A_DAY = timedelta(days=1)


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
@click.option("--user", metavar="PERSON", help="User ID, username, badge ID or name.")
@click.option("--session", metavar="SESSION", help="ID or title.")
@click.option("--outcome", type=click.Choice(OUTCOMES))
@click.option("--failed", is_flag=True, help="Only runs that did not return.")
@click.option(
    "--since",
    metavar="WHEN",
    help="A time in the conference's zone (04:30 is the last one), or how long ago: 30m, 2h, 3d.",
)
@click.option("--until", metavar="WHEN", help="Before this time.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most runs.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, with whole traces.")
def list_all(implementation: str, limit: int, *, as_json: bool, **asked: Any) -> None:
    """List the runs of an implementation, the newest first, for as long as it keeps them.

    Where none fits, the changes are listed that could have changed what is shown in that time, or in the day before.
    """
    with open_context() as here, here.database.reading() as db:
        found = find_implementation(db, implementation)
        wanted = filter_of(db, found, **asked)
        rows = run_details(db, found, runs.recent(db, found, wanted, limit=limit))
        empty = "" if rows else "\n".join(no_run_lines(db, found, wanted))
    if as_json:
        print_json([run_json(told) for told in rows])
        return
    heads = (
        f"started ({TimeFormatter.of(found).zone})",
        "reference",
        "because",
        "user",
        "session",
        "outcome",
        "shown as",
    )
    print_table((*heads, "message or error"), [row(told) for told in rows], empty=empty)


@runs_group.command(
    epilog=examples("session-status runs show 3f9ca71e", "session-status runs show 019af1d2c3b4-5e6f70813f9ca71e")
)
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="A JSON list; a reference may stand for more than one run.")
def show(run: str, *, as_json: bool) -> None:
    """Show a run with its trace. RUN is its id or its reference. Exit status: 1 when it is not here."""
    with open_context() as here, here.database.reading() as db:
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
    wanted = support_references.read(reference)
    if wanted is None:
        raise CommandFailed(
            f"{reference!r} is no reference: it must be eight digits or letters a to f, as in 3f9ca71e."
        )
    with open_context() as here:
        with here.database.reading() as db:
            told = [line for found in of_reference(db, wanted) for line in run_lines(found)]
            owners = {one.slug: one for one in implementations.every(db)}
        errors, away = noted(here, wanted)
    for first, at, error in errors:
        owner = owners.get(error.implementation)
        if owner is None or implementations.existed_at(owner, at):
            told += noted_lines((first, at), error, TimeFormatter.of(owner))
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


def filter_of(db: DbSession, found: Implementation, *, failed: bool, **asked: Any) -> RunFilter:
    """What is asked for. Raises CommandFailed for a time that is none, and for a user or session that is not known."""
    since, until = asked.pop("since"), asked.pop("until")
    for name, find in (("user", lookup.user_of_runs), ("session", lookup.session_of_runs)):
        if asked[name] is not None:
            asked[name] = the_one(found, name, asked[name], find(db, found, asked[name]))
    return RunFilter(
        failed=True if failed else None,
        since=moment_of("--since", since, found.time_zone),
        until=moment_of("--until", until, found.time_zone),
        **asked,
    )


def the_one(found: Implementation, what: str, text: str, match: LookupMatch) -> str:
    """The key of the one user or session that fits. Raises CommandFailed."""
    if match.key:
        return match.key
    if match.candidates:
        raise CommandFailed(several(found, what, text, match.candidates))
    raise CommandFailed(f"{found.slug} knows no {what} {text!r}, and keeps no run of one.")


def no_run_lines(db: DbSession, found: Implementation, wanted: RunFilter) -> list[str]:
    """What to look at where no run fits: other reasons, and what was changed in that time."""
    until = wanted.until or datetime.now(UTC)
    entries = display_changes.between(db, found, wanted.since or until - A_DAY, until, user=wanted.user or "")
    clock, time = TimeFormatter.of(found), "that time" if wanted.since else "the day before"
    changes = [change_line(each, clock) for each in actors.of_entries(db, entries)]
    return [
        f"No run fits. {found.slug} keeps runs for {counted(found.keep_runs_days, 'day')}.",
        "An answer that is still fresh needs no run: look at the last run before that time. Nor does what a rule decides:",
        "the user type, the time of the session, a retired session, somebody who is not logged in or locked out.",
        f"`session-status status get {found.slug} SESSION --user PERSON` names the rule.",
        f"Changes in {time} that could change what is shown ({clock.zone}):"
        if changes
        else f"Nothing was changed in {time} that could change what is shown: no setting, script, connection or agenda.",
        *changes,
    ]


def change_line(each: NamedEntry, clock: TimeFormatter) -> str:
    """An audit entry in a line."""
    target, actor = person_words(each.entry.target, each.target), person_words(each.entry.actor, each.by)
    parts = (clock.digits(each.entry.at), each.entry.action, target, f"by {actor}")
    return INDENT + "  ".join(part for part in parts if part)


def moment_of(option: str, text: str | None, zone: str) -> datetime | None:
    """The moment that an option names. Raises CommandFailed."""
    try:
        return moment(text, zone, datetime.now(UTC)) if text else None
    except ValueError as error:
        raise CommandFailed(f"{option} {text!r} {error}.") from None


def named(db: DbSession, text: str) -> list[RunDetails]:
    """The runs of this id or reference."""
    reference = support_references.read(text)
    found = of_reference(db, reference or support_references.of_run(text))
    return found if reference else [told for told in found if told.run.id == text]


def of_reference(db: DbSession, reference: str) -> list[RunDetails]:
    """The runs of all implementations with this reference."""
    return [
        told for owner, run in runs.by_reference(db, reference) for told in run_details(db, owner, [run], compared=True)
    ]


def noted(here: CommandContext, reference: str) -> tuple[list[tuple[datetime, datetime, NotedError]], str]:
    """The errors which the store remembers by a reference, with when each was shown first and last.

    Also what to say if it cannot be asked.
    """
    if not here.settings.redis_url:
        return [], "There is no store to look into (REDIS_URL is not set), so only runs were looked for."
    redis = connect(here.settings.redis_url, environment=here.settings.environment)
    try:
        errors = NotedErrors(redis)
        return [(errors.first_shown(error) or at, at, error) for at, error in errors.find(reference)], ""
    except StoreAway:
        return [], "The store does not answer, so only runs were looked for."
    finally:
        redis.close()


def noted_lines(shown: tuple[datetime, datetime], error: NotedError, clock: TimeFormatter) -> list[str]:
    """An error that somebody was shown, first and last at these moments, and where to go on."""
    first, last = shown
    said = f"Error {error.status} at {clock.exact(last)}"
    if error.what == NOTED:
        said = f"The status could not be shown, {clock.digits(first)} to {clock.exact(last)}: no run ended (is a worker running?)"
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
    lines = [f"{said} (reference {error.reference})"]
    lines += [line for name, value in told if value for line in block(name, value, width=16)]
    if error.implementation and error.user and error.session:
        asked = f"{error.implementation} {error.session} --user {error.user}"
        lines += [f"{INDENT}What they see now: session-status status get {plain(asked)}"]
    return lines
