"""`session-status script rehearse`: what everybody would be shown, before, during and after each session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from records.message_text import ADVISED_GRAPHEMES
from records.plurals import counted
from runner.powers import AnswersError, parse_answers
from runner.queues.job_arguments import MOST_MINUTES
from runner.trials.rehearsal.event_terms import rates_of, rehearsal_terms
from runner.trials.rehearsal.rehearsal import rehearse
from runner.trials.rehearsal.situations import MOMENTS, USUAL_MINUTES, event_of
from web.cli.authors.trial_files import read_source
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.input_files import read_json
from web.cli.common.render import INDENT
from web.cli.common.tables import print_compact, print_table
from web.cli.common.terminal_text import plain

from .script_commands import review_for

#: Rows of each list, and the widest bar of the histogram, in characters.
MOST_ROWS, WIDEST = 30, 24


@click.command(
    "rehearse",
    epilog=examples(
        "session-status script rehearse demo my_script.py",
        "session-status script rehearse demo my_script.py --answers answers.json --at after --runs 10000",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@click.option("--answers", metavar="FILE", help="ANSWERS for calls of which no answer was kept with a run.")
@click.option(
    "--at", "moments", type=click.Choice([*MOMENTS]), multiple=True, help="Only at this moment. [default: at all three]"
)
@click.option(
    "--minutes",
    type=click.IntRange(1, MOST_MINUTES),
    default=USUAL_MINUTES,
    show_default=True,
    help="How long before the beginning and after the end.",
)
@click.option(
    "--runs", type=click.IntRange(1, 1_000_000), default=3000, show_default=True, help="How many runs are made at most."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line, with all rows.")
@allow_weak_option
def rehearse_script(  # noqa: PLR0913 - the options of the command
    implementation: str,
    file: str,
    *,
    answers: str | None,
    moments: tuple[str, ...],
    minutes: int,
    runs: int,
    as_json: bool,
    allow_weak: bool,
) -> None:
    """Run a script for the people and sessions of IMPLEMENTATION: before each session, in its middle, and after it.

    No vendor is called, and no user is shown anything. FILE may be a folder with a script.py, or - for standard input. Exit
    status: 1 when a run fails, or the check finds an error; 0 otherwise.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    given = _answers(answers)
    with open_context() as here, open_sandbox(allow_weak=allow_weak) as sandbox:
        review = review_for(implementation, file, source, here, sandbox, as_json=as_json)
        if not review.ok:
            raise SystemExit(ANSWER_IS_NO)
        assert review.checked.code is not None
        with here.database.reading() as db:
            owner = find_implementation(db, implementation)
            event = event_of(db, owner, minutes=minutes)
            rates = rates_of(db, owner)
        if not event.people or not event.sessions:
            missing = "person" if not event.people else "session"
            raise CommandFailed(f"{owner.slug} has no {missing} yet, so there is nothing to rehearse.")
        situations = event.situations(moments or tuple(MOMENTS), most=runs)
        terms = rehearsal_terms(here.settings, here.database, owner, rates, given)
        done = rehearse(sandbox, (source, review.checked.code), situations, terms)
    if done.alarm:
        raise CommandFailed(f"{file}: the script did what no script can do. Treat it as an attack.")
    told = done.as_json(rates)
    if as_json:
        print_compact(told)
    else:
        click.echo("\n".join(lines_of(told)))
        draw_calls(told)
    if told["failed"]:
        raise SystemExit(ANSWER_IS_NO)


def lines_of(told: dict[str, Any]) -> Iterator[str]:
    """Yield the histogram of messages, the failures and the times."""
    runs = told["runs"]
    yield f"{counted(runs, 'run')}: {counted(len(told['messages']), 'message')}, {told['hidden']} times nothing."
    for one in told["messages"][:MOST_ROWS]:
        bar = "#" * max(1, round(WIDEST * one["count"] / runs))
        long = f"  ({one['graphemes']} characters may not fit)" if one["graphemes"] > ADVISED_GRAPHEMES else ""
        yield f"{INDENT}{one['count']:>7}  {bar:<{WIDEST}}  {plain(one['text'])}{long}"
    if len(told["messages"]) > MOST_ROWS:
        yield f"{INDENT}{len(told['messages']) - MOST_ROWS} more messages: --json prints all."
    if told["failed"]:
        yield "It fails:"
    for one in told["failed"][:MOST_ROWS]:
        place = f"line {one['line']}: " if one["line"] else ""
        example = f"user {one['example']['user']}, session {one['example']['session']}, {one['example']['now']}"
        yield f"{INDENT}{one['count']:>7}  {place}{plain(one['type'])}: {plain(one['text'][:120])} ({plain(example)})"
    if told["warnings"]:
        yield "Warnings:"
    for one in told["warnings"][:MOST_ROWS]:
        yield f"{INDENT}{one['count']:>7}  {plain(one['text'][:120])}"
    if told["not_answered"]:
        yield f"In {counted(told['not_answered'], 'run')} a call had no answer: give ANSWERS with --answers, or let answers be kept with runs."
    times = told["ms"]
    yield f"A run takes {times['median']} ms (median), {times['p95']} ms (95 %), {times['most']} ms at most, without vendors."


def draw_calls(told: dict[str, Any]) -> None:
    """Print the load on each connection."""
    if not told["calls"]:
        return
    click.echo()
    heads = ("connection", "calls", "at once", "limit per second", "seconds at the limit")
    rows = [
        (
            plain(one["connection"]),
            str(one["calls"]),
            str(one["at_once"]),
            "none" if one["rate_per_s"] is None else f"{one['rate_per_s']:g}",
            "-" if one["seconds_at_rate"] is None else f"{one['seconds_at_rate']:g}",
        )
        for one in told["calls"]
    ]
    print_table(heads, rows, empty="")


def _answers(file: str | None) -> list[Any]:
    if file is None:
        return []
    found = read_json(file, "ANSWERS")
    try:
        parse_answers(found)
    except AnswersError as fault:
        raise CommandFailed(f"{file}: ANSWERS cannot be used: {fault}.") from fault
    return list(found)
