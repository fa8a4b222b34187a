"""`session-status script replay`: what a version would have shown in the runs that there were."""

from __future__ import annotations

from typing import Any

import click

from records import Implementation, support_references
from runner.trials.replay.earlier_runs import earlier_runs, replay_terms
from runner.trials.replay.replay import Replay, replay
from web.cli.authors.trial_files import read_source
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_compact, print_table
from web.cli.common.terminal_text import plain

from .script_commands import review_for

#: The lists of a replay that are shown, the most important first, with what a row says about them.
SHOWN = (
    ("begins_to_fail", "begins to fail"),
    ("changed", "changes"),
    ("stops_failing", "stops failing"),
    ("fails_in_both", "fails in both"),
)
#: Rows of each list that the text output shows.
MOST_ROWS = 50


@click.command(
    "replay",
    epilog=examples(
        "session-status script replay demo my_script.py",
        "session-status script replay demo my_script.py --runs 5000 --json",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@click.option(
    "--runs", type=click.IntRange(1, 100_000), default=500, show_default=True, help="On how many of the newest runs."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line, with all rows.")
@allow_weak_option
def replay_script(implementation: str, file: str, runs: int, *, as_json: bool, allow_weak: bool) -> None:
    """Run a script on the inputs of earlier runs of IMPLEMENTATION, and show for whom the message would be another.

    No vendor is called: a call gets the answer that was kept with the run, if keep_answers_days of the implementation says
    that answers are kept. FILE may be a folder with a script.py, or - for standard input. Exit status: 1 when the script
    fails for a run that did not fail, or the check finds an error; 0 otherwise.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    with open_context() as here, open_sandbox(allow_weak=allow_weak) as sandbox:
        review = review_for(implementation, file, source, here, sandbox)
        if not review.ok:
            raise SystemExit(ANSWER_IS_NO)
        assert review.checked.code is not None
        with here.database.reading() as db:
            owner = find_implementation(db, implementation)
        earlier = earlier_runs(here.database, owner, most=runs)
        done = replay(sandbox, (source, review.checked.code), earlier, replay_terms(owner, here.settings))
    if done.alarm:
        raise CommandFailed(f"{file}: the script did what no script can do. Treat it as an attack.")
    if as_json:
        print_compact(done.as_json())
    else:
        draw(done, owner)
    if done.begins_to_fail:
        raise SystemExit(ANSWER_IS_NO)


def draw(done: Replay, owner: Implementation) -> None:
    """Print what would change: a line of counts, then the rows."""
    told = done.as_json()
    counts = [f"{done.same} the same", *(f"{len(told[name])} {words}" for name, words in SHOWN if told[name])]
    if done.not_comparable:
        counts.append(f"{len(done.not_comparable)} not comparable")
    click.echo(f"{done.runs} runs: {', '.join(counts)}.")
    for why in dict.fromkeys(row["why"] for row in done.not_comparable):
        click.echo(f"Not comparable, because {why}: {sum(row['why'] == why for row in done.not_comparable)}.")
    if done.not_comparable and not owner.keep_answers_days:
        click.echo(
            f"{owner.slug} keeps no answers. To keep them from now on: session-status implementation set {owner.slug} "
            "keep_answers_days=7"
        )
    rows = [line_of(words, row) for name, words in SHOWN for row in told[name][:MOST_ROWS]]
    if rows:
        click.echo()
        print_table(("run", "user", "session", "", "before", "after"), rows, empty="")
    left = sum(max(0, len(told[name]) - MOST_ROWS) for name, _ in SHOWN)
    if left:
        click.echo(f"{left} more rows: --json prints all.")


def line_of(words: str, row: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the table."""
    who = (support_references.of_run(row["run"]), plain(row["user"]), plain(row["session"]))
    return (*who, words, shown(row["before"]), shown(row["after"]))


def shown(result: dict[str, Any]) -> str:
    """Return in words what a run showed, or how it failed."""
    if "error" in result:
        error = result["error"]
        where = f" in line {error['line']}" if error["line"] else ""
        return plain(f"{result['outcome']}: {error['type'] or ''}{where}"[:60])
    message = result["message"]
    if message is None:
        return "nothing"
    return plain(f"{message['text']!r}{' -> ' + message['link'] if message['link'] else ''}"[:80])
