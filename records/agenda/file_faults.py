"""The faults of a file: one for each cell or row, and faults of one kind grouped for people to read.

If 300 rows have the same mistake, that is one line, with the rows and some of the values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from records.plurals import counted

#: Characters of an offending value that are shown.
LONGEST_VALUE = 60
#: Rows and values that a group names; the others are counted.
ROWS_NAMED = 8
VALUES_NAMED = 3
_UNSHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True, order=True)
class FileFault:
    """What is wrong with one cell or row of a file.

    `column` is the heading; it is empty if the whole row is meant. `value` is the content of the cell. `kind` is the text
    of the group, if `what` contains something that differs from row to row.
    """

    row: int
    column: str
    what: str
    value: str = ""
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        place = f"Row {self.row}, column {self.column}" if self.column else f"Row {self.row}"
        return f"{place}: {self.what}" + (f" (found: {quoted(self.value)})" if self.value else "")


@dataclass(frozen=True)
class FaultGroup:
    """Faults of one kind in one column, in the order of their rows."""

    column: str
    what: str
    rows: tuple[int, ...]
    values: tuple[str, ...]  #: the first few, quoted, without duplicates

    @property
    def rows_named(self) -> str:
        """The numbers of the first rows, and how many more there are."""
        named = ", ".join(map(str, self.rows[:ROWS_NAMED]))
        more = len(self.rows) - ROWS_NAMED
        return f"{named} and {more} more" if more > 0 else named

    def __str__(self) -> str:
        place = f"column {self.column}: " if self.column else ""
        found = f"; found: {', '.join(self.values)}" if self.values else ""
        return f"{counted(len(self.rows), 'row')}: {place}{self.what} (rows {self.rows_named}{found})"


def grouped(faults: Iterable[FileFault]) -> list[FaultGroup]:
    """Group faults of one kind, in the order of their first rows."""
    groups: dict[tuple[str, str], list[FileFault]] = {}
    for fault in sorted(faults):
        groups.setdefault((fault.column, fault.kind or fault.what), []).append(fault)
    return [_group(column, kind, found) for (column, kind), found in groups.items()]


def as_lines(faults: Iterable[FileFault]) -> list[str]:
    """Return the faults as lines: one for each group, and for a single fault its own text."""
    faults = list(faults)
    last = {(fault.column, fault.kind or fault.what): fault for fault in faults}
    return [str(last[group.column, group.what]) if len(group.rows) == 1 else str(group) for group in grouped(faults)]


def quoted(value: str) -> str:
    """Return a value of the file in quotes: shortened, and without characters that steer a terminal or change the direction."""
    cut = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return "“" + "".join("\ufffd" if unicodedata.category(c) in _UNSHOWN else c for c in cut) + "”"


def _group(column: str, kind: str, found: list[FileFault]) -> FaultGroup:
    values = dict.fromkeys(quoted(fault.value) for fault in found if fault.value)
    rows = tuple(dict.fromkeys(fault.row for fault in found))
    return FaultGroup(column, kind, rows, tuple(values)[:VALUES_NAMED])
