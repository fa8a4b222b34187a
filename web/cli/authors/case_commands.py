"""`session-status script test`: runs the cases of scripts, and says what passed, what differs and what is not covered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from runner.trials.cases.case_folders import CaseFileError, CaseFolder, by_script, find_cases
from runner.trials.cases.case_runs import CaseRunner
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.input_files import is_folder
from web.cli.common.tables import print_compact

from .case_files import CommandCaseReader
from .draw_cases import draw_cases
from .trial_sandboxes import allow_weak_option, open_sandbox, side_by_side


@click.command(
    "test",
    epilog=examples(
        "session-status script test scripts/examples/ce_credit",
        "session-status script test scripts/examples --json",
    ),
)
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each script, each on one line.")
@allow_weak_option
def test_cases(folders: Sequence[str], *, as_json: bool, allow_weak: bool) -> None:
    """Run all cases in FOLDER and below it, and hold the results against what is expected.

    A case is a folder with script.py, input.json, answers.json and expected.json; what it lacks is taken from the nearest
    folder around it. In expected.json stand outcome, message, error, warnings or log, as script run --json prints them.

    Beside the results it lists the lines and branches that no case reached, recorded answers that no case used, and all
    messages. Exit status: 0 when all cases passed, 1 when one failed, 2 when none could be run.
    """
    found = [case for folder in folders for case in _cases_in(folder)]
    scripts = by_script([*{case.folder.absolute(): case for case in found}.values()])
    if not scripts:
        raise CommandFailed(
            f"{', '.join(folders)}: there is no case, which is a folder with an input.json and an expected.json, "
            "with a script.py in it or in a folder around it. Each folder of scripts/examples has some."
        )
    failed, has_run = 0, False
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        runner = CaseRunner(sandbox, CommandCaseReader())
        for file, cases in scripts.items():
            results = runner.run(file, cases, side_by_side)
            failed, has_run = failed + results.failed, has_run or results.has_run
            if as_json:
                print_compact(results.as_json())
            else:
                click.echo(draw_cases(results.as_json()) + "\n")
    if not has_run:
        raise CommandFailed("No case could be run; why is said above.")
    if failed:
        raise SystemExit(ANSWER_IS_NO)


def _cases_in(folder: str) -> list[CaseFolder]:
    if not is_folder(Path(folder)):
        raise CommandFailed(f"{folder}: there is no such folder. Name the folder with the script or with its cases.")
    try:
        return find_cases(Path(folder))
    except CaseFileError as fault:
        raise CommandFailed(str(fault)) from fault
