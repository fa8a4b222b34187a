"""The query of a list: filter, order and page are in its address, so that a list can be linked, bookmarked and shared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

Row = TypeVar("Row")

#: Rows of a page.
ROWS = 50

#: The last page that can be requested: what comes after it is found by a filter.
LAST_PAGE = 2000

#: Digits of a page number that are read: a longer one is the last page anyway, and Python limits the digits it converts.
_DIGITS = 9


@dataclass(frozen=True)
class Listing:
    """The query of a list. `sort` is the name of a column, with a hyphen before it for the opposite order."""

    text: str = ""
    sort: str = ""
    page: int = 1

    @classmethod
    def of_request(cls, columns: Collection[str], default: str, *, text: str = "") -> Listing:
        """Read order and page from the address; an unknown column or page is ignored. `text` is the filter."""
        sort = request.args.get("sort", default)
        number = request.args.get("page", "1")
        return cls(
            text=text,
            sort=sort if sort.removeprefix("-") in columns else default,
            page=max(1, min(int(number[:_DIGITS]), LAST_PAGE)) if number.isascii() and number.isdigit() else 1,
        )

    def sorted(self, rows: Iterable[Row], columns: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """Return the rows in the requested order."""
        return sorted(rows, key=columns[self.sort.removeprefix("-")], reverse=self.sort.startswith("-"))

    def address(self, **changes: Any) -> str:
        """Return the address of this list with some of it changed; changing the filter or the order leads to page 1."""
        changed = {"q": self.text, "sort": self.sort, "page": 1} | changes
        query = {name: value for name, value in changed.items() if value and (name, value) != ("page", 1)}
        return f"{request.path}?{urlencode(query)}" if query else request.path
