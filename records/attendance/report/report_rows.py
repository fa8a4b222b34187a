"""What the rows of all kinds of reports share: the row, its words, and the digest over headings and rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple


class ReportRow(NamedTuple):
    """One row: its cells in the order of the columns, its badge, and whether its names were erased."""

    cells: tuple[str, ...]
    badge: str = ""
    erased: bool = False


class ReportDigest:
    """The SHA-256 of a report: of its headings and its rows, each as a line of JSON. The format of the file does not matter."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._hash = hashlib.sha256(_line(headings))
        self.rows = 0  #: how many have passed

    def passing(self, rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        """Yield the rows, and count them in."""
        for cells in rows:
            self._hash.update(_line(cells))
            self.rows += 1
            yield cells

    def __str__(self) -> str:
        return self._hash.hexdigest()


def in_words(value: int | None) -> str:
    """Return a number or a decision as a cell; empty if it is not known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


_LINES: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _line(cells: Sequence[str]) -> bytes:
    return _LINES.encode(list(cells)).encode() + b"\n"
