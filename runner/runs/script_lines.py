"""Finds the lines of a function in a script by searching its text: a script is never parsed outside the jail.

This is a hint for people. A script can mislead it, for example with a string over several lines.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox import Outcome

Lines = tuple[int, int]

#: A line that goes on with the statement before it: indented, empty, a comment, or the end of a bracket.
_GOES_ON = re.compile(r"[ \t#)\]}]|\r?$")


def lines_of(source: str, function: str = "status") -> Lines | None:
    """Return the first and last line of the function; of several with this name, of the last. None if there is none."""
    begins = re.compile(rf"def[ \t]+{re.escape(function)}[ \t]*\(")
    lines = source.split("\n")
    first = max((number for number, line in enumerate(lines, 1) if begins.match(line)), default=None)
    if first is None:
        return None
    last = first
    for number, line in enumerate(lines[first:], first + 1):
        if not _GOES_ON.match(line):
            break
        last = number if line.strip() and not line.startswith("#") else last
    return first, last


def with_lines(outcome: Outcome, lines: Lines | None) -> Outcome:
    """Return the outcome; if the interpreter died, with the lines of the function in its error."""
    if outcome.fatal_signal is None or outcome.error is None:
        return outcome
    where = f"status is in lines {lines[0]} to {lines[1]}" if lines else "no line begins with def status"
    return replace(outcome, error=replace(outcome.error, text=f"{outcome.error.text}; {where}"))
