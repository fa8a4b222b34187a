"""Reports as files: CSV, JSON and Excel, written and read row by row.

CSV is UTF-8 with a byte order mark, and no cell of it can begin a formula. Cells of a workbook are texts, never formulas.
The same rows give the same bytes in every format.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final
from zipfile import BadZipFile, ZipFile, is_zipfile

from records.errors import RuleViolation
from records.spreadsheet_cells import guarded, unguarded

from .report_terms import KINDS
from .sheet_writer import MOST_ROWS, unescaped, write_sheet

Cells = Sequence[str]
#: How a workbook begins.
_ZIP: Final = b"PK\x03\x04"
#: Columns of a report at most.
_MOST_COLUMNS: Final = max(len(each.columns) for each in KINDS.values())
#: What the libraries raise for a file that is damaged or hostile: XML that is none, deep JSON, packed bytes that are wrong.
_UNREADABLE: Final = (
    *(ValueError, LookupError, TypeError, AttributeError, SyntaxError, RuntimeError, EOFError),
    *(zlib.error, csv.Error, BadZipFile),
)
#: Bytes that are unpacked at once.
_PIECE: Final = 64 * 1024
_LISTS: Final = json.JSONEncoder(ensure_ascii=False)


def write_csv(out: BinaryIO, headings: Cells, rows: Iterable[Cells]) -> None:
    """Write CSV."""
    out.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings)
    for cells in rows:
        writer.writerow([guarded(each) for each in cells])
    text.detach()


def write_json(out: BinaryIO, headings: Cells, rows: Iterable[Cells]) -> None:
    """Write a JSON object with the headings, and with a list of the rows, one a line."""
    out.write(b'{"columns": ' + _json(headings) + b',\n"rows": [')
    out.writelines((b",\n" if number else b"\n") + _json(cells) for number, cells in enumerate(rows))
    out.write(b"\n]}\n")


WRITERS: Final[dict[str, Callable[[BinaryIO, Cells, Iterable[Cells]], None]]] = {
    "csv": write_csv,
    "xlsx": write_sheet,
    "json": write_json,
}


def read(path: Path) -> Generator[Cells, None, None]:
    """Yield the headings and then the rows of a report in any of the formats. Raises RuleViolation for another file."""
    with path.open("rb") as file:
        begins = file.read(4)
    reader = _read_xlsx if begins == _ZIP else _read_json if begins[:1] == b"{" else _read_csv
    with _readable():
        yield from reader(path)


def unpacked_size(path: Path) -> int:
    """Return how many bytes a workbook says to hold, or how many another file has. Raises RuleViolation for a damaged one."""
    if not is_zipfile(path):
        return path.stat().st_size
    with _readable(), ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def tags_in(path: Path) -> int:
    """Return how many tags a workbook has, by which its reading takes long; 0 for another file. Raises as `unpacked_size`."""
    if not is_zipfile(path):
        return 0
    with _readable(), ZipFile(path) as archive, ExitStack() as members:
        opened = (members.enter_context(archive.open(each)) for each in archive.infolist())
        return sum(piece.count(b"<") for member in opened for piece in iter(partial(member.read, _PIECE), b""))


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE:
        raise RuleViolation("file", "is not a report of attendance, in CSV, JSON or Excel") from None


def _read_csv(path: Path) -> Iterator[Cells]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in csv.reader(file, strict=True):
            bare = [unguarded(each) for each in cells]
            if [guarded(each) for each in bare] != cells:
                raise ValueError("has a cell that begins a formula, which no report has")
            yield bare


def _read_json(path: Path) -> Iterator[Cells]:
    found = json.loads(path.read_bytes())
    yield _texts(found["columns"])
    for cells in found["rows"]:
        yield _texts(cells)


def _read_xlsx(path: Path) -> Iterator[Cells]:
    """Read the only sheet: of several, people may see another one than that which is checked.

    It is read no farther than a report can reach, because a file may claim any size, and any place for a cell.
    """
    openpyxl = import_module("openpyxl")  # large, and no other work of a server needs it
    with path.open("rb") as file, closing(openpyxl.load_workbook(file, read_only=True)) as workbook:
        (name,) = workbook.sheetnames
        sheet = workbook[name]
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_row=MOST_ROWS, values_only=True):
            if len(cells) > _MOST_COLUMNS:
                raise ValueError("has more columns than a report")
            yield ["" if each is None else unescaped(str(each)) for each in cells]


def _texts(cells: Any) -> Cells:
    if not isinstance(cells, list) or not all(isinstance(each, str) for each in cells):
        raise ValueError("a row must be a list of texts")
    return cells


def _json(cells: Cells) -> bytes:
    return _LISTS.encode(list(cells)).encode()
