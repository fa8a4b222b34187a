"""The output of `doctor`: one line for each check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import click

MARKS = {"ok": "green", "note": "blue", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True)
class DoctorFinding:
    """The result of one check."""

    part: str
    state: str  #: ok, note, warn or fail
    found: str
    todo: str = ""


def draw(lines: Iterable[DoctorFinding]) -> None:
    """Print a table, with what to do below the line that needs it."""
    lines = list(lines)
    width = max(len(line.part) for line in lines)
    for line in lines:
        mark = click.style(f"{line.state:<4}", fg=MARKS[line.state], bold=line.state != "ok")
        click.echo(f"{mark}  {line.part:<{width}}  {line.found}")
        if line.todo:
            click.echo(f"{'':<{width + 8}}-> {line.todo}")


def parted(fault: str) -> tuple[str, str]:
    """Split a sentence into what was found and what to do."""
    found, _, todo = fault.partition(": " if ": " in fault else ". ")
    return found, todo
