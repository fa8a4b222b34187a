"""From the files on the command line to what a trial needs: the script's text, INPUT, and recorded answers.

A script that cannot be read is a result like any other (it must not stop the rest); INPUT and ANSWERS are the
author's own order to us, so a fault in them stops the command before anything runs.
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
from runner.trials.live_vendors import LiveVendors
from runner.trials.trial import RecordingPowers, TrialTerms
from runner.trials.trial_input import InputError, TrialInput, parse_input
from web.cli.common.context import find_served, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.implementation_id import as_written
from web.cli.common.input_files import STDIN, is_file, is_folder, read_json, read_text

#: a folder stands for the script in it
SCRIPT = "script.py"


@dataclass(frozen=True)
class TrialCase:
    """One file to try: either its text, or why there is none."""

    file: str
    source: str | None
    fault: str
    terms: TrialTerms
    powers: Callable[[], RecordingPowers]


@dataclass(frozen=True)
class TrialFileOptions:
    """What the options of `script run` say about INPUT and ANSWERS."""

    input_file: str | None
    answers_file: str | None


def read_source(file: str) -> tuple[str | None, str]:
    """A script's text, or what is wrong with its file in a sentence."""
    inside = Path(file) / SCRIPT
    try:
        return read_text(str(inside) if file != STDIN and is_file(inside) else file, "the script"), ""
    except CommandFailed as complaint:
        return None, complaint.message


@contextmanager
def recorded_cases(files: Sequence[str], named: TrialFileOptions) -> Iterator[list[TrialCase]]:
    """The cases of a run against recorded answers. Raises CommandFailed for INPUT or ANSWERS which cannot be used."""
    yield [recorded_case(file, named) for file in files]


@contextmanager
def live_cases(files: Sequence[str], named: TrialFileOptions, typed: str) -> Iterator[list[TrialCase]]:
    """The cases of a run against the real vendors of the implementation whose id was typed."""
    with open_context() as here:
        with here.database.reading() as db:
            slug = find_served(db, as_written(db, typed)).slug
        with LiveVendors(here.settings, here.database, slug) as vendors:
            asked = [read_input(input_of(file, named)) for file in files]
            yield [
                TrialCase(file, *read_source(file), vendors.terms(one), vendors.powers)
                for file, one in zip(files, asked, strict=True)
            ]


def recorded_case(file: str, named: TrialFileOptions) -> TrialCase:
    """One file with its INPUT and its ANSWERS; what was not named is looked for beside the script."""
    answers_file = named.answers_file or (None if named.input_file else beside(file, "answers.json"))
    recorded = read_answers(answers_file) if answers_file else []
    asked = read_input(input_of(file, named))
    return TrialCase(file, *read_source(file), TrialTerms.alone(asked), lambda: RecordedPowers(recorded))


def input_of(file: str, named: TrialFileOptions) -> str:
    """Where the INPUT of a script is. Raises CommandFailed when it was not named and is not beside the script."""
    found = named.input_file or beside(file, "input.json")
    if found is None:
        raise CommandFailed(
            f"{file}: for whom, where and when shall it run? Name a file with --input INPUT.json, "
            "or put an input.json beside the script. There is one in each folder of scripts/examples."
        )
    return found


def beside(file: str, name: str) -> str | None:
    """A file of this name beside the script (or in its folder, if a folder was named)."""
    path = Path(file)
    if file == STDIN:
        return None
    # A folder that this user may not search has no file for them, and its script says so itself.
    found = path / name if is_folder(path) else path.parent / name
    return str(found) if is_file(found) else None


@cache
def read_input(file: str) -> TrialInput:
    """INPUT, checked; names which mean nothing are told on standard error."""
    try:
        asked = parse_input(read_json(file, "INPUT"))
    except InputError as error:
        raise CommandFailed(f"{file}: INPUT cannot be used: {error}.") from None
    for name in asked.unknown:
        click.echo(f"{file}: INPUT has {name}, which means nothing here and is ignored. Is it misspelt?", err=True)
    return asked


@cache
def read_answers(file: str) -> Any:
    """ANSWERS, checked."""
    data = read_json(file, "ANSWERS")
    try:
        parse_answers(data)
    except AnswersError as error:
        raise CommandFailed(f"{file}: ANSWERS cannot be used: {error}.") from None
    return data
