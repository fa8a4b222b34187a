"""The lines of one script as a page draws them, and what a page says about deceptive characters in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from markupsafe import Markup

from .deceptive_characters import MOST_LISTED, DeceptivePlace, drawn, lines_of, places


@dataclass(frozen=True)
class DeceptivePlaces:
    """The first deceptive places of a script, and how many more there are."""

    listed: tuple[DeceptivePlace, ...]
    more: int

    @classmethod
    def of(cls, source: str) -> DeceptivePlaces:
        """Find them."""
        found = places(source)
        listed = tuple(islice(found, MOST_LISTED))
        return cls(listed, sum(1 for _ in found))


def source_lines(source: str) -> Sequence[Markup]:
    """Return the lines of a script as they are drawn, the first with number 1."""
    return [drawn(line) for line in lines_of(source)]
