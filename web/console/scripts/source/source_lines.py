"""The lines of one script as a page draws them, and what a page says about deceptive characters in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from .deceptive_characters import MOST_COUNTED, MOST_LISTED, DeceptivePlace, SourceDrawing, lines_of, places

#: Lines of a script that a page shows. One with more is all blank lines, or nothing that a person reads.
MOST_LINES = 10_000


@dataclass(frozen=True)
class DeceptivePlaces:
    """The first deceptive places of a script, and how many more there are; `uncounted`: there may be still more."""

    listed: tuple[DeceptivePlace, ...]
    more: int
    uncounted: bool = False

    @classmethod
    def of(cls, source: str) -> DeceptivePlaces:
        """Find them."""
        found = places(source)
        listed = tuple(islice(found, MOST_LISTED))
        more = sum(1 for _ in islice(found, MOST_COUNTED - MOST_LISTED))
        return cls(listed, more, next(found, None) is not None)


@dataclass(frozen=True)
class SourceLines:
    """The lines of a script as they are drawn, the first with number 1, and how many more there are than a page shows."""

    lines: Sequence[Markup] = ()
    more: int = 0

    @classmethod
    def of(cls, source: str) -> SourceLines:
        """Draw them."""
        found, drawing = lines_of(source), SourceDrawing()
        return cls([drawing.drawn(line) for line in found[:MOST_LINES]], max(0, len(found) - MOST_LINES))

    @property
    def numbers(self) -> range:
        """The numbers of the lines that are on the page."""
        return range(1, len(self.lines) + 1)
