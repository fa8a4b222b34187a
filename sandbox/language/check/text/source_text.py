r"""Checks a script's text before any parser reads it.

What a reviewer sees must be what runs: no character that hides, reorders or imitates, and no size that would only
overload the tools. Inside strings an author can always write an escape, for example `\\u200d`.
"""

from __future__ import annotations

import bisect
import contextlib
import io
import re
import tokenize
import unicodedata
from typing import Any

from sandbox.language.rules.findings import Findings

#: Bytes of UTF-8.
MAX_SOURCE_BYTES = 32_000

_JOINERS = frozenset("\u200c\u200d")
_SUSPICIOUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_ENCODING_COMMENT = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = frozenset({"utf-8", "utf8", "utf_8"})
_STRING_TOKENS = frozenset(
    getattr(tokenize, name) for name in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE") if hasattr(tokenize, name)
)


def check_text(source: str, findings: Findings) -> bool:
    """Report what is wrong with the text; return whether a parser may read it."""
    size = len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_SOURCE_BYTES:
        findings.at(*_limit_place(source), "too-long", size=size, limit=MAX_SOURCE_BYTES)
        return False
    _check_encoding_comment(source, findings)
    readable = True
    joiners = _JoinerPlaces(source)
    line, line_start, scanned = 1, 0, 0
    for match in _SUSPICIOUS.finditer(source):
        line += source.count("\n", scanned, match.start())
        scanned = match.start()
        line_start = source.rfind("\n", 0, match.start()) + 1
        column = match.start() - line_start + 1
        readable &= _check_character(source, match.start(), (line, column), findings, joiners)
    return readable


def _limit_place(source: str) -> tuple[int, int]:
    """Line and column of the first character beyond the limit."""
    within = source.encode("utf-8", "surrogatepass")[:MAX_SOURCE_BYTES].decode("utf-8", "replace")
    return within.count("\n") + 1, len(within) - within.rfind("\n")


def _check_character(
    source: str, index: int, place: tuple[int, int], findings: Findings, joiners: _JoinerPlaces
) -> bool:
    character = source[index]
    code = ord(character)
    words: dict[str, Any] = {
        "code": f"U+{code:04X}",
        "escape": ascii(character).strip("'"),
    }
    if character == "\r":
        if source[index + 1 : index + 2] != "\n":
            findings.at(*place, "lone-return")
        return True
    if character == "\ufeff" and index == 0:
        findings.at(*place, "byte-order-mark")
        return False
    if unicodedata.category(character) == "Cs":
        findings.at(*place, "not-text", why=f"{words['code']} is half of a character.")
        return False
    if character in _JOINERS:
        if not joiners.allows(index, place):
            findings.at(*place, "joiner", **words)
        return True
    rule = "control-character" if unicodedata.category(character) == "Cc" else "invisible-character"
    findings.at(*place, rule, **words)
    return character != "\0"


def _check_encoding_comment(source: str, findings: Findings) -> None:
    for number, line in enumerate(source.split("\n", 2)[:2], start=1):
        encoding = _ENCODING_COMMENT.match(line)
        if encoding:
            findings.at(number, 1, "coding-utf8" if encoding[1].lower() in _UTF8 else "coding")


class _JoinerPlaces:
    """Decides where a joiner is allowed: inside a string, between two letters, marks, numbers or symbols, not both ASCII."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._spans: list[tuple[tuple[int, int], tuple[int, int]]] | None = None

    def allows(self, index: int, place: tuple[int, int]) -> bool:
        before, after = self._source[max(index - 1, 0) : index], self._source[index + 1 : index + 2]
        if not (_is_joinable(before) and _is_joinable(after)) or (before + after).isascii():
            return False
        if self._spans is None:
            self._spans = _string_spans(self._source)
        position = (place[0], place[1] - 1)
        number = bisect.bisect_left(self._spans, (position, position)) - 1
        return number >= 0 and position < self._spans[number][1]


def _is_joinable(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "LMNS"


def _string_spans(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    tokens: list[tokenize.TokenInfo] = []
    # the parser will report a fault; the strings before it count
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        tokens.extend(tokenize.generate_tokens(io.StringIO(source).readline))
    return [((token.start[0], token.start[1] - 1), token.end) for token in tokens if token.type in _STRING_TOKENS]
