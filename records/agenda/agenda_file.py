"""The agenda as a file: reading one that was made with a spreadsheet, and writing one that reads back the same.

Reading never raises. Everything that is wrong is a fault with its row, column and value, as the spreadsheet shows them (the
heading is row 1). All faults of a file are found at once. The rules between rows are in `rules`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from records import fields
from records.spreadsheet_cells import guarded, unguarded

from . import dates
from .cell_table import MOST_COLUMNS, MOST_ROWS, Cell
from .csv_file import heading_key
from .dates import DateCell, DateOrder, TimeReading
from .file_faults import FileFault, quoted
from .file_tables import bounded, one_line, shown, table_of
from .headings import COLUMNS, KNOWN, REQUIRED, FileColumns, missing, near_misses

LONGEST_SESSION = timedelta(days=31)

_CREDITS = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class FileRow:
    """The good values of one row, by field. A column that the file does not have is in neither of the two."""

    row: int
    values: dict[str, Any]
    attributes: dict[str, str]  #: "" for an empty cell
    shown: dict[str, str] = field(default_factory=dict)  #: the cells of the times, as they are written


@dataclass(frozen=True)
class AgendaFile:
    """The content of a file.

    `headings` are the file's own headings of its fields, `attributes` its other headings; `notes` say how it was read.
    The order of its dates is empty until they are read.
    """

    rows: list[FileRow] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dates: DateOrder = field(default_factory=lambda: DateOrder(""))


def read(data: bytes, zone: ZoneInfo, choice: str = dates.AUTO) -> AgendaFile:
    """Read a file; times without an offset are in `zone`. `choice` is one of `dates.CHOICES`."""
    table = table_of(data, KNOWN)
    file = AgendaFile(faults=table.faults, notes=table.notes)
    rows = list(bounded(table.rows, file.faults, MOST_ROWS))
    if not rows:
        file.faults.extend([] if file.faults else [FileFault(1, "", "the file is empty")])
        return file
    number, cells = rows.pop(0)
    columns = _heading(number, cells, file)
    if columns.names:
        file.faults.extend(missing(number, columns, ((row, list(map(shown, below))) for row, below in rows)))
    file.attributes.extend(columns.attributes if columns.known else [])
    file.notes.extend(near_misses(columns) if columns.known else [])
    if file.faults:
        return file
    order = dates.decide(choice, _time_cells(rows, columns))
    if not order.order:
        return replace(file, faults=[_undecided(order, zone)], dates=order)
    how = TimeReading(order.order, zone, table.epoch)
    read_rows = [_row(row, cells, columns, how, file) for row, cells in rows]
    return replace(file, rows=read_rows, dates=order)


def write(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """Write sessions (the fields of COLUMNS and `attributes`) as a file that `read` reads back the same."""
    rows = list(rows)
    extra = sorted({name for row in rows for name in row["attributes"]})
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(map(guarded, [*COLUMNS, *extra]))
    for row in rows:
        known = (_written(row[name], zone) for name in COLUMNS.values())
        writer.writerow(map(guarded, chain(known, (str(row["attributes"].get(name, "")) for name in extra))))
    return out.getvalue()


def _heading(row: int, cells: list[Cell], file: AgendaFile) -> FileColumns:
    """Read the heading; its faults are added to those of the file."""
    columns = FileColumns()
    if len(cells) > MOST_COLUMNS:
        file.faults.append(FileFault(row, "", f"has more than {MOST_COLUMNS} columns"))
        return columns
    for position, cell in enumerate(cells, 1):
        try:
            heading = one_line(cell, 100)
        except ValueError as fault:
            file.faults.append(FileFault(row, f"number {position}", f"its heading {fault}", shown(cell)))
            continue
        name = KNOWN.get(heading_key(heading)) or (heading and f"+{heading}")
        if name and name in columns.names:
            file.faults.append(FileFault(row, heading, "occurs twice"))
        columns.names.append(name)
        columns.headings.append(heading or f"number {position}")
        if name in COLUMNS.values():
            file.headings[name] = heading
    return columns


def _time_cells(rows: list[tuple[int, list[Cell]]], columns: FileColumns) -> Iterator[DateCell]:
    """Yield the cells that decide how a file's dates are written, in the order of the file."""
    places = [(at, columns.headings[at]) for at, name in enumerate(columns.names) if name in _TIMES]
    for row, cells in rows:
        for at, heading in places:
            if at < len(cells) and isinstance(cell := cells[at], str):
                yield DateCell(row, heading, _squeezed(unguarded(cell)))


def _undecided(order: DateOrder, zone: ZoneInfo) -> FileFault:
    """Return the fault of a file about whose dates a person must decide."""
    if order.open is not None:
        ways = " or ".join(f"{words} ({name})" for name, words in dates.both_ways(order.open.text, zone))
        what = f"can be read in two ways, and no other date shows which is right: {ways}. Choose the date format"
        return FileFault(order.open.row, order.open.column, what, order.open.text)
    assert order.against is not None
    assert order.because is not None
    first = f"row {order.because.row} has {quoted(order.because.text)}"
    what = f"has day and month in a different order than another date ({first}). Correct one, or choose the date format"
    return FileFault(order.against.row, order.against.column, what, order.against.text)


def _row(row: int, cells: list[Cell], columns: FileColumns, how: TimeReading, file: AgendaFile) -> FileRow:
    """Read one row; faults are added to those of the file, and only good values to the row."""
    found = FileRow(row, {}, {})
    width = len(columns.names)
    extra = next((shown(cell) for cell in cells[width:] if shown(cell).strip()), "")
    if extra:
        file.faults.append(FileFault(row, "", f"has more cells than the heading has columns ({width})", extra))
    padded = [*cells, *[""] * (width - len(cells))]
    for name, heading, cell in zip(columns.names, columns.headings, padded, strict=False):
        try:
            value = _value(name, cell, how)
        except ValueError as fault:
            file.faults.append(FileFault(row, heading, str(fault), shown(cell)))
            continue
        if name.startswith("+"):
            found.attributes[name[1:]] = value
        elif name:
            found.values[name] = value
        if name in _TIMES:
            found.shown[name] = shown(cell)
    reason = _times_fault(found.values)
    if reason:
        at = columns.names.index("ends_at")
        file.faults.append(FileFault(row, columns.headings[at], reason, shown(padded[at])))
    return found


def _value(name: str, cell: Cell, how: TimeReading) -> Any:
    """Read a cell as what its column is. Raises ValueError with the reason."""
    text = one_line(cell, _LONGEST.get(name, 2000))
    if name in REQUIRED and not text:
        raise ValueError("is missing")
    if name == "" and text:
        raise ValueError("is not empty, but the column has no heading")
    if name in _TIMES:
        return dates.moment(_squeezed(text), how)
    if name == "session_id":
        return fields.session_id(text)
    if name == "parent_id":
        return fields.session_id(text) if text else None
    if name == "credits":
        return _credits(text) if text else None
    return text


def _squeezed(text: str) -> str:
    """Replace all white space by single blanks: some programs write an unusual one before AM and PM."""
    return " ".join(text.split())


def _credits(text: str) -> Decimal:
    if not _CREDITS.fullmatch(text):
        raise ValueError("must be a number from 0 to 9999 with at most three decimals, such as 1.0")
    return Decimal(text.replace(",", "."))


def _times_fault(values: Mapping[str, Any]) -> str | None:
    start, end = values.get("starts_at"), values.get("ends_at")
    if start is None or end is None:
        return None
    if end < start:
        return "is before the start"
    return f"is more than {LONGEST_SESSION.days} days after the start" if end - start > LONGEST_SESSION else None


def _written(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ")
    return "" if value is None else str(value)


_LONGEST = {"title": 500, "location": 300}
_TIMES = ("starts_at", "ends_at")
