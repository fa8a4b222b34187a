"""A CSV file as a table: its encoding and its delimiter.

The encoding is found by rules, not by guessing from letters: a mark at the start, UTF-16 by its zeros, UTF-8 if all of it is
UTF-8, otherwise Windows-1252, which spreadsheets of the Americas and western Europe write. A note then says so.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator

from .cell_table import Cell, CellTable, unreadable
from .file_faults import FileFault

_DELIMITERS = (",", ";", "\t")
#: Bytes by which UTF-16 without a mark is recognised.
_LOOKED_AT = 200
WINDOWS_NOTE = (
    "The file is not UTF-8, so it was read as Windows-1252. Check the letters with accents; if they are wrong, save the "
    "file as “CSV UTF-8” or as an Excel workbook."
)


def read(data: bytes, known: Iterable[str]) -> CellTable:
    """Read a CSV file. `known` are headings by which the right delimiter is recognised."""
    encoding = _encoding(data)
    if encoding == "cp1252" and (row := _mixed_row(data)):
        return unreadable(row, "the file mixes UTF-8 with another encoding: save it as “CSV UTF-8”")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        return unreadable(row, "the file is neither UTF-8, UTF-16 nor Windows-1252: save it as “CSV UTF-8”")
    text = text.removeprefix("\ufeff")
    faults: list[FileFault] = []
    rows = _rows(text, _delimiter(text, frozenset(known)), faults)
    return CellTable(rows, faults, [WINDOWS_NOTE] if encoding == "cp1252" else [])


def _encoding(data: bytes) -> str:
    """Return the name of the encoding. Windows-1252 is the last resort; the bytes may be something else."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    start = data[:_LOOKED_AT]
    for encoding, zeros, letters in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if zeros and zeros.count(0) * 2 > len(zeros) and not letters.count(0):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _mixed_row(data: bytes) -> int:
    """Return the row of the first bad byte in a file that also contains valid UTF-8 letters; 0 if it contains none."""
    text = data.decode("utf-8", "surrogateescape")
    if all(c < "\x80" or "\udc80" <= c <= "\udcff" for c in text):
        return 0
    bad = next(at for at, c in enumerate(text) if "\udc80" <= c <= "\udcff")
    return text.count("\n", 0, bad) + 1


def _rows(text: str, delimiter: str, faults: list[FileFault]) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the rows that are not blank, with their numbers; a broken quotation ends the file with a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
            yield number, list(cells)


def _delimiter(text: str, known: frozenset[str]) -> str:
    """Return the delimiter with which the heading has the most known columns, and then the most columns."""
    return max(_DELIMITERS, key=lambda delimiter: _score(text, delimiter, known))


def _score(text: str, delimiter: str, known: frozenset[str]) -> tuple[int, int]:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(cells):
                return sum(heading_key(cell) in known for cell in cells), len(cells)
    except csv.Error:
        pass
    return -1, 0


def heading_key(heading: str) -> str:
    """Return the form in which headings are compared: without case, blanks, `_` and `-`."""
    return "".join(c for c in heading if not c.isspace() and c not in "_-").casefold()
