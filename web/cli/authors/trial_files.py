"""From the files on the command line to trial runs: the text of the script, INPUT, and recorded answers.

A script that cannot be read is a result like any other, and does not stop the rest. A fault in INPUT or ANSWERS stops the
command before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click

from runner.powers import AnswersError, RecordedPowers, parse_answers
from runner.powers.answers.answer_recording import RecordingPowers
from runner.trials.trial_input import InputError, TrialInput, about_unknown, parse_input
from runner.trials.trial_terms import TrialTerms
from web.cli.common.errors import CommandFailed
from web.cli.common.input_files import STDIN, is_file, is_folder, read_json, read_text

#: The script in a folder.
SCRIPT = "script.py"


@dataclass(frozen=True)
class TrialCase:
    """One file to run: its text, or the reason why there is none."""

    file: str
    source: str | None
    fault: str
    terms: TrialTerms
    powers: Callable[[], RecordingPowers]


@dataclass(frozen=True)
class TrialFileOptions:
    """The options of `script run` for INPUT and ANSWERS."""

    input_file: str | None
    answers_file: str | None


def script_path(file: str) -> str:
    """Return the file that is read for FILE: the script in it, if it is a folder that has one. Editors open this path."""
    inside = Path(file) / SCRIPT
    return str(inside) if file != STDIN and is_file(inside) else file


def read_source(file: str) -> tuple[str | None, str]:
    """Return the text of a script, or None and what is wrong with its file."""
    try:
        return read_text(script_path(file), "the script"), ""
    except CommandFailed as error:
        return None, error.message


@contextmanager
def recorded_cases(files: Sequence[str], named: TrialFileOptions) -> Iterator[list[TrialCase]]:
    """Return the cases for recorded answers. Raises CommandFailed if INPUT or ANSWERS cannot be used."""
    yield [recorded_case(file, named) for file in files]


def recorded_case(file: str, named: TrialFileOptions) -> TrialCase:
    """Return the case of one file. If INPUT and ANSWERS are not given, they are looked for beside the script."""
    answers_file = named.answers_file or (None if named.input_file else beside(file, "answers.json"))
    recorded = read_answers(answers_file) if answers_file else []
    trial_input = read_input(input_of(file, named))
    return TrialCase(file, *read_source(file), TrialTerms.alone(trial_input), lambda: RecordedPowers(recorded))


def input_of(file: str, named: TrialFileOptions) -> str:
    """Return the file with the INPUT of a script. Raises CommandFailed if it is neither given nor beside the script."""
    found = named.input_file or beside(file, "input.json")
    if found is None:
        raise CommandFailed(
            f"{file}: the user, the session and the time are missing. Give a file with --input INPUT.json, or put an input.json "
            "beside the script. Each folder in scripts/examples has one."
        )
    return found


def beside(file: str, name: str) -> str | None:
    """Return the file with this name beside the script (or in the folder, if FILE is a folder); None if there is none."""
    path = Path(file)
    if file == STDIN:
        return None
    # If the user may not search the folder, there is no file; reading the script then says why.
    found = path / name if is_folder(path) else path.parent / name
    return str(found) if is_file(found) else None


@cache
def read_input(file: str) -> TrialInput:
    """Read and check INPUT. Unknown names are reported on standard error."""
    try:
        trial_input = parse_input(read_json(file, "INPUT"))
    except InputError as error:
        raise CommandFailed(f"{file}: INPUT cannot be used: {error}.") from None
    for name in trial_input.unknown:
        click.echo(f"{file}: INPUT contains an unknown name, which is ignored: {about_unknown(name)}", err=True)
    return trial_input


@cache
def read_answers(file: str) -> Any:
    """Read and check ANSWERS."""
    data = read_json(file, "ANSWERS")
    try:
        parse_answers(data)
    except AnswersError as error:
        raise CommandFailed(f"{file}: ANSWERS cannot be used: {error}.") from None
    return data
