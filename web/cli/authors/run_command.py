"""`session-status script run`: what an attendee would see, with recorded answers of vendors or with the real ones."""

from __future__ import annotations

from collections.abc import Sequence

import click

from runner.trials.trial import Trial, TrialSandbox, refused_trial, unreadable_finding
from web.cli.common.deferred import deferred
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.render import draw_trial
from web.cli.common.tables import print_compact

from .trial_files import TrialCase, TrialFileOptions, recorded_cases
from .trial_sandboxes import allow_weak_option, files_argument, json_option, open_sandbox, side_by_side

#: Opens the database of the implementation, whose connections and secrets it uses.
LIVE_CASES = "web.cli.scripts.live_trials:live_cases"


@click.command(
    "run",
    epilog=examples(
        "session-status script run scripts/examples/ce_credit",
        "session-status script run my_script.py --input input.json --answers answers.json --json",
        "session-status script run my_script.py --input input.json --live demo",
    ),
)
@files_argument
@click.option(
    "--input",
    "input_file",
    metavar="INPUT.json",
    help="User, session, time and settings. [default: input.json beside FILE]",
)
@click.option(
    "--answers",
    "answers_file",
    metavar="ANSWERS.json",
    help="Recorded answers of vendors. [default: answers.json beside FILE, if INPUT is beside FILE too]",
)
@click.option(
    "--live",
    metavar="IMPLEMENTATION",
    help="Call the real vendors, with the connections of this implementation.",
)
@json_option
@allow_weak_option
def run(files: Sequence[str], live: str | None, *, as_json: bool, allow_weak: bool, **options: str | None) -> None:
    """Run scripts in the real jail and show what an attendee would see.

    INPUT contains user, session, now, settings, link_hosts and scans. ANSWERS contains recorded answers of vendors; a call
    without one fails. If INPUT has no link_hosts, a link may lead to any host. FILE may be a folder with a script.py, or - for
    standard input.

    Exit status: 0 if every run returned (even if nothing is shown), 1 if one did not, 2 if INPUT or ANSWERS cannot be used.
    """
    named = TrialFileOptions(**options)
    if live and named.answers_file:
        raise CommandFailed("--live calls the real vendors and --answers replaces them: use only one.")
    found = deferred(LIVE_CASES)(files, named, live) if live else recorded_cases(files, named)
    good = True
    with found as cases, open_sandbox(allow_weak=allow_weak) as sandbox:
        for case, trial in zip(cases, side_by_side(lambda case: run_case(sandbox, case), cases), strict=True):
            result = {"file": case.file} | trial.as_json()
            good = good and trial.outcome.value == "returned"
            if as_json:
                print_compact(result)
            else:
                click.echo(draw_trial(result) + "\n")
    if not good:
        raise SystemExit(ANSWER_IS_NO)


def run_case(sandbox: TrialSandbox, case: TrialCase) -> Trial:
    """Run one file."""
    if case.source is None:
        return refused_trial((unreadable_finding(case.fault),))
    return sandbox.run(case.source, case.terms, case.powers())
