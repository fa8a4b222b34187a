"""Tells keys that somebody could guess from good ones.

The length says little: 32 equal letters are 32 characters. No test can prove that a key is random, but it is known what
people type when they have none at hand: a repeated word, a row of the keyboard, the example of a guide.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from typing import Final

#: Characters. A shorter key can be guessed.
KEY_CHARS: Final = 32
#: The command that makes a good one.
HOW: Final = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
#: A key with fewer different characters is a pattern; 32 random digits almost always have 9 or 10.
_DISTINCT: Final = 8
#: Bits by the frequencies of its characters; 32 random digits have about 100.
_BITS: Final = 80
#: Words from guides, examples and settings files, of at least six letters, so that a random key never contains one.
_PLACEHOLDERS: Final = (
    "changeme", "changethis", "replaceme", "replacethis", "yoursecret", "yourkey", "secretkey", "supersecret", "mysecret",
    "topsecret", "password", "passphrase", "placeholder", "example", "insecure", "notsecret", "development", "default",
    "qwerty", "qwertz", "azerty", "asdfgh", "abcdef", "123456", "654321", "deadbeef", "letmein", "sessionstatus",
)  # fmt: skip


def shape_fault(key: str) -> str | None:
    """Say why a text cannot be a key at all; None if it can. A comma would split it in the list of earlier keys."""
    if not key.isprintable() or re.search(r"[\s,]", key):
        return "must not contain a comma, white space or a control character"
    return None


def weakness(key: str) -> str | None:
    """Say why a key can be guessed; None if no reason is found. The text shows nothing of the key.

    1. It is long enough.
    2. It has many different characters.
    3. It is not a shorter text, repeated.
    4. It is not a row of neighbouring characters.
    5. It contains no well-known placeholder.
    6. Its characters are mixed well enough.
    """
    # 1. length
    if len(key) < KEY_CHARS:
        return f"must have at least {KEY_CHARS} characters"
    # 2. different characters
    if len(set(key)) < _DISTINCT:
        return f"must be random: it has only {len(set(key))} different characters"
    # 3. repetition
    period = _period(key)
    if 2 * period <= len(key):
        return f"must be random: it repeats the same {period} characters"
    # 4. rows
    steps = [abs(ord(after) - ord(before)) for before, after in pairwise(key)]
    if 2 * sum(step <= 1 for step in steps) > len(steps):
        return "must be random: most of its characters are neighbours, as in abc"
    # 5. placeholders
    letters = re.sub(r"[^a-z0-9]", "", key.lower())
    known = next((word for word in _PLACEHOLDERS if word in letters), None)
    if known:
        return f"must be random: it contains the placeholder {known!r}"
    # 6. mixture
    bits = _bits(key)
    return f"must be random: its characters carry about {bits:.0f} bits, fewer than {_BITS}" if bits < _BITS else None


def _period(text: str) -> int:
    """Return the length of the shortest beginning that, repeated, gives the text."""
    return next(
        size for size in range(1, len(text) + 1) if all(text[at] == text[at - size] for at in range(size, len(text)))
    )


def _bits(text: str) -> float:
    """Compute the information of a text's characters by their frequencies (Shannon)."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)
