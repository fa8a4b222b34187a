"""The difference of two texts as a unified diff, for commands and programs; it finds the lines that pages find.

Only a line feed ends a line: other characters that look like an end of a line stay in it, where a reader sees that they
differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .line_matches import matches
from .source_diff import CONTEXT

NamedText = tuple[str, str]


@dataclass(frozen=True)
class _Change:
    """Lines `old_start` to `old_end` of one text, counted from 0, instead of which the other has its own."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def unified_diff(before: NamedText, after: NamedText) -> str:
    """Return the unified diff of two texts, each given with its name; "" for equal ones."""
    old, new = before[1].split("\n"), after[1].split("\n")
    lines = [line for hunk in _hunks(_changes(old, new)) for line in _drawn(hunk, old, new)]
    return "\n".join([f"--- {before[0]}", f"+++ {after[0]}", *lines]) if lines else ""


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Yield what is between the blocks of equal lines."""
    a = b = 0
    for x, y, size in (*matches(old, new), (len(old), len(new), 0)):
        if x > a or y > b:
            yield _Change(a, x, b, y)
        a, b = x + size, y + size


def _hunks(changes: Iterator[_Change]) -> list[list[_Change]]:
    """Put changes whose context would touch into one hunk."""
    hunks: list[list[_Change]] = []
    for change in changes:
        if hunks and change.old_start - hunks[-1][-1].old_end <= 2 * CONTEXT:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _drawn(hunk: Sequence[_Change], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = hunk[0], hunk[-1]
    lead, tail = min(CONTEXT, first.old_start), min(CONTEXT, len(old) - last.old_end)
    begin, end = first.old_start - lead, last.old_end + tail
    yield f"@@ -{_range(begin, end)} +{_range(first.new_start - lead, last.new_end + tail)} @@"
    for change in hunk:
        yield from (f" {line}" for line in old[begin : change.old_start])
        yield from (f"-{line}" for line in old[change.old_start : change.old_end])
        yield from (f"+{line}" for line in new[change.new_start : change.new_end])
        begin = change.old_end
    yield from (f" {line}" for line in old[begin:end])


def _range(start: int, end: int) -> str:
    """Return lines as the head of a hunk counts them: from 1, and the line before for none (POSIX, `diff -u`)."""
    count = end - start
    if count == 1:
        return f"{start + 1}"
    return f"{start + 1 if count else start},{count}"
