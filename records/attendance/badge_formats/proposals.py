"""Formats proposed from examples of an event's badges. A person confirms what they find in each example, or chooses other parts.

Guessing alone would swap names: one registration vendor writes the first name first, another the last name. So a proposal
comes with the questions that the examples leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .badge_format import ID_CHARACTERS, BadgeFormat, Pick
from .code_text import ENCODINGS, CodeText, ForeignCode, decoded, unpacked
from .part_roles import Choice, choose
from .parts import Parts

#: Examples that are looked at.
MOST_EXAMPLES: Final = 20
#: Characters of a text that Base64 is looked for in; a shorter ID often looks like it.
_LEAST_BASE64: Final = 16
_SEPARATORS: Final = (
    "::",
    "||",
    "|",
    "^",
    "\t",
    "\x1d",
    "\x1e",
    "~",
    ";",
    "*",
    "%",
    "$",
    "#",
    "\n",
    ",",
    "/",
    "_",
    ":",
)
#: What stands between items and within them, where a code is a row of keys with values.
_PAIRS: Final = (
    ("\n", ":"),
    ("\n", "="),
    (";", "="),
    ("&", "="),
    ("|", "="),
    ("|", ":"),
    (";", ":"),
    (",", "="),
    ("^", "="),
    ("~", "="),
)
#: Kinds whose texts say themselves what they are.
_PLAIN_KINDS: Final = ("vcard", "mecard", "json", "xml", "url")
_APOSTROPHE: Final = re.compile("(?<=[A-Za-z])\N{RIGHT SINGLE QUOTATION MARK}(?=[A-Za-z])")
_MARK: Final = re.compile(r"[^0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A format that reads all examples, and what to ask the person who confirms it."""

    format: BadgeFormat
    questions: tuple[str, ...]
    parts: tuple[Parts, ...]  #: of each example, to choose others


def propose(examples: Sequence[bytes]) -> list[Proposal]:
    """Return the formats that read all examples, the most likely first. There is none if they have nothing in common."""
    kept = list(dict.fromkeys(examples))[:MOST_EXAMPLES]
    if not kept:
        return []
    found = [each for text in _texts(kept) for shape in _shapes(text, kept) if (each := _proposal(shape, kept))]
    return sorted(found, key=_rank)


def _rank(proposal: Proposal) -> tuple[int, int, int, int]:
    """Order: with names, not as one text, each name with a part of its own, with few questions."""
    picked = proposal.format
    last, first = picked.last_name, picked.first_name
    names = (last is not None) + (first is not None)
    shared = last is not None and first is not None and last.part == first.part
    return (-names, picked.kind == "bare", shared, len(proposal.questions))


def _texts(examples: Sequence[bytes]) -> Iterator[CodeText]:
    """Give the ways to read the text: as it is, and as Base64 if all examples are."""
    encoding = _encoding(examples)
    if encoding is None:
        return
    plain = CodeText(encoding)
    texts = [plain.of(each) for each in examples]
    framed = replace(plain, prefix=_common_start(texts), suffix=_common_end(texts))
    for text in dict.fromkeys((plain, framed)):
        yield text
        inner = [text.of(each) for each in examples]
        if all(len(each) >= _LEAST_BASE64 and _is_packed(each, encoding) for each in inner):
            yield replace(text, base64=True)


def _encoding(examples: Sequence[bytes]) -> str | None:
    """Return the first encoding in which all examples are printed text, and what is not ASCII is letters.

    Windows-1252 gives nearly all bytes a meaning; text in an East Asian encoding then looks like a row of quotation marks.
    """
    readable = [each for each in ENCODINGS if _readable(examples, CodeText(each))]
    lettered = (each for each in readable if _is_lettered("".join(CodeText(each).of(one) for one in examples)))
    return next(lettered, readable[0] if readable else None)


def _is_lettered(text: str) -> bool:
    beyond = [each for each in _APOSTROPHE.sub("", text) if each > "\x7f"]
    return sum(each.isalpha() for each in beyond) * 2 >= len(beyond)


def _readable(examples: Sequence[bytes], text: CodeText) -> bool:
    try:
        return all(_is_printed(text.of(each)) for each in examples)
    except ForeignCode:
        return False


def _is_packed(text: str, encoding: str) -> bool:
    try:
        return _is_printed(decoded(unpacked(text), encoding))
    except ForeignCode:
        return False


def _is_printed(text: str) -> bool:
    """Say whether a text has only what is printed, and the control characters by which lists are separated."""
    return all(each.isprintable() or each in "\r\n\t\x1c\x1d\x1e\x1f" for each in text)


def _common_start(texts: Sequence[str]) -> str:
    """Return what all texts begin with, up to the last character that is neither letter nor digit."""
    return _common(texts)[: _last_mark(_common(texts)) + 1]


def _common_end(texts: Sequence[str]) -> str:
    """Return what all texts end with, from the first character that is neither letter nor digit."""
    return _common_start([each[::-1] for each in texts])[::-1]


def _common(texts: Sequence[str]) -> str:
    """Return what all texts begin with; nothing if that is the whole of one, or there is one only."""
    if len(texts) < 2:
        return ""
    shortest = min(texts, key=len)
    end = next((at for at, each in enumerate(shortest) if any(text[at] != each for text in texts)), 0)
    return shortest[:end]


def _last_mark(text: str) -> int:
    return max((at for at, each in enumerate(text) if _MARK.match(each)), default=-1)


def _shapes(text: CodeText, examples: Sequence[bytes]) -> Iterator[BadgeFormat]:
    """Give the formats, without picks yet, that read the text of all examples."""
    nothing = Pick("1")
    shapes = [BadgeFormat(kind, nothing, text=text) for kind in _PLAIN_KINDS]
    shapes += [
        BadgeFormat("pairs", nothing, text=text, options={"separator": outer, "between": inner})
        for outer, inner in _PAIRS
    ]
    shapes += [BadgeFormat("delimited", nothing, text=text, options=each) for each in _lists(text, examples)]
    shapes.append(BadgeFormat("bare", nothing, text=text))
    readable = [each for each in shapes if _reads_all(each, examples)]
    if readable and readable[0].kind in _PLAIN_KINDS:
        return iter(readable[:1])
    return iter(readable)


def _lists(text: CodeText, examples: Sequence[bytes]) -> Iterator[dict[str, str]]:
    """Give the options of lists: each separator that stands in all examples about as often."""
    texts = [text.of(each) for each in examples]
    for separator in _SEPARATORS:
        counts = [each.count(separator) for each in texts]
        if min(counts):
            quoted = any(each.startswith('"') or f'{separator}"' in each for each in texts)
            yield {"separator": separator, "quotes": "yes"} if quoted else {"separator": separator}


def _reads_all(shape: BadgeFormat, examples: Sequence[bytes]) -> bool:
    try:
        return all(shape.parts_of(each) for each in examples)
    except ForeignCode:
        return False


def _proposal(shape: BadgeFormat, examples: Sequence[bytes]) -> Proposal | None:
    parts = tuple(shape.parts_of(each) for each in examples)
    choice = choose(shape.kind, parts)
    if choice is None:
        return None
    counts = [len(each) for each in parts]
    finished = replace(
        shape,
        badge_id=choice.badge_id,
        last_name=choice.last_name,
        first_name=choice.first_name,
        parts=(_fewest(choice, counts), max(counts)) if shape.kind == "delimited" else None,
        fixed=_fixed(shape.kind, parts, choice),
        id_characters=_characters(choice.badge_id, parts),
    )
    try:
        for each in examples:
            finished.read(each)
    except ForeignCode:
        return None
    return Proposal(finished, choice.questions, parts)


def _fewest(choice: Choice, counts: Sequence[int]) -> int:
    picked = [int(each.part) for each in (choice.badge_id, choice.last_name, choice.first_name) if each]
    return max(2, *picked, min(counts))


def _fixed(kind: str, parts: Sequence[Parts], choice: Choice) -> dict[str, str]:
    """Return the parts that say whose badges these are: an address's host and path, and what a list begins with."""
    if len(parts) < 2:
        return {"host": parts[0]["host"]} if kind == "url" else {}
    same = {name: value for name, value in parts[0].items() if value and all(each.get(name) == value for each in parts)}
    picked = {each.part for each in (choice.badge_id, choice.last_name, choice.first_name) if each}
    if kind == "url":
        return {name: value for name, value in same.items() if name == "host" or name.startswith("path/")}
    if kind == "delimited" and "1" not in picked:
        return {"1": same["1"]} if "1" in same else {}
    return {}


def _characters(pick: Pick, parts: Sequence[Parts]) -> str:
    """Return the narrowest characters that all badge IDs have."""
    ids = [pick.of(each) or "" for each in parts]
    return next(name for name, allowed in ID_CHARACTERS.items() if all(allowed.fullmatch(each) for each in ids))
