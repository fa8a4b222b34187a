"""What differs between two texts of a script, line by line and word by word, as a page draws it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from markupsafe import Markup

from .deceptive_characters import SourceDrawing, lines_of
from .line_matches import matches

SAME, REMOVED, ADDED = "same", "removed", "added"

#: Unchanged lines beside a change that are always shown, and the least that are folded away.
CONTEXT, LEAST_FOLDED = 3, 4
#: Lines of both texts together beyond which they are not compared: a person would not read that either.
MOST_LINES = 20_000
#: Words of two lines, multiplied, and of all lines of a page together, up to which differing words are marked.
MOST_WORDS, MOST_WORDS_OF_A_PAGE = 40_000, 1_500_000

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class DiffRow:
    """One line: its kind, its numbers in the two texts, and how it is drawn."""

    kind: str
    old: int | None
    new: int | None
    text: Markup

    @property
    def sign(self) -> str:
        """The sign before the line."""
        return {SAME: "", REMOVED: "−", ADDED: "+"}[self.kind]  # noqa: RUF001 - a minus, for people


@dataclass(frozen=True)
class DiffPart:
    """Rows that follow each other. `folded`: none of them differs, and a page shows them on demand."""

    rows: tuple[DiffRow, ...]
    folded: bool = False


@dataclass(frozen=True)
class SourceDiff:
    """The comparison of two texts."""

    parts: tuple[DiffPart, ...]
    added: int = 0
    removed: int = 0
    too_long: bool = False

    @property
    def differs(self) -> bool:
        """Whether the texts differ."""
        return bool(self.added or self.removed or self.too_long)

    @property
    def lines(self) -> frozenset[int]:
        """The numbers of the new text's lines that are on the page."""
        return frozenset(row.new for part in self.parts for row in part.rows if row.new)


def compare(old: str, new: str) -> SourceDiff:
    """Compare two texts."""
    before, after = lines_of(old), lines_of(new)
    if len(before) + len(after) > MOST_LINES:
        return SourceDiff((), too_long=True)
    rows = list(_Comparison(before, after).rows())
    kinds = [row.kind for row in rows]
    return SourceDiff(tuple(_parts(rows)), kinds.count(ADDED), kinds.count(REMOVED))


@dataclass
class _Comparison:
    """One comparison with its budgets."""

    before: Sequence[str]
    after: Sequence[str]
    words_left: int = MOST_WORDS_OF_A_PAGE
    drawing: SourceDrawing = field(default_factory=SourceDrawing)

    def rows(self) -> Iterator[DiffRow]:
        a = b = 0
        for x, y, size in (*matches(self.before, self.after), (len(self.before), len(self.after), 0)):
            yield from self._changed((a, x), (b, y))
            for step in range(size):
                yield DiffRow(SAME, x + step + 1, y + step + 1, self.drawing.drawn(self.after[y + step]))
            a, b = x + size, y + size

    def _changed(self, old: tuple[int, int], new: tuple[int, int]) -> Iterator[DiffRow]:
        """Yield a change: the lines in pairs, as far as both sides have one, with their words compared."""
        removed, added = self.before[slice(*old)], self.after[slice(*new)]
        pairs = [self._words(one, other) for one, other in zip(removed, added, strict=False)]
        for step, line in enumerate(removed):
            text = pairs[step][0] if step < len(pairs) else self.drawing.drawn(line)
            yield DiffRow(REMOVED, old[0] + step + 1, None, text)
        for step, line in enumerate(added):
            text = pairs[step][1] if step < len(pairs) else self.drawing.drawn(line)
            yield DiffRow(ADDED, None, new[0] + step + 1, text)

    def _words(self, old: str, new: str) -> tuple[Markup, Markup]:
        """Mark the words in which two lines differ, unless they have little in common or it would take long."""
        drawn = self.drawing.drawn
        a, b = _WORD.findall(old), _WORD.findall(new)
        cost = len(a) * len(b)
        if cost > min(MOST_WORDS, self.words_left):
            return drawn(old), drawn(new)
        self.words_left -= cost
        matcher = SequenceMatcher(None, a, b, autojunk=False)
        if matcher.ratio() < 0.3:  # another line, not a changed one
            return drawn(old), drawn(new)
        left, right = [], []
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            one, other = drawn("".join(a[i1:i2])), drawn("".join(b[j1:j2]))
            left.append(one if kind == "equal" or not one else Markup("<del>{}</del>").format(one))
            right.append(other if kind == "equal" or not other else Markup("<ins>{}</ins>").format(other))
        return Markup("").join(left), Markup("").join(right)


def _parts(rows: Sequence[DiffRow]) -> Iterator[DiffPart]:
    """Divide rows into those that are shown and those that are folded away."""
    shown: list[DiffRow] = []
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and rows[end].kind == SAME:
            end += 1
        head = CONTEXT if at else 0
        tail = CONTEXT if end < len(rows) else 0
        if end - at >= head + tail + LEAST_FOLDED:
            shown += rows[at : at + head]
            if shown:
                yield DiffPart(tuple(shown))
            yield DiffPart(tuple(rows[at + head : end - tail]), folded=True)
            shown, at = [], end - tail
        while at < len(rows) and (at < end or rows[at].kind != SAME):
            shown.append(rows[at])
            at += 1
    if shown:
        yield DiffPart(tuple(shown))
