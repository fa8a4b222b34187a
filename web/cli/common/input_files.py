"""Reads the files that are named on the command line, and says precisely what is wrong with one.

A path may be a folder, an image, a huge file or `-`; each case has its own message.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, NoReturn

from .errors import CommandFailed

#: Most bytes of a file: far more than is written by hand.
LARGEST = 1024 * 1024

#: How deep lists and objects may nest: as deep as the settings of a script.
DEEPEST = 100

STDIN = "-"


def read_text(name: str, what: str) -> str:
    """Return the text of a file, or of standard input for `-`. `what` names its role, for example "the script"."""
    label = "standard input" if name == STDIN else name
    data = read_bytes(name, what, label)
    if len(data) > LARGEST:
        raise CommandFailed(f"{label}: {what} is larger than the limit of 1 MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CommandFailed(
            f"{label}, line {line}: {what} is not UTF-8 text (byte 0x{data[error.start]:02x}). Save it as UTF-8."
        ) from None


def read_bytes(name: str, what: str, label: str) -> bytes:
    """Read one byte more than the limit, so that a larger file is noticed."""
    if name == STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(LARGEST + 1)
    except IsADirectoryError:
        raise CommandFailed(f"{label}: this is a folder; {what} must be a file.") from None
    except FileNotFoundError:
        raise CommandFailed(f"{label}: there is no such file; it should contain {what}.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CommandFailed(f"{label}: {what} cannot be read: {reason}.") from None


def is_file(path: Path) -> bool:
    """Say whether this is a file. False if the user may not look there; reading it then says why."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Say whether this is a folder. False if the user may not look there."""
    try:
        return path.is_dir()
    except OSError:
        return False


def read_json(name: str, what: str) -> Any:
    """Return the JSON value of a file; an error names line and column."""
    label = "standard input" if name == STDIN else name
    text = read_text(name, what)
    try:
        value = json.loads(text, parse_constant=refuse_constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise CommandFailed(
            f"{label}, line {error.lineno}, column {error.colno}: {what} is not JSON: {error.msg}."
        ) from None
    except RecursionError:
        raise _too_deep(label, what) from None
    except ValueError as error:
        raise CommandFailed(f"{label}: {what} is not JSON: {error}.") from None
    if _is_too_deep(value):
        raise _too_deep(label, what)
    return value


def _is_too_deep(value: Any) -> bool:
    """Whether a value nests too deeply, found level by level: recursion is what a deep value breaks."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [part for parts in inner for part in parts]
    return any(isinstance(one, dict | list) for one in level)


def _too_deep(label: str, what: str) -> CommandFailed:
    return CommandFailed(
        f"{label}: {what} is nested too deeply; lists and objects must not nest deeper than {DEEPEST}."
    )


def finite(text: str) -> float:
    """Read a number. Refuse one that is too large for a float, which Python reads as infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which Python accepts."""
    raise ValueError(f"{name} is not a JSON value")
