"""The parts of a code's text, by name. Each kind of code has one function, which returns them or raises `ForeignCode`.

Lists have parts named "1", "2" and so on; pairs and cards those of their keys; JSON has JSON Pointers (RFC 6901).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote, unquote_plus

from .cards import mecard, vcard
from .code_text import ForeignCode
from .patterns import pattern
from .trees import json_tree, xml_tree

Parts = dict[str, str]

#: Characters of a separator.
LONGEST_SEPARATOR: Final = 4
MOST_PARTS: Final = 200
#: Authority, path, query and fragment (RFC 3986, appendix B).
_ADDRESS: Final = re.compile(r"https?://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE)
#: What is not the host: a user before it, a port behind it.
_HOST: Final = re.compile(r"^.*@|:[0-9]*$")


def bare(text: str, _options: Mapping[str, str]) -> Parts:
    """The whole text is one part, named "1"."""
    if "\n" in text:
        raise ForeignCode("it has several lines")
    return {"1": text}


def delimited(text: str, options: Mapping[str, str]) -> Parts:
    """A list. With `quotes`, a part may stand in double quotes, which are doubled inside."""
    separator = options["separator"]
    values = _quoted(text, separator) if options.get("quotes") else text.split(separator)
    if len(values) < 2:
        raise ForeignCode("its parts are not separated as on the badges of this event")
    return numbered(values)


def pairs(text: str, options: Mapping[str, str]) -> Parts:
    """Keys with values. The first of two equal keys counts."""
    found: Parts = {}
    for item in text.split(options["separator"]):
        key, between, value = item.partition(options["between"])
        if between:
            found.setdefault(key.strip(), value.strip())
    if not found:
        raise ForeignCode("it has no keys with values")
    return _few(found)


def address(text: str, _options: Mapping[str, str]) -> Parts:
    """An address: host, path segments, query parameters and fragment, percent-decoded."""
    found = _ADDRESS.fullmatch(text)
    host = _HOST.sub("", found[1]).lower() if found else ""
    if not found or not host or any(each.isspace() for each in text):
        raise ForeignCode("it is not a web address")
    segments = [unquote(each) for each in found[2].split("/") if each]
    parts = {"host": host} | {f"path/{number}": each for number, each in enumerate(segments, 1)}
    for item in (found[3] or "").split("&"):
        key, _, value = item.partition("=")
        if item:
            parts.setdefault(f"query/{unquote_plus(key)}", unquote_plus(value))
    if found[4]:
        parts["fragment"] = unquote(found[4])
    return _few(parts)


def _quoted(text: str, separator: str) -> list[str]:
    """Return the values of a list in which some may be quoted."""
    values, rest = [], text
    while True:
        if rest.startswith('"'):
            value, rest = _until_quote(rest[1:])
            if rest and not rest.startswith(separator):
                raise ForeignCode("a quoted part does not end where it should")
        else:
            value, between, after = rest.partition(separator)
            rest = between + after
        values.append(value)
        if not rest:
            return values
        rest = rest[len(separator) :]


def _until_quote(text: str) -> tuple[str, str]:
    """Return what stands before the closing quote, and what stands behind it."""
    value = ""
    while True:
        before, quote, text = text.partition('"')
        value += before
        if not quote:
            raise ForeignCode("a quoted part has no end")
        if not text.startswith('"'):
            return value, text
        value, text = value + '"', text[1:]


def numbered(values: list[str]) -> Parts:
    """Return the parts of a list."""
    return _few({str(number): value.strip() for number, value in enumerate(values, 1)})


def _few(parts: Parts) -> Parts:
    if len(parts) > MOST_PARTS:
        raise ForeignCode(f"it has more than {MOST_PARTS} parts")
    return parts


#: Each kind with the function that finds its parts.
KINDS: Final[Mapping[str, Callable[[str, Mapping[str, str]], Parts]]] = {
    "bare": bare,
    "delimited": delimited,
    "pairs": pairs,
    "vcard": vcard,
    "mecard": mecard,
    "json": json_tree,
    "xml": xml_tree,
    "url": address,
    "pattern": pattern,
}
