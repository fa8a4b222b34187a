"""How long an import will take, told by the size of its file, before it is read.

Reading and importing take about a second together for 3,000 rows of text, and for 1,400 rows of a workbook, which is
parsed several times. What is larger is not imported within a request.
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

    A workbook is believed what it says of its parts: whoever makes it say less waits for the request.
    """
    if not data.startswith(workbook.ZIP_START):
        return len(data) > MOST_TEXT
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            return sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError):
        return False  # reading it says quickly what is wrong
