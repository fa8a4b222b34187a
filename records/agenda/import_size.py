"""Estimates how long an import will take, by the size of its file, before it is read.

Reading and importing together take about a second for 3,000 rows of text, and for 1,400 rows of a workbook, which is
parsed several times. A larger file is not imported within a request.
"""

from __future__ import annotations

import io
from zipfile import BadZipFile, ZipFile

from . import workbook

#: Bytes of a CSV file, and of the unpacked parts of a workbook, up to which an import takes about a second.
MOST_TEXT = 700 * 1000
MOST_UNPACKED = 1000 * 1000


def takes_long(data: bytes) -> bool:
    """Say whether importing a file takes more than about a second.

    For a workbook, the sizes in the file are used. If they are wrong, the only effect is that its person waits.
    """
    if not data.startswith(workbook.ZIP_START):
        return len(data) > MOST_TEXT
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            return sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError):
        return False  # reading it will quickly show what is wrong
