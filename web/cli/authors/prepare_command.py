"""`session-status script prepare`: the facts that a script would prepare for a session, with recorded answers of vendors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import click

from records.plurals import counted
from runner.trials.trial import Trial, TrialSandbox, refused_trial, unreadable_finding
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.render import INDENT, draw_findings, ending, error_lines, happened, used
from web.cli.common.tables import print_compact
from web.cli.common.terminal_text import plain

from .trial_files import TrialCase, TrialFileOptions, recorded_cases
from .trial_sandboxes import allow_weak_option, files_argument, json_option, open_sandbox, side_by_side

#: Users whose facts are drawn; `--json` prints all.
SHOWN: Final = 20


@click.command(
    "prepare",
    epilog=examples(
        "session-status script prepare scripts/examples/prepared_credit",
        "session-status script prepare my_script.py --input input.json --answers answers.json --json",
    ),
)
@files_argument
@click.option(
    "--input", "input_file", metavar="INPUT.json", help="Session, time and settings. [default: input.json beside FILE]"
)
@click.option(
    "--answers",
    "answers_file",
    metavar="ANSWERS.json",
    help="Recorded answers of vendors. [default: answers.json beside FILE, if INPUT is beside FILE too]",
)
@json_option
@allow_weak_option
def prepare(files: Sequence[str], *, as_json: bool, allow_weak: bool, **options: str | None) -> None:
    """Run the function prepare of scripts in the real jail and show the facts that it returns.

    INPUT and ANSWERS are those of `script run`; prepare gets the session of INPUT and no user.

    Exit status: 0 if every prepare returned facts, 1 if one did not, 2 if INPUT or ANSWERS cannot be used.
    """
    good = True
    with recorded_cases(files, TrialFileOptions(**options)) as cases, open_sandbox(allow_weak=allow_weak) as sandbox:
        for case, trial in zip(cases, side_by_side(lambda case: prepare_case(sandbox, case), cases), strict=True):
            result = {"file": case.file} | trial.as_json()
            good = good and trial.facts is not None
            if as_json:
                print_compact(result)
            else:
                click.echo("\n".join(_drawn(result)) + "\n")
    if not good:
        raise SystemExit(ANSWER_IS_NO)


def prepare_case(sandbox: TrialSandbox, case: TrialCase) -> Trial:
    """Run the `prepare` of one file."""
    if case.source is None:
        return refused_trial((unreadable_finding(case.fault),))
    return sandbox.prepare(case.source, case.terms, case.powers())


def _drawn(result: Mapping[str, Any]) -> Iterable[str]:
    """Format a trial: how it ended, the facts, and what happened during the run."""
    yield f"{click.style(plain(result['file']), bold=True)}: {ending(result)}"
    if result.get("findings"):
        yield draw_findings(result["file"], result["findings"])
        return
    if "facts" in result:
        yield from _facts(result["facts"])
    if result["error"]:
        yield from error_lines(result["error"])
    yield from happened(result)
    yield f"{INDENT}used     {used(result['usage'])}"


def _facts(facts: Mapping[str, Any]) -> Iterable[str]:
    yield f"\n{INDENT}Facts of {counted(len(facts), 'user')}:"
    for user, fact in islice(facts.items(), SHOWN):
        yield plain(f"{INDENT}{user}  {json.dumps(fact, ensure_ascii=False)}")
    if len(facts) > SHOWN:
        yield f"{INDENT}and of {len(facts) - SHOWN} more; --json prints all"
    yield ""
