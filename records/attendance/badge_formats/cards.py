"""Contact cards: vCard 2.1 to 4.0 (RFC 6350), and MECARD with its relative BIZCARD (NTT Docomo)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .code_text import ENCODINGS, ForeignCode, decoded

#: Properties with several values, which become parts of their own: "N/1" is the family name.
_STRUCTURED: Final = frozenset({"N", "ORG", "ADR"})
_FOLDED: Final = re.compile(r"\r?\n[ \t]")
_QUOTED_BREAK: Final = re.compile(r"=\r?\n")
_LINE: Final = re.compile(r"\r?\n|\r")
#: Other names of encodings, by which browsers understand these.
_OTHER_NAMES: Final = {
    "us-ascii": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "utf8": "utf-8",
}
_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def vcard(text: str, _options: Mapping[str, str]) -> dict[str, str]:
    """The properties of a vCard, the first of each name; a type is part of the name if the value would not be found otherwise."""
    if not re.match(r"BEGIN:VCARD\s", text, re.IGNORECASE):
        raise ForeignCode("it is no vCard")
    found: dict[str, str] = {}
    for line in _LINE.split(_unfolded(text)):
        head, between, value = line.partition(":")
        name, *parameters = head.split(";")
        name = name.rpartition(".")[2].strip().upper()
        if not between or not name or name in {"BEGIN", "END", "VERSION"}:
            continue
        if any(each.upper().endswith("QUOTED-PRINTABLE") for each in parameters):
            value = _printable(value, parameters)
        for key, part in _property(name, value).items():
            found.setdefault(key, part)
    return found


def mecard(text: str, _options: Mapping[str, str]) -> dict[str, str]:
    """The fields of a MECARD or BIZCARD. A name with a comma also has the parts "N/1" and "N/2"."""
    head, _, body = text.partition(":")
    if head.upper() not in {"MECARD", "BIZCARD"}:
        raise ForeignCode("it is neither a MECARD nor a BIZCARD")
    found: dict[str, str] = {}
    for item in _split(body, ";"):
        key, between, value = item.partition(":")
        key = key.strip().upper()
        if not between or not key:
            continue
        found.setdefault(key, _unescaped(value))
        halves = _split(value, ",")
        if key == "N" and len(halves) == 2:
            found.setdefault("N/1", _unescaped(halves[0]))
            found.setdefault("N/2", _unescaped(halves[1]))
    return found


def _property(name: str, value: str) -> dict[str, str]:
    if name not in _STRUCTURED:
        return {name: _unescaped(value)}
    return {f"{name}/{number}": _unescaped(each) for number, each in enumerate(_split(value, ";"), 1)}


def _unfolded(text: str) -> str:
    """Return the text with continued lines made one: RFC 6350, section 3.2, and quoted-printable of vCard 2.1."""
    if "QUOTED-PRINTABLE" in text.upper():
        text = _QUOTED_BREAK.sub("", text)
    return _FOLDED.sub("", text)


def _printable(value: str, parameters: list[str]) -> str:
    """Return a quoted-printable value (RFC 2045, section 6.7)."""
    named = next(
        (each.partition("=")[2].lower() for each in parameters if each.upper().startswith("CHARSET=")), "utf-8"
    )
    charset = _OTHER_NAMES.get(named, named)
    if charset not in ENCODINGS or not value.isascii():
        raise ForeignCode("a quoted-printable value cannot be read")
    return decoded(_HEX.sub(lambda found: bytes([int(found[1], 16)]), value.encode()), charset)


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that has no backslash before it."""
    parts, part, escaped = [], "", False
    for each in text:
        if each == separator and not escaped:
            parts.append(part)
            part = ""
            continue
        part += each
        escaped = each == "\\" and not escaped
    return [*parts, part]


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
