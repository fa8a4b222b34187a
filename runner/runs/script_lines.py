"""Which lines of a script a function is in, read off its text: nothing of a script is parsed outside of the jail.

Good for people who look for a place. A text that wants to mislead can, in a string over several lines for example.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox import Outcome

Lines = tuple[int, int]

#: A line that goes on with the statement before it: indented, empty, a comment, or the end of a bracket.
_GOES_ON = re.compile(r"[ \t#)\]}]|\r?$")


def lines_of(source: str, function: str = "status") -> Lines | None:
    """First and last line of the function as it stands in the text, the last one of that name; None if none does."""
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
    """The outcome of a run; where the interpreter died, with the range of lines in which to look."""
    if outcome.fatal_signal is None or outcome.error is None:
        return outcome
    where = f"status is in lines {lines[0]} to {lines[1]}" if lines else "status is in no line of its own"
    return replace(outcome, error=replace(outcome.error, text=f"{outcome.error.text}; {where}"))
