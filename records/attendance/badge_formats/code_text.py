"""The text in a code: its encoding, the frame around what is of interest, and Base64.

A code holds bytes. Encoders rarely say which encoding they used, so the format of the event says it.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

#: Bytes of a code. The largest QR code holds 2,953.
MOST_BYTES: Final = 4096
#: What codes are written in, by the names that browsers know, too (WHATWG Encoding).
ENCODINGS: Final = ("utf-8", "windows-1252", "shift_jis", "gb18030", "big5", "euc-kr")
#: Python's names for what browsers understand by those.
_CODECS: Final = {"shift_jis": "cp932", "big5": "big5hkscs", "euc-kr": "cp949"}
#: Characters that the codec gives to bytes which have no meaning; browsers refuse those bytes.
_NO_MEANING: Final = {"shift_jis": frozenset("\xa0\uf8f0\uf8f1\uf8f2\uf8f3")}
#: What encoders choose between for each code, in the order in which they are tried: Latin-1 is part of Windows-1252.
_WESTERN: Final = ("utf-8", "windows-1252")
#: White space and marks that scanners and encoders put around a code: NUL, STX, ETX and the byte order mark.
_AROUND: Final = "\0\2\3 \t\r\n\ufeff"


class ForeignCode(Exception):
    """A code is not of the event's format. The text says why."""


@dataclass(frozen=True, slots=True)
class CodeText:
    """How the text of a code is found."""

    encoding: str = "utf-8"
    prefix: str = ""
    suffix: str = ""
    base64: bool = False  #: between prefix and suffix; standard or URL-safe, with or without padding

    def of(self, payload: bytes | str) -> str:
        """Return the text of a code, or of what a hand scanner has typed. Raises `ForeignCode`."""
        text = (payload if isinstance(payload, str) else self._text_in(payload)).strip(_AROUND)
        _check_length(text.encode("utf-8", "surrogatepass"))
        if not (text.startswith(self.prefix) and text.endswith(self.suffix)) or len(text) < self._frame:
            raise ForeignCode("it does not begin and end as the badges of this event")
        text = text[len(self.prefix) : len(text) - len(self.suffix)]
        if self.base64:
            text = self._text_in(unpacked(text)).strip(_AROUND)
        if not text:
            raise ForeignCode("it is empty")
        return text

    def _text_in(self, payload: bytes) -> str:
        """Return the text of these bytes. Raises `ForeignCode`.

        Of one event's badges, “García” is often in Latin-1 and “Nguyễn” in UTF-8, and examples without such letters are in both.
        What is valid UTF-8 is hardly ever anything else.
        """
        if self.encoding not in _WESTERN:
            return decoded(payload, self.encoding)
        try:
            return decoded(payload, _WESTERN[0])
        except ForeignCode:
            return decoded(payload, _WESTERN[1])

    @property
    def _frame(self) -> int:
        return len(self.prefix) + len(self.suffix)


def decoded(payload: bytes, encoding: str) -> str:
    """Return the text of these bytes. Raises `ForeignCode`."""
    _check_length(payload)
    try:
        text = payload.decode(_CODECS.get(encoding, encoding))
    except UnicodeDecodeError:
        text = None
    if text is None or not _NO_MEANING.get(encoding, frozenset()).isdisjoint(text):
        raise ForeignCode(f"it is not written in {encoding}")
    return text


def _check_length(payload: bytes) -> None:
    if len(payload) > MOST_BYTES:
        raise ForeignCode(f"it is longer than {MOST_BYTES} bytes")


def unpacked(text: str) -> bytes:
    """Return the bytes of a Base64 text (RFC 4648, sections 4 and 5). Raises `ForeignCode`."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ForeignCode("it is not Base64") from None
