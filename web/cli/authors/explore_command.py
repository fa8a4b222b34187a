"""`session-status script explore`: finds out what a script can show, and how it can fail."""

from __future__ import annotations

from pathlib import Path

import click

from runner.trials.cases.case_folders import CaseFileError, find_inputs
from runner.trials.explore.explorer import ExplorePlan, ScriptNotExploredError, explore
from runner.trials.explore.scene import Scene
from runner.trials.explore.scene_runs import EXPLORE_LIMITS
from runner.trials.explore.starting_scenes import starting_scenes
from runner.trials.script_review import finding_json
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.input_files import is_folder
from web.cli.common.render import draw_findings
from web.cli.common.tables import print_compact

from .case_files import CommandCaseReader
from .draw_exploration import ProgressLine, draw_exploration
from .trial_files import beside, read_source, script_path
from .trial_sandboxes import allow_weak_option, open_sandbox

#: What the text output says about the budgets.
LIMITS_SHOWN = f"{EXPLORE_LIMITS.memory_bytes // 1024 // 1024} MiB of memory and 50,000 lines run"


@click.command(
    "explore",
    epilog=examples(
        "session-status script explore scripts/examples/ce_credit",
        "session-status script explore my_script.py --cases my_cases --runs 10000",
        "session-status script explore my_script.py --seed 7 --json",
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--cases",
    "cases_folder",
    metavar="FOLDER",
    help="Cases to start from; each needs only an input.json. [default: those beside FILE]",
)
@click.option(
    "--runs", type=click.IntRange(1, 1_000_000), default=3000, show_default=True, help="How many runs are tried."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 86_400),
    default=60.0,
    show_default=True,
    help="Stop trying after this time.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another number tries other inputs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
@allow_weak_option
def explore_script(  # noqa: PLR0913 - the options of the command
    file: str, cases_folder: str | None, runs: int, seconds: float, seed: int, *, as_json: bool, allow_weak: bool
) -> None:
    """Find out what a script can show: every message that can be provoked, every way to fail, and the lines never reached.

    It runs the script again and again in the jail, and changes users, sessions, times, settings and the vendors' answers
    towards what no run has reached yet. FILE may be a folder with a script.py, or - for standard input.

    In a text {…} stands for what varied. Each entry has an example, which script run shows again. The same seed and
    number of runs give the same result, unless the time is up before. What is never reached is not proved to be
    unreachable. Exit status: 0, whatever was found; 2 when the check refuses the script, or it cannot be read.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    starts = _starts(file, cases_folder)
    line = ProgressLine(file)
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        try:
            found = explore(sandbox, source, ExplorePlan(starts, runs, seconds, seed), line.tell)
        except ScriptNotExploredError as refusal:
            click.echo(draw_findings(script_path(file), [finding_json(one) for one in refusal.findings]), err=True)
            raise CommandFailed(f"{file}: the check refuses this script, so it cannot be run.") from refusal
        finally:
            line.end()
    if found.alarm:
        raise CommandFailed(f"{file}: the script did what no script can do. Treat it as an attack.")
    told = found.as_json(file)
    if as_json:
        print_compact(told)
    else:
        click.echo(draw_exploration(told, stopped=found.stopped, limits=LIMITS_SHOWN))


def _starts(file: str, cases_folder: str | None) -> list[Scene]:
    """The scenes to start from: cases, and what is made up."""
    if cases_folder is not None and not is_folder(Path(cases_folder)):
        raise CommandFailed(f"{cases_folder}: there is no such folder of cases.")
    folder = Path(cases_folder) if cases_folder is not None else _beside(file)
    if folder is None:
        return starting_scenes(())
    try:
        return starting_scenes(find_inputs(folder, CommandCaseReader()))
    except CaseFileError as fault:
        raise CommandFailed(str(fault)) from fault


def _beside(file: str) -> Path | None:
    """The folder of the script, if an input.json is beside it."""
    input_file = beside(file, "input.json")
    return None if input_file is None else Path(input_file).parent
