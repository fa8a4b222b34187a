"""Cells of the CSV files that we write, protected so that no spreadsheet computes what somebody typed into a name.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and a program for another country splits
our lines in other places. So a `'` is put before every formula that could begin a cell, and removed again when reading.
"""

from __future__ import annotations

import re
from typing import Final

#: Characters after which a program may begin a cell: comma, semicolon, tab, bar, and all line ends.
SEPARATORS: Final = ",;\t|\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"
#: Characters that a program may strip at the start of a cell: white space, quotes, invisible characters.
_SKIPPED: Final = r"\s\"\0\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
#: `=`, `+`, `-`, `@` in all their forms (whose NFKC begins with one of them): Japanese spreadsheets accept U+FF1D too.
TRIGGERS: Final = "=+\\-@\u207a\u207c\u208a\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20\u2a75\u2a76"

_OPEN = re.compile(rf"((?:\A|[{SEPARATORS}])[{_SKIPPED}]*)('*)(?=[{TRIGGERS}])")
_GUARDED = re.compile(rf"((?:\A|[{SEPARATORS}])[{_SKIPPED}]*)'('*)(?=[{TRIGGERS}])")


def guarded(text: str) -> str:
    """Return the text with a `'` before each place where a formula could begin."""
    if text.isalnum() or not _OPEN.search(text):  # most cells; to replace nothing takes five times as long
        return text
    return _OPEN.sub(r"\1'\2", text)


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return _GUARDED.sub(r"\1\2", text)
