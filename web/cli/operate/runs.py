"""`session-status runs`: which runs there were for whom, and what a reference stands for that a person has read out."""

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
from web.cli.common.render import INDENT, block, person_words
from web.cli.common.tables import print_json, print_table
from web.cli.common.terminal_text import plain
from web.page_names import page_name
from web.time_format import TimeFormatter, moment

from .run_output import RunDetails, row, run_details, run_json, run_lines

#: If no run matches and no start time was given, changes are looked for in this period.
A_DAY = timedelta(days=1)


@click.group("runs")
def runs_group() -> None:
    """Find past runs: why a user saw a message."""


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
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only runs with this outcome.")
@click.option("--failed", is_flag=True, help="Only failed runs.")
@click.option(
    "--since",
    metavar="WHEN",
    help="A time in the time zone of the conference (04:30 is the most recent one), or how long ago: 30m, 2h, 3d.",
)
@click.option("--until", metavar="WHEN", help="Only runs before this time.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Maximum number of runs.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with whole traces.")
def list_all(implementation: str, limit: int, *, as_json: bool, **options: Any) -> None:
    """List the runs of an implementation, newest first, as long as they are kept.

    If none matches, the command lists the changes in that period, or in the last 24 hours, that could affect what is shown.
    """
    with open_context() as context, context.database.reading() as db:
        found = find_implementation(db, implementation)
        wanted = filter_of(db, found, **options)
        rows = run_details(db, found, runs.recent(db, found, wanted, limit=limit))
        empty = "" if rows else "\n".join(no_run_lines(db, found, wanted))
    if as_json:
        print_json([run_json(details) for details in rows])
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
    print_table((*heads, "message or error"), [row(details) for details in rows], empty=empty)


@runs_group.command(
    epilog=examples("session-status runs show 3f9ca71e", "session-status runs show 019af1d2c3b4-5e6f70813f9ca71e")
)
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; a reference can stand for more than one run.")
def show(run: str, *, as_json: bool) -> None:
    """Show a run with its trace. RUN is its ID or its reference. Exit status: 1 if it is not found."""
    with open_context() as context, context.database.reading() as db:
        found = named(db, run)
    if not found:
        click.echo(f"There is no run {run!r}: it was never recorded, or is no longer kept.", err=True)
        raise SystemExit(ANSWER_IS_NO)
    if as_json:
        print_json([{"implementation": details.owner.slug} | run_json(details) for details in found])
        return
    for details in found:
        click.echo("\n".join(run_lines(details)))


@runs_group.command(epilog=examples("session-status runs find 3f9ca71e"))
@click.argument("reference")
def find(reference: str) -> None:
    """Show what a reference on a page, in the widget or in an API error stands for.

    In the log, search for ref=REFERENCE. Exit status: 1 if the reference is not found.
    """
    wanted = support_references.read(reference)
    if wanted is None:
        raise CommandFailed(
            f"{reference!r} is not a reference: it must be eight digits or letters a to f, for example 3f9ca71e."
        )
    with open_context() as context:
        with context.database.reading() as db:
            lines = [line for found in of_reference(db, wanted) for line in run_lines(found)]
            owners = {one.slug: one for one in implementations.every(db)}
        errors, away = noted(context, wanted)
    for first, at, error in errors:
        owner = owners.get(error.implementation)
        if owner is None or implementations.existed_at(owner, at):
            lines += noted_lines((first, at), error, TimeFormatter.of(owner))
    if away:
        click.echo(away, err=True)
    if not lines:
        click.echo(
            f"The reference {wanted} was not found. Runs are kept as long as the settings of their implementation say, other "
            f"errors for 7 days. Search the log for ref={wanted}",
            err=True,
        )
        raise SystemExit(ANSWER_IS_NO)
    click.echo("\n".join(lines))


def filter_of(db: DbSession, found: Implementation, *, failed: bool, **options: Any) -> RunFilter:
    """Return the filter. Raises CommandFailed for an invalid time, and for an unknown user or session."""
    since, until = options.pop("since"), options.pop("until")
    for name, find in (("user", lookup.user_of_runs), ("session", lookup.session_of_runs)):
        if options[name] is not None:
            options[name] = the_one(found, name, options[name], find(db, found, options[name]))
    return RunFilter(
        failed=True if failed else None,
        since=moment_of("--since", since, found.time_zone),
        until=moment_of("--until", until, found.time_zone),
        **options,
    )


def the_one(found: Implementation, what: str, text: str, match: LookupMatch) -> str:
    """Return the key of the only user or session that matches. Raises CommandFailed."""
    if match.key:
        return match.key
    if match.candidates:
        raise CommandFailed(several(found, what, text, match.candidates))
    raise CommandFailed(f"{found.slug} has no {what} {text!r}, and no run for one.")


def no_run_lines(db: DbSession, found: Implementation, wanted: RunFilter) -> list[str]:
    """Return advice if no run matches: other reasons, and the changes in that period."""
    until = wanted.until or datetime.now(UTC)
    entries = display_changes.between(db, found, wanted.since or until - A_DAY, until, user=wanted.user or "")
    clock, time = TimeFormatter.of(found), "that period" if wanted.since else "the 24 hours before"
    changes = [change_line(each, clock) for each in actors.of_entries(db, entries)]
    return [
        f"No run matches. {found.slug} keeps runs for {counted(found.keep_runs_days, 'day')}.",
        "A message that is still fresh needs no run: look at the last run before that time. There is also no run if a rule",
        "decides: the user type, the time of the session, a retired session, a user who is not logged in or is locked out.",
        f"`session-status status get {found.slug} SESSION --user PERSON` names the rule.",
        f"Changes in {time} that could affect what is shown ({clock.zone}):"
        if changes
        else f"In {time}, no setting, script, connection or agenda was changed that could affect what is shown.",
        *changes,
    ]


def change_line(each: NamedEntry, clock: TimeFormatter) -> str:
    """Return an audit entry as a line."""
    target, actor = person_words(each.entry.target, each.target), person_words(each.entry.actor, each.by)
    parts = (clock.digits(each.entry.at), each.entry.action, target, f"by {actor}")
    return INDENT + "  ".join(part for part in parts if part)


def moment_of(option: str, text: str | None, zone: str) -> datetime | None:
    """Return the time in an option. Raises CommandFailed."""
    try:
        return moment(text, zone, datetime.now(UTC)) if text else None
    except ValueError as error:
        raise CommandFailed(f"{option} {text!r} {error}.") from None


def named(db: DbSession, text: str) -> list[RunDetails]:
    """Return the runs with this ID or reference."""
    reference = support_references.read(text)
    found = of_reference(db, reference or support_references.of_run(text))
    return found if reference else [details for details in found if details.run.id == text]


def of_reference(db: DbSession, reference: str) -> list[RunDetails]:
    """Return the runs of all implementations with this reference."""
    return [
        details
        for owner, run in runs.by_reference(db, reference)
        for details in run_details(db, owner, [run], compared=True)
    ]


def noted(context: CommandContext, reference: str) -> tuple[list[tuple[datetime, datetime, NotedError]], str]:
    """Return the errors in the store with this reference, with the first and last time at which each was shown.

    Also return a message if the store cannot be used.
    """
    if not context.settings.redis_url:
        return [], "REDIS_URL is not set, so only runs were searched."
    redis = connect(context.settings.redis_url, environment=context.settings.environment)
    try:
        errors = NotedErrors(redis)
        return [(errors.first_shown(error) or at, at, error) for at, error in errors.find(reference)], ""
    except StoreAway:
        return [], "The store does not answer, so only runs were searched."
    finally:
        redis.close()


def noted_lines(shown: tuple[datetime, datetime], error: NotedError, clock: TimeFormatter) -> list[str]:
    """Return lines about an error with the first and last time at which it was shown."""
    first, last = shown
    said = f"Error {error.status} at {clock.exact(last)}"
    if error.what == NOTED:
        said = f"The status could not be shown, {clock.digits(first)} to {clock.exact(last)}: no run finished (is a worker running?)"
    where = page_name(error.what)
    why = f"{error.code}: {meaning_of(error.code, error.what) or 'see the log'}" if error.code else ""
    values = (
        ("where", where),
        ("read", error.said),
        ("why", why),
        ("implementation", error.implementation),
        ("user", error.user),
        ("session", error.session),
        ("view", error.what if error.what != where else ""),
    )
    lines = [f"{said} (reference {error.reference})"]
    lines += [line for name, value in values if value for line in block(name, value, width=16)]
    if error.implementation and error.user and error.session:
        arguments = f"{error.implementation} {error.session} --user {error.user}"
        lines += [f"{INDENT}To see the current status: session-status status get {plain(arguments)}"]
    return lines
