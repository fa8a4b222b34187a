"""The text encodings that scripts may name: a fixed few, all loaded before the lock-down.

Python loads an encoding from a file when it is first used; in the jail that would fail.
"""

from __future__ import annotations

from types import MappingProxyType

from sandbox.language.run.guards.c_calls import drained
from sandbox.language.run.values.value_text import text_of

#: Python's name of an encoding -> the names that scripts may use, normalised to underscores.
_ENCODINGS = MappingProxyType(
    {
        "utf-8": ("utf_8", "utf8", "u8"),
        "utf-8-sig": ("utf_8_sig", "utf8_sig"),
        "utf-16": ("utf_16", "utf16"),
        "utf-16-le": ("utf_16_le", "utf_16le"),
        "utf-16-be": ("utf_16_be", "utf_16be"),
        "ascii": ("ascii", "us_ascii"),
        "latin-1": ("latin_1", "latin1", "iso_8859_1", "iso8859_1", "l1"),
        "iso8859-15": ("iso8859_15", "iso_8859_15", "latin_9", "latin9"),
        "cp1252": ("cp1252", "windows_1252"),
        "idna": ("idna",),
    }
)
_NAMES = MappingProxyType({alias: name for name, aliases in _ENCODINGS.items() for alias in aliases})
_ERRORS = ("strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace")


def encode(text: str, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    """`str.encode` with an offered encoding."""
    return text.encode(_offered(encoding), _offered_errors(errors))


def decode(data: bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """`bytes.decode` with an offered encoding."""
    return bytes(data).decode(_offered(encoding), _offered_errors(errors))


def make_text(value: object = "", encoding: str | None = None, errors: str = "strict") -> str:
    """`str(...)`."""
    if encoding is None:
        return text_of(value)
    if type(value) is not bytes:
        raise TypeError("str(value, encoding) needs bytes")
    return decode(value, encoding, errors)


def make_bytes(value: object = b"", encoding: str | None = None, errors: str = "strict") -> bytes:
    """`bytes(...)`."""
    if isinstance(value, str):
        if encoding is None:
            raise TypeError('bytes(text) needs an encoding; write text.encode("utf-8")')
        return encode(value, encoding, errors)
    return bytes(drained(value))


def load_encodings() -> None:
    """Load every offered encoding in both directions, and what IDNA needs besides."""
    for encoding in _ENCODINGS:
        "touch".encode(encoding).decode(encoding)
    "b\u00fccher.example".encode("idna").decode("idna")


def _offered(encoding: object) -> str:
    if not isinstance(encoding, str):
        raise TypeError("the encoding must be a string")
    name = _NAMES.get(encoding.lower().replace("-", "_").replace(" ", "_"))
    if name is None:
        raise LookupError(f"the encoding {encoding[:40]!r} is not offered; choose one of {', '.join(_ENCODINGS)}")
    return name


def _offered_errors(errors: object) -> str:
    if errors not in _ERRORS:
        raise LookupError(f"errors must be one of {', '.join(_ERRORS)}")
    return str(errors)
