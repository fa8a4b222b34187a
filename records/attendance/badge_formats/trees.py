"""JSON and XML in a code, as flat parts: each leaf with the path to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.parsers import expat

from .code_text import ForeignCode

#: Levels within each other, far above what a badge needs.
MOST_LEVELS: Final = 16
#: Parts of a code.
MOST_LEAVES: Final = 200
#: Half of a surrogate pair, which JSON can escape. No page or database can hold it, so it must not be in the name of a part.
_HALF: Final = re.compile("[\ud800-\udfff]")


def json_tree(text: str, _options: Mapping[str, str]) -> dict[str, str]:
    """The leaves of a JSON value, by JSON Pointer (RFC 6901). Numbers stay as they are written: badge IDs are text."""
    if text[:1] not in {"{", "["} or _is_deep(text):
        raise ForeignCode("it is not a JSON object or list")
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refused)
    except ValueError:
        raise ForeignCode("it is not JSON") from None
    found = dict(_leaves(value, ""))
    if len(found) > MOST_LEAVES:
        raise ForeignCode(f"it has more than {MOST_LEAVES} values")
    return found


def xml_tree(text: str, _options: Mapping[str, str]) -> dict[str, str]:
    """The texts and attributes of an XML document, by path: "/badge/last", "/badge/@id", "/badge/name[2]"."""
    if not text.startswith("<") or "<!" in text.replace("<!--", ""):
        raise ForeignCode("it is not XML, or has a document type")
    reader = _XmlReader()
    try:
        reader.read(text)
    except expat.ExpatError:
        raise ForeignCode("it is not well-formed XML") from None
    return reader.found


class _XmlReader:
    """Collects the leaves of a document. A document type, and with it every entity, was refused before."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._paths: list[str] = [""]
        self._texts: list[str] = [""]
        self._children: list[Counter[str]] = [Counter()]

    def read(self, text: str) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.Parse(text, True)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = _local(name)
        self._children[-1][name] += 1
        count = self._children[-1][name]
        path = f"{self._paths[-1]}/{name}" + (f"[{count}]" if count > 1 else "")
        if len(self._paths) > MOST_LEVELS or len(self.found) + len(attributes) > MOST_LEAVES:
            raise ForeignCode("it has too many elements")
        self.found |= {f"{path}/@{_local(key)}": value.strip() for key, value in attributes.items()}
        self._paths.append(path)
        self._texts.append("")
        self._children.append(Counter())

    def _data(self, text: str) -> None:
        self._texts[-1] += text

    def _end(self, _: str) -> None:
        path, text = self._paths.pop(), self._texts.pop().strip()
        self._children.pop()
        if text:
            self.found[path] = text


def _local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition(" ")[2]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            name = _HALF.sub("\N{REPLACEMENT CHARACTER}", key).replace("~", "~0").replace("/", "~1")
            yield from _leaves(each, f"{path}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}/{number}")
    elif isinstance(value, str):
        yield path, value.strip()


def _is_deep(text: str) -> bool:
    """Say whether brackets are nested too deep; those in texts count, too, which costs no real badge anything."""
    level = 0
    for each in text:
        level += (each in "[{") - (each in "]}")
        if level > MOST_LEVELS:
            return True
    return False


def _refused(_: str) -> str:
    raise ValueError("JSON has no NaN and no Infinity")
