"""Texts that people chose, as one short line that cannot change how the rest of a sentence, a header or a page is read.

Names come from identity providers, so they may contain anything:

1. Line breaks, control characters and characters that change the direction of text are taken out.
2. The beginning of an encoded word (RFC 2047) is broken up: a mail program, and `email` itself, would decode it, with the
   line breaks in it.
3. The line is cut.
"""

from __future__ import annotations

import unicodedata
from typing import Final

#: Characters of a name in a sentence.
LONGEST_NAME: Final = 60
_CUT: Final = "…"
#: Controls, surrogates, formats (such as changes of direction), private use, unassigned, separators of lines and paragraphs.
_UNSHOWN: Final = frozenset({"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"})


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Return the text as a line of at most `longest` characters."""
    shown = "".join(
        " " if unicodedata.category(one) in _UNSHOWN else one for one in unicodedata.normalize("NFC", text)
    )  # 1
    line = " ".join(shown.split()).replace("=?", "= ?")  # 2
    return line if len(line) <= longest else line[: longest - 1].rstrip() + _CUT  # 3
