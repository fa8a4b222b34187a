"""Draws what a script can show for people, and how far an exploration is."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from records.message_text import ADVISED_GRAPHEMES
from records.plurals import counted
from runner.trials.explore.explorer import ExploreProgress
from web.cli.common.render import INDENT, block, rgb
from web.cli.common.terminal_text import plain

from .draw_cases import lines_shown


def draw_exploration(told: Mapping[str, Any], *, stopped: bool, limits: str) -> str:
    """The result for one script, as `script explore --json` gives it."""
    messages = [one for one in told["messages"] if not one["hidden"]]
    head = f"{counted(len(messages), 'message')} in {counted(told['runs'], 'run')}, {told['seconds']:.1f} s"
    lines = [f"{plain(told['file'])}: {click.style(head, bold=True)}"]
    for one in told["messages"]:
        lines += _message_lines(one)
    if told["raised"]:
        lines.append("It can fail:")
    for one in told["raised"]:
        place = f"line {one['line']}: " if one["line"] else ""
        lines += block(f"{one['count']}x", f"{place}{plain(one['type'])}: {plain(one['text'])}")
    lines += _reach_lines(told["lines_unreached"], stopped=stopped)
    if told.get("unconfirmed"):
        entries = counted(told["unconfirmed"], "entry")
        lines.append(f"{entries} could not be run again alone, so a live run of the example may end otherwise.")
    lines.append(f"Each run had less than a live one may use: {limits}. --json prints an example for each entry.")
    return "\n".join(lines)


def _message_lines(one: Mapping[str, Any]) -> Iterable[str]:
    count = f"{one['count']}x"
    if one["hidden"]:
        yield from block(count, "(hidden: the app shows nothing)")
        return
    color = rgb(one["color"])
    text = plain(one["template"])
    shown = (
        click.style(f"[ {text} ]", fg="white" if color else None, bg=color)
        if one["link"]
        else click.style(text, fg=color)
    )
    yield f"{INDENT}{count:<8} {shown}"
    if one["template"] != one["text"]:
        yield f"{INDENT}         for example: {plain(one['text'])}"
    if one["link"]:
        yield f"{INDENT}         leads to {plain(one['link'])}"
    if one["graphemes"] > ADVISED_GRAPHEMES:
        yield f"{INDENT}         {one['graphemes']} characters or more; more than {ADVISED_GRAPHEMES} may not fit"


def _reach_lines(unreached: list[int], *, stopped: bool) -> Iterable[str]:
    if stopped:
        yield "The time was up before all runs were made: --seconds allows more."
    if not unreached:
        yield "Every line was reached. There may be further messages all the same."
        return
    yield (
        f"{counted(len(unreached), 'line')} never reached: {lines_shown(unreached)}. That does not prove that they cannot "
        "be: --cases gives examples to start from, --runs tries more."
    )


class ProgressLine:
    """One line on a terminal that says how far an exploration is; nothing elsewhere."""

    def __init__(self, file: str) -> None:
        self._file = plain(file)
        self._is_shown = sys.stderr.isatty()

    def tell(self, progress: ExploreProgress) -> None:
        """Write the line over the one before."""
        if self._is_shown:
            text = (
                f"{self._file}: {progress.runs} of {progress.of} runs, {counted(progress.messages, 'message')}, "
                f"{counted(progress.failures, 'failure')}, {counted(progress.lines_left, 'line')} not reached"
            )
            click.echo(f"\r{text[:100]:<100}", nl=False, err=True)

    def end(self) -> None:
        """Clear the line."""
        if self._is_shown:
            click.echo(f"\r{'':<100}\r", nl=False, err=True)
