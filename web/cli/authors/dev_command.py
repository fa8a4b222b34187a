"""`session-status script dev`: checks a script and runs its cases at every save, and draws what the phone would show.

The folder is looked at ten times a second. That costs little for the few files of a script, works on every system and
file system, and needs no library.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from runner.trials.cases.case_folders import CaseFileError, CaseFolder, by_script, find_cases
from runner.trials.cases.case_results import ScriptResults
from runner.trials.cases.case_runs import CaseRunner
from runner.trials.script_review import finding_json
from runner.trials.trial import TrialSandbox
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.input_files import is_folder
from web.cli.common.render import INDENT, draw_findings
from web.cli.common.terminal_text import plain

from .case_files import CommandCaseReader
from .draw_cases import draw_cases
from .phone import draw_phone
from .trial_files import SCRIPT, read_source
from .trial_sandboxes import allow_weak_option, open_sandbox, side_by_side

#: Seconds between two looks at the folder.
LOOK_S: Final = 0.1
#: Files that are looked at, at most, and their endings.
_MOST_FILES: Final = 2000
_ENDINGS: Final = (".py", ".json")

Seen = dict[str, tuple[int, int]]


@click.command(
    "dev", epilog=examples("session-status script dev my_script", "session-status script dev my_script --once")
)
@click.argument("folder", metavar="FOLDER")
@click.option("--once", is_flag=True, help="Look once and stop, with the exit status of script test.")
@allow_weak_option
def dev(folder: str, *, once: bool, allow_weak: bool) -> None:
    """Check the script in FOLDER and run its cases at every save, and draw the messages as the phone shows them.

    FOLDER is as for script test. Ctrl-C stops.
    """
    if not is_folder(Path(folder)):
        raise CommandFailed(
            f"{folder}: there is no such folder. `session-status script new {plain(folder)}` makes one."
        )
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        if once:
            good = _show(sandbox, folder)
            raise SystemExit(0 if good else ANSWER_IS_NO)
        _watch(sandbox, folder)


def look(folder: str) -> Seen:
    """Return time and size of each file that matters, by its path."""
    found: Seen = {}
    for path, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in files:
            if name.endswith(_ENDINGS) and len(found) < _MOST_FILES:
                _note(found, Path(path) / name)
    return found


def dev_lines(sandbox: TrialSandbox, folder: str) -> tuple[list[str], bool]:
    """Return what is shown for the folder as it is now, and whether the check and all cases passed."""
    source, fault = read_source(folder)
    if source is None:
        return [fault], False
    review = sandbox.review(source)
    file = str(Path(folder) / SCRIPT)
    lines = [draw_findings(file, [finding_json(one) for one in review.findings])] if review.findings else []
    if not review.ok:
        return lines, False
    try:
        cases = by_script(find_cases(Path(folder)))
    except CaseFileError as error:
        return [*lines, str(error)], False
    good = bool(cases)
    for script, mine in cases.items():
        results = CaseRunner(sandbox, CommandCaseReader()).run(script, mine, side_by_side)
        lines += [*_phones(results, mine), draw_cases(results.as_json())]
        good = good and not results.failed
    return lines if cases else [*lines, f"{plain(folder)}: no case yet, so nothing was run."], good


def _watch(sandbox: TrialSandbox, folder: str) -> None:
    seen: Seen | None = None
    try:
        while True:
            now = look(folder)
            if now != seen:
                seen = now
                _show(sandbox, folder)
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        click.echo()


def _show(sandbox: TrialSandbox, folder: str) -> bool:
    began = time.perf_counter()
    lines, good = dev_lines(sandbox, folder)
    click.clear()
    click.echo("\n".join(lines))
    took = f"{(time.perf_counter() - began) * 1000:.0f} ms"
    click.echo(click.style(f"{time.strftime('%H:%M:%S')}  {'all good' if good else 'not good yet'}, {took}", dim=True))
    return good


def _phones(results: ScriptResults, cases: Sequence[CaseFolder]) -> Iterable[str]:
    """Each different message once, with the cases that show it."""
    titles = _titles(cases)
    shown: dict[str, tuple[str, Mapping[str, Any] | None, list[str]]] = {}
    for case in results.cases:
        if case.trial is not None and case.trial.outcome.value == "returned":
            message: Mapping[str, Any] | None = None if case.trial.message is None else vars(case.trial.message)
            entry = shown.setdefault(repr(message), (titles.get(case.name, ""), message, []))
            entry[2].append(case.name)
    for title, drawn, names in shown.values():
        yield from (f"{INDENT}{line}" for line in draw_phone(title or "Session", drawn))
        yield f"{INDENT}{plain(', '.join(names))}\n"


def _titles(cases: Sequence[CaseFolder]) -> dict[str, str]:
    titles = {}
    for case in cases:
        try:
            data = CommandCaseReader().json(case.input) if case.input else {}
        except CaseFileError:
            continue
        session = data.get("session") if isinstance(data, dict) else None
        titles[case.name] = str(session.get("title", "")) if isinstance(session, dict) else ""
    return titles


def _note(found: Seen, file: Path) -> None:
    try:
        state = file.stat()
    except OSError:
        return
    found[str(file)] = (state.st_mtime_ns, state.st_size)
