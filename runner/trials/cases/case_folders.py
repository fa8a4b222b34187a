"""Finds the cases below a folder, and for each of its files the nearest one around it.

A folder is a case if it has an input, answers or an expectation of its own, and an expectation or nothing below it. What
it lacks comes from the nearest folder around it, file by file: up to the folder that was named, and from there to the
nearest one with a script.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from runner.powers import AnswersError, parse_answers
from runner.trials.trial_input import InputError, TrialInput, parse_input

SCRIPT: Final = "script.py"
INPUT, ANSWERS, EXPECTED = "input.json", "answers.json", "expected.json"
_OF_A_CASE: Final = (INPUT, ANSWERS, EXPECTED)
#: Folders above the named one in which its script is looked for; a script further away belongs to something else.
_MOST_ABOVE: Final = 3
#: The folder that is in the top folder of a repository only.
_REPOSITORY: Final = ".git"
_MOST_FOLDERS: Final = 2000


class CaseFileError(Exception):
    """A file of a case cannot be read; the text names it."""


class CaseReader(Protocol):
    """Reads the files of cases; each raises `CaseFileError`."""

    def text(self, file: Path) -> str:
        """The text of a script."""

    def json(self, file: Path) -> Any:
        """The JSON value of a file."""


@dataclass(frozen=True)
class CaseFolder:
    """One case: its name within its script, and its files; None is one that is nowhere."""

    name: str
    folder: Path
    script: Path
    input: Path | None
    answers: Path | None
    expected: Path | None


def find_cases(folder: Path) -> list[CaseFolder]:
    """The cases of a folder and below it that have a script, in the order of their paths."""
    folder = _physical(folder)
    top = _top(folder)
    places = _case_places(folder)
    with_inner = {outer for place in places for outer in place.parents}
    found: list[CaseFolder] = []
    for place in places:
        around = _around(place, top)
        script = _nearest(SCRIPT, around)
        if script is None:
            continue
        files = {name: _nearest(name, around) for name in _OF_A_CASE}
        if files[EXPECTED] is None and place in with_inner:
            continue  # it only holds what the cases below it share
        name = os.path.relpath(place, script.parent)
        found.append(CaseFolder(name, place, script, files[INPUT], files[ANSWERS], files[EXPECTED]))
    return found


def find_inputs(folder: Path, reader: CaseReader) -> list[tuple[dict[str, Any], list[Any]]]:
    """INPUT and ANSWERS of each case of a folder and below it, which needs no script. Raises `CaseFileError`."""
    found = []
    for place in _case_places(folder):
        around = _around(place, folder)
        input_file, answers_file = _nearest(INPUT, around), _nearest(ANSWERS, around)
        if input_file is not None:
            data, answers = reader.json(input_file), [] if answers_file is None else reader.json(answers_file)
            checked_input(input_file, data)
            check_answers(answers_file, answers)
            found.append((data, answers))
    return found


def checked_input(file: Path, data: Any) -> TrialInput:
    """INPUT of a case. Raises `CaseFileError`."""
    try:
        return parse_input(data)
    except InputError as fault:
        raise CaseFileError(f"{file}: INPUT cannot be used: {fault}.") from fault


def check_answers(file: Path | None, answers: Any) -> None:
    """Check ANSWERS of a case. Raises `CaseFileError`."""
    try:
        parse_answers(answers)
    except AnswersError as fault:
        raise CaseFileError(f"{file}: ANSWERS cannot be used: {fault}.") from fault


def by_script(cases: list[CaseFolder]) -> dict[Path, list[CaseFolder]]:
    """The cases of each script."""
    grouped: dict[Path, list[CaseFolder]] = {}
    for case in cases:
        grouped.setdefault(case.script, []).append(case)
    return grouped


def _case_places(folder: Path) -> list[Path]:
    """The folders that have a file of a case, the named one first. Links to folders are not followed."""
    places: list[Path] = []
    for number, (path, inner, files) in enumerate(os.walk(folder, onerror=_raise)):
        if number >= _MOST_FOLDERS:
            raise CaseFileError(f"{folder}: there are more than {_MOST_FOLDERS} folders below it")
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if not set(_OF_A_CASE).isdisjoint(files):
            places.append(Path(path))
    return sorted(places)


def _raise(error: OSError) -> None:
    raise CaseFileError(f"{error.filename}: this folder cannot be read: {error.strerror}")


def _physical(folder: Path) -> Path:
    """The folder itself, or where it really is if its path leads through a link: its parents are those of the file system."""
    real = folder.resolve()
    return folder if real == folder.absolute() else _shown(real, folder)


def _top(folder: Path) -> Path:
    """The outermost folder from which files are taken: that of the nearest script, but none beyond a repository's top."""
    inner = folder.absolute()
    for path in (inner, *inner.parents[:_MOST_ABOVE]):
        if _is_file(path / SCRIPT):
            return _shown(path, folder)
        if (path / _REPOSITORY).exists():
            break
    return folder


def _around(place: Path, top: Path) -> list[Path]:
    """The folder itself and those around it, up to the outermost."""
    inner = place.absolute()
    outer = Path(os.path.normpath(top.absolute()))
    if inner != outer and outer not in inner.parents:
        return [place]
    around = [inner, *inner.parents]
    return [_shown(path, place) for path in around[: around.index(outer) + 1]]


def _shown(path: Path, place: Path) -> Path:
    """The path in the words of the named folder: relative if that is."""
    return path if place.is_absolute() else Path(os.path.relpath(path))


def _nearest(name: str, around: list[Path]) -> Path | None:
    return next((path / name for path in around if _is_file(path / name)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
