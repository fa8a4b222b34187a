"""The difference of two texts as a unified diff, in bounded time.

Only a line feed ends a line: other characters that look like an end of a line stay in it, where a reader sees that they
differ. The time to compare lines grows faster than their number, and the texts are hostile; so what remains between the
common beginning and the common end is compared line by line only up to a size. A larger rest is shown as taken out and put
in as a whole.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

#: Lines of one text, times lines of the other, that are compared line by line.
MOST_PAIRS = 400 * 400
_CONTEXT = 3

NamedText = tuple[str, str]


def unified_diff(before: NamedText, after: NamedText) -> str:
    """Return the unified diff of two texts, each given with its name; "" for equal ones."""
    old, new = before[1].split("\n"), after[1].split("\n")
    start = _common(old, new)
    end = min(_common(old[::-1], new[::-1]), min(len(old), len(new)) - start)
    if (len(old) - start - end) * (len(new) - start - end) <= MOST_PAIRS:
        # Context alone around the rest: what is common is not compared again.
        first, last = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
        lines = difflib.unified_diff(
            old[first : len(old) - last], new[first : len(new) - last], before[0], after[0], n=_CONTEXT, lineterm=""
        )
        return "\n".join(_moved(line, first) for line in lines)
    return "\n".join(_whole(before[0], after[0], old[start : len(old) - end], new[start : len(new) - end], start))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are the same at the beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _moved(line: str, lines: int) -> str:
    """Return the head of a hunk with the numbers of the whole texts; any other line as it is."""
    if not line.startswith("@@ "):
        return line
    _, old, new, rest = line.split(" ", 3)
    return f"@@ {_shifted(old, lines)} {_shifted(new, lines)} {rest}"


def _shifted(place: str, lines: int) -> str:
    number, comma, count = place[1:].partition(",")
    return f"{place[0]}{int(number) + lines}{comma}{count}"


def _whole(old_name: str, new_name: str, old: Sequence[str], new: Sequence[str], start: int) -> list[str]:
    head = [f"--- {old_name}", f"+++ {new_name}", f"@@ -{start + 1},{len(old)} +{start + 1},{len(new)} @@"]
    return [*head, *(f"-{line}" for line in old), *(f"+{line}" for line in new)]
