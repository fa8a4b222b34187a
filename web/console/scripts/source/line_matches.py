"""Which lines two texts have in common, in an order that people find natural, within a bounded time.

Lines that stand once in both texts are anchors (the "patience" way). What is between two anchors is compared line by
line if it is small; if it is large and has no anchor, it counts as replaced. The texts are an author's, so no text may
make a page slow: a plain longest match takes minutes for some.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

#: Products of the lengths of two blocks up to which they are compared line by line.
MOST_CELLS = 2500
#: How often each line is looked at for anchors, on average: a hostile text has one anchor within the other, thousands deep.
MOST_LOOKS = 40

#: A block of equal lines: its start in the old text, its start in the new one, its length.
Match = tuple[int, int, int]


def matches(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Return the blocks of equal lines in order; they do not overlap, and none follows another directly."""
    found: list[Match] = []
    waiting = [(0, len(old), 0, len(new))]
    work = MOST_LOOKS * (len(old) + len(new))
    while waiting:
        a, a_end, b, b_end = waiting.pop()
        first = a
        while a < a_end and b < b_end and old[a] == new[b]:
            a, b = a + 1, b + 1
        if a > first:
            found.append((first, b - (a - first), a - first))
        last = a_end
        while a_end > a and b_end > b and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
        if a_end < last:
            found.append((a_end, b_end, last - a_end))
        if a == a_end or b == b_end:
            continue
        work -= a_end - a + b_end - b
        anchors = _anchors(old, new, (a, a_end, b, b_end)) if work >= 0 else []
        if anchors:
            edges = [*anchors, (a_end, b_end)]
            for x, y in edges:
                waiting.append((a, x, b, y))
                a, b = x, y
        elif (a_end - a) * (b_end - b) <= MOST_CELLS:
            small = SequenceMatcher(None, old[a:a_end], new[b:b_end], autojunk=False)
            found += [(a + x, b + y, size) for x, y, size in small.get_matching_blocks() if size]
    return _joined(sorted(found))


def _anchors(old: Sequence[str], new: Sequence[str], block: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the longest row of lines that stand once in both blocks, in the same order."""
    a, a_end, b, b_end = block
    counts, others = Counter(old[a:a_end]), Counter(new[b:b_end])
    where = {line: b + at for at, line in enumerate(new[b:b_end]) if others[line] == 1 and counts[line] == 1}
    pairs = [(a + at, where[line]) for at, line in enumerate(old[a:a_end]) if line in where]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of the pairs whose second numbers rise."""
    tails: list[int] = []
    ends: list[int] = []  # index of the pair at the end of a row of each length
    before: list[int] = []
    for index, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        tails[place : place + 1] = [at]
        ends[place : place + 1] = [index]
        before.append(ends[place - 1] if place else -1)
    row, index = [], ends[-1] if ends else -1
    while index >= 0:
        row.append(pairs[index])
        index = before[index]
    return row[::-1]


def _joined(found: Sequence[Match]) -> list[Match]:
    """Join blocks that follow each other in both texts."""
    joined: list[Match] = []
    for a, b, size in found:
        if joined and joined[-1][0] + joined[-1][2] == a and joined[-1][1] + joined[-1][2] == b:
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
        else:
            joined.append((a, b, size))
    return joined
