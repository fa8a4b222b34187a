"""The parts of an Excel file, limited and checked before any library reads them.

An .xlsx file is a ZIP file of XML files, and both can be bombs. In order:

1. The number of members is limited.
2. Only XML is unpacked; pictures, macros and everything else are not.
3. Each member is unpacked in small steps, up to a limit for itself and for all together. The sizes in the file are not
   trusted; its checksums must be right.
4. Each is well-formed XML in an encoding that expat knows, without a document type, so no entity is ever declared. Its
   depth is limited, and so are the number of sheets and of different names (libxml2 keeps every new name).
5. The XML is packed again, so that the library reads exactly what was checked.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

#: Bytes of XML of one member that is streamed (a sheet, the texts), of any other, and of all members.
LARGEST_SHEET = 32 * 1024 * 1024
LARGEST_PART = 4 * 1024 * 1024
LARGEST_TOTAL = 48 * 1024 * 1024
MOST_PARTS = 500
MOST_SHEETS = 20
DEEPEST_XML = 64
#: Different names of elements and attributes in one member.
MOST_NAMES = 1000
_STEP = 64 * 1024
_STREAMED = ("xl/worksheets/", "xl/sharedStrings.xml")
_DAMAGED = "the file is damaged, or is not an Excel workbook (.xlsx)"


@dataclass(frozen=True)
class WorkbookParts:
    """The checked file, and what the library does not tell about its sheets, by the names of their members."""

    packed: io.BytesIO
    formulas: frozenset[str]  #: sheets with formulas
    hidden_rows: dict[str, int]


class PartsRefused(Exception):
    """The file is refused; the text says why, in words that follow "Row 1:"."""


def open_parts(data: bytes) -> WorkbookParts:
    """Check a file. Raises PartsRefused."""
    try:
        return _checked(ZipFile(io.BytesIO(data)))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, UnicodeDecodeError) as error:
        raise PartsRefused(_DAMAGED) from error
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding that expat does not know
        raise PartsRefused(f"{_DAMAGED}: its XML cannot be read") from error


def _checked(archive: ZipFile) -> WorkbookParts:
    members = archive.infolist()
    # 1.
    if len(members) > MOST_PARTS:
        raise PartsRefused(f"the workbook has more than {MOST_PARTS} parts")
    packed, formulas, hidden, total = io.BytesIO(), set(), {}, 0
    with ZipFile(packed, "w", ZIP_STORED) as target:
        for member in members:
            # 2.
            if not member.filename.endswith((".xml", ".rels")):
                continue
            # 3.
            xml = _unpacked(archive, member, LARGEST_TOTAL - total)
            total += len(xml)
            # 4.
            seen = _PartCheck(xml)
            if seen.formulas:
                formulas.add(member.filename)
            if seen.hidden_rows:
                hidden[member.filename] = seen.hidden_rows
            # 5.
            target.writestr(ZipInfo(member.filename), xml)
    if "[Content_Types].xml" not in archive.namelist():
        raise PartsRefused(_DAMAGED)
    packed.seek(0)
    return WorkbookParts(packed, frozenset(formulas), hidden)


def _unpacked(archive: ZipFile, member: ZipInfo, left: int) -> bytes:
    most = min(left, LARGEST_SHEET if member.filename.startswith(_STREAMED) else LARGEST_PART)
    out = bytearray()
    with archive.open(member) as packed:
        while step := packed.read(_STEP):
            out += step
            if len(out) > most:
                raise PartsRefused(
                    "the workbook is too large when it is unpacked: save a workbook with only the sheet of the agenda"
                )
    return bytes(out)


class _PartCheck:
    """Parses one member for its checks, and counts formulas and hidden rows."""

    def __init__(self, xml: bytes) -> None:
        self.formulas = self.hidden_rows = self._depth = self._sheets = 0
        self._names: set[str] = set()
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(xml, True)

    def _refuse_doctype(self, *_: Any) -> None:
        raise PartsRefused(f"{_DAMAGED}: its XML declares a document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST_XML:
            raise PartsRefused(f"{_DAMAGED}: its XML is nested too deep")
        self._names.update((name, *attributes))
        if len(self._names) > MOST_NAMES:
            raise PartsRefused(f"{_DAMAGED}: its XML has too many names")
        local = name.rpartition(":")[2]
        if local == "f":
            self.formulas += 1
        elif local == "row" and attributes.get("hidden") in ("1", "true"):
            self.hidden_rows += 1
        elif local == "sheet":
            self._sheets += 1
            if self._sheets > MOST_SHEETS:
                raise PartsRefused(
                    f"the workbook has more than {MOST_SHEETS} sheets: save a workbook with only the sheet of the agenda"
                )

    def _end(self, _: str) -> None:
        self._depth -= 1
