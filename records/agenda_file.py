"""The agenda as a CSV file: reading one that people made with a spreadsheet, and writing one that reads back the same.

Reading never raises: whatever is wrong is a fault with its row and column, as the spreadsheet shows them (the heading
is row 1). All faults of a file are found in one go. What a row means beside other rows is the business of `sessions`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from . import fields
from .spreadsheet_cells import guarded, unguarded

#: Bytes of a file, rows below its heading, columns.
LARGEST_FILE = 8 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 100
LONGEST_SESSION = timedelta(days=31)
_YEARS = range(1970, 2200)
_DELIMITERS = (",", ";", "\t")

#: The columns with a meaning, as they are written, and which field each fills. Any other column is an attribute.
COLUMNS = {
    "ID": "session_id",
    "Title": "title",
    "Start Time": "starts_at",
    "End Time": "ends_at",
    "Location": "location",
    "Parent ID": "parent_id",
    "Credits": "credits",
}
REQUIRED = ("session_id", "title", "starts_at", "ends_at")
_ALSO_CALLED = {"Session ID": "session_id", "Parent Session ID": "parent_id"}
_SESSION_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:~-]{0,127}")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_CREDITS = re.compile(r"\d{1,4}(?:[.,]\d{1,3})?", re.ASCII)
_BREAKS = re.compile(r"[\r\n\t\v\f]+")


@dataclass(frozen=True, order=True)
class FileFault:
    """What is wrong at one place of a file; `column` is its heading, or empty when the whole row is meant."""

    row: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"Row {self.row}, column {self.column}: {self.what}" if self.column else f"Row {self.row}: {self.what}"


@dataclass(frozen=True)
class FileRow:
    """The good values of one row, by field. A column which the file does not have is in neither of the two."""

    row: int
    values: dict[str, Any]
    attributes: dict[str, str]  #: "" for an empty cell


@dataclass(frozen=True)
class AgendaFile:
    """What a file says. `headings` are the file's own words for the fields it has."""

    rows: list[FileRow] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)


def session_id(value: Any) -> str:
    """Check a session's id: it stands in addresses."""
    if not isinstance(value, str) or not _SESSION_ID.fullmatch(value):
        raise ValueError("has 1 to 128 letters, digits, '-', '_', '.', ':' or '~', and starts with a letter or digit")
    return value


def read(data: bytes, zone: ZoneInfo) -> AgendaFile:
    """Read a file; times without an offset are meant in `zone`."""
    if len(data) > LARGEST_FILE:
        return AgendaFile(faults=[FileFault(1, "", f"the file has more than {LARGEST_FILE // 1024 // 1024} MB")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        return AgendaFile(faults=[FileFault(row, "", "the file is not UTF-8: save it as 'CSV UTF-8'")])
    file = AgendaFile()
    records = _records(text, file.faults)
    first = next(records, None)
    if first is None:
        file.faults.extend([] if file.faults else [FileFault(1, "", "the file is empty")])
        return file
    names = _heading(*first, file)
    if not file.faults:
        file.rows.extend(_rows(records, names, zone, file))
    return file


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


def _records(text: str, faults: list[FileFault]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, with their numbers; a broken quotation ends the file with a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            faults.append(FileFault(number, "", f"cannot be read from here on: {error}"))
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield number, cells


def _delimiter(text: str) -> str:
    """Choose the delimiter which finds most known columns in the heading, and then most columns at all."""
    return max(_DELIMITERS, key=lambda delimiter: _score(text, delimiter))


def _score(text: str, delimiter: str) -> tuple[int, int]:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(cells):
                return sum(_key(cell) in _KNOWN for cell in cells), len(cells)
    except csv.Error:
        pass
    return -1, 0


def _heading(row: int, cells: list[str], file: AgendaFile) -> list[str]:
    """Return what each column is: a field, `+` and an attribute's name, or "" for one without a name."""
    if len(cells) > MOST_COLUMNS:
        file.faults.append(FileFault(row, "", f"has more than {MOST_COLUMNS} columns"))
        return []
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        try:
            heading = _line(cell, 100)
        except ValueError as fault:
            file.faults.append(FileFault(row, f"number {position}", f"its heading {fault}"))
            continue
        name = _KNOWN.get(_key(heading)) or (heading and f"+{heading}")
        if name and name in names:
            file.faults.append(FileFault(row, heading, "is there twice"))
        names.append(name)
        if name in COLUMNS.values():
            file.headings[name] = heading
    for column, name in COLUMNS.items():
        if name in REQUIRED and name not in names:
            file.faults.append(FileFault(row, column, "is missing"))
    return names


def _rows(
    records: Iterable[tuple[int, list[str]]], names: list[str], zone: ZoneInfo, file: AgendaFile
) -> Iterator[FileRow]:
    for count, (row, cells) in enumerate(records, 1):
        if count > MOST_ROWS:
            file.faults.append(FileFault(row, "", f"the file has more than {MOST_ROWS} rows"))
            return
        yield _row(row, cells, names, zone, file)


def _row(row: int, cells: list[str], names: list[str], zone: ZoneInfo, file: AgendaFile) -> FileRow:
    """Read one row; each fault goes to the file's, and only good values into the row."""
    found = FileRow(row, {}, {})
    if any(cell.strip() for cell in cells[len(names) :]):
        file.faults.append(FileFault(row, "", f"has more cells than the heading has columns ({len(names)})"))
    padded = [*cells, *[""] * (len(names) - len(cells))]
    for position, (name, cell) in enumerate(zip(names, padded, strict=False), 1):
        heading = file.headings.get(name) or name[1:] or f"number {position}"
        try:
            value = _value(name, cell, zone)
        except ValueError as fault:
            file.faults.append(FileFault(row, heading, str(fault)))
            continue
        if name.startswith("+"):
            found.attributes[name[1:]] = value
        elif name:
            found.values[name] = value
    reason = _times_fault(found.values)
    if reason:
        file.faults.append(FileFault(row, file.headings["ends_at"], reason))
    return found


def _value(name: str, cell: str, zone: ZoneInfo) -> Any:
    """Read a cell as what its column is. Raises ValueError with the reason."""
    text = _line(cell, _LONGEST.get(name, 2000))
    if name in REQUIRED and not text:
        raise ValueError("is missing")
    if name == "" and text:
        raise ValueError("holds something, but the column has no heading")
    if name in ("starts_at", "ends_at"):
        return _moment(text, zone)
    if name == "session_id":
        return session_id(text)
    if name == "parent_id":
        return session_id(text) if text else None
    if name == "credits":
        return _credits(text) if text else None
    return text


def _line(cell: str, longest: int) -> str:
    """Make one line of a cell, without the quotes that keep a spreadsheet from computing it."""
    return str(fields.line(longest)(_BREAKS.sub(" ", unguarded(cell))))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a time. One which the clocks skipped or showed twice is a fault: guessing would move a session by an hour."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("is not written YYYY-MM-DD HH:MM, such as 2026-07-15 09:00")
    day, clock, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError:
        raise ValueError("is no time of the calendar") from None
    if moment.year not in _YEARS:
        raise ValueError(f"is not in the years {_YEARS[0]} to {_YEARS[-1]}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    local = moment.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(f"does not exist in {zone.key}: the clocks were put forward over it")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(
            f"happens twice in {zone.key}, because the clocks were put back: write which one is meant, "
            f"{local.isoformat(sep=' ', timespec='minutes')} or {local.replace(fold=1).isoformat(sep=' ', timespec='minutes')}"
        )
    return local.astimezone(UTC)


def _credits(text: str) -> Decimal:
    if not _CREDITS.fullmatch(text):
        raise ValueError("is not a number from 0 to 9999 with at most three decimals, such as 1.0")
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


def _key(heading: str) -> str:
    return re.sub(r"[\s_-]+", "", heading).casefold()


_KNOWN = {_key(heading): name for heading, name in (COLUMNS | _ALSO_CALLED).items()}
_LONGEST = {"title": 500, "location": 300}
