"""Draws QR codes that the service shows or prints itself, as the path of an SVG.

Only our own texts are drawn here. Images from outside are read in a process of their own (`image_decoder`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import zxingcpp

#: Modules of white around a QR code (ISO/IEC 18004).
QUIET: Final = 4
#: Characters of a text: a code with more is hard to read from paper.
LONGEST: Final = 500


@dataclass(frozen=True)
class CodeDrawing:
    """A square of `size` units with its white margin, and the path of what is dark in it."""

    size: int
    path: str


def qr_code(text: str) -> CodeDrawing:
    """Draw a text of at most 500 characters, as UTF-8. A quarter of the code may be damaged."""
    if not 0 < len(text) <= LONGEST:
        raise ValueError(f"a code has 1 to {LONGEST} characters")
    code = zxingcpp.create_barcode(text.encode(), zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    lines = (_row(row, y + QUIET) for y, row in enumerate(rows))
    return CodeDrawing(len(rows) + 2 * QUIET, "".join(lines))


def _row(row: list[int], y: int) -> str:
    """The dark modules of one row: one rectangle for each run of them."""
    dark = [value == 0 for value in row]
    starts = [x for x, is_dark in enumerate(dark) if is_dark and not (x and dark[x - 1])]
    ends = [x for x, is_dark in enumerate(dark, 1) if is_dark and not (x < len(dark) and dark[x])]
    return "".join(
        f"M{start + QUIET} {y}h{end - start}v1h-{end - start}z" for start, end in zip(starts, ends, strict=True)
    )
