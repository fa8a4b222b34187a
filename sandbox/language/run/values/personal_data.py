"""Blanks e-mail addresses and tokens in the beginning of a vendor's text that an error shows.

The text of an error is stored with its run and read by people who may not see the user's data. What looks like an address
or a token is blanked, more rather than less: the error needs only to show what kind of answer came.
"""

from __future__ import annotations

import re

BLANKED = "[…]"
#: Characters before an "@" and after it; more of them is no address, and the search stays short.
_ADDRESS = re.compile(r"[^\s<>\"'(),:;=&?/\\]{1,100}(?:@|%40|&#64;)[^\s<>\"'(),:;&?/\\]{0,100}")
_NAMED = re.compile(
    r"(?i)((?:(?:token|secret|passw(?:or)?d|pwd|api.?key|signature|sig|credential|session.?id|ticket|code)"
    r"[\"']?\s{0,3}[:=]|bearer|basic)\s{0,3}[\"']?)([^\s\"'<>&,;]{4,})"
)
#: Letters and digits in one piece, as no word is: long, with a digit.
_LONG = re.compile(r"(?=[A-Za-z_~+=-]{0,200}[0-9])[A-Za-z0-9_~+=-]{20,}")
#: Characters that are looked at for each one that is shown, so that no address is cut before it is found.
_LOOKED_AT = 4


def beginning_of(text: str, length: int) -> str:
    """The first characters of a text, without e-mail addresses and tokens."""
    shown = text[: length * _LOOKED_AT]
    for pattern, blank in ((_ADDRESS, BLANKED), (_NAMED, rf"\1{BLANKED}"), (_LONG, BLANKED)):
        shown = pattern.sub(blank, shown)
    return shown[:length]
