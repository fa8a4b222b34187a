"""A list as its address asks for it: filter, order and page, so that a list can be linked, bookmarked and shared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

Row = TypeVar("Row")

#: Characters of the longest filter that is looked for.
LONGEST = 200

#: Rows of a page.
ROWS = 50

#: The last page that can be asked for: what lies behind is found by a filter.
LAST_PAGE = 2000

#: Digits of a page's number that are read: with more it is the last one anyhow, and Python reads no number of thousands.
_DIGITS = 9


@dataclass(frozen=True)
class Listing:
    """What the address asks for. `sort` is the name of a column, with a hyphen before it for the other direction."""

    text: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def asked(cls, columns: Collection[str], usual: str) -> Listing:
        """Read it from the address; what is no column or no number counts as not said."""
        sort = request.args.get("sort", usual)
        number = request.args.get("page", "1")
        return cls(
            text=request.args.get("q", "").strip()[:LONGEST],
            sort=sort if sort.removeprefix("-") in columns else usual,
            page=max(1, min(int(number[:_DIGITS]), LAST_PAGE)) if number.isascii() and number.isdigit() else 1,
        )

    def sorted(self, rows: Iterable[Row], columns: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """Return the rows in the order asked for."""
        return sorted(rows, key=columns[self.sort.removeprefix("-")], reverse=self.sort.startswith("-"))

    def address(self, **changes: Any) -> str:
        """Return the address of this list with some of it changed; changing the filter or the order leads to page 1."""
        asked = {"q": self.text, "sort": self.sort, "page": 1} | changes
        given = {name: value for name, value in asked.items() if value and (name, value) != ("page", 1)}
        return f"{request.path}?{urlencode(given)}" if given else request.path
