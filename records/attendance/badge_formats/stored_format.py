"""A badge format as JSON: how it is stored, sent to scanners, and made from what a person has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .badge_format import ID_CHARACTERS, TAKES, BadgeFormat, Pick
from .code_text import ENCODINGS, CodeText
from .parts import KINDS, LONGEST_SEPARATOR, MOST_PARTS
from .patterns import LONGEST, PatternFault, parsed

#: Characters of a prefix, a suffix, a fixed value, and of the name of a part.
LONGEST_TEXT: Final = 200
#: Parts that are the same on all badges.
MOST_FIXED: Final = 10

#: kind -> its options, each with the characters that it may have; those in `_OPTIONAL` may be missing.
_OPTIONS: Final[Mapping[str, Mapping[str, int]]] = {
    "delimited": {"separator": LONGEST_SEPARATOR, "quotes": 3},
    "pairs": {"separator": LONGEST_SEPARATOR, "between": LONGEST_SEPARATOR},
    "pattern": {"pattern": LONGEST},
}
_OPTIONAL: Final = frozenset({"quotes"})
_MEMBERS: Final = frozenset(
    {"kind", "badge_id", "last_name", "first_name", "text", "options", "parts", "fixed", "id_characters"}
)


class FormatFault(ValueError):
    """A badge format cannot be used. The text names the member and says what it must be."""


def as_json(badge_format: BadgeFormat) -> dict[str, Any]:
    """Return a format as JSON; `from_json` gives the same format again."""
    text = badge_format.text
    return {
        "kind": badge_format.kind,
        "text": {"encoding": text.encoding, "prefix": text.prefix, "suffix": text.suffix, "base64": text.base64},
        "options": dict(badge_format.options),
        "parts": list(badge_format.parts) if badge_format.parts else None,
        "fixed": dict(badge_format.fixed),
        "badge_id": _pick_json(badge_format.badge_id),
        "last_name": _pick_json(badge_format.last_name),
        "first_name": _pick_json(badge_format.first_name),
        "id_characters": badge_format.id_characters,
    }


def from_json(value: Any) -> BadgeFormat:
    """Return the format. Raises `FormatFault`."""
    members = _object(value, "the format", _MEMBERS)
    kind = members.get("kind")
    _require(isinstance(kind, str) and kind in KINDS, "kind", f"must be one of {', '.join(KINDS)}")
    badge_id = _pick(members.get("badge_id"), "badge_id")
    if badge_id is None:
        raise FormatFault("badge_id must say which part is the badge ID")
    characters = members.get("id_characters", "any")
    _require(
        isinstance(characters, str) and characters in ID_CHARACTERS,
        "id_characters",
        f"must be one of {', '.join(ID_CHARACTERS)}",
    )
    return BadgeFormat(
        kind=str(kind),
        badge_id=badge_id,
        last_name=_pick(members.get("last_name"), "last_name"),
        first_name=_pick(members.get("first_name"), "first_name"),
        text=_text(members.get("text", {})),
        options=_options(str(kind), members.get("options", {})),
        parts=_range(members.get("parts")),
        fixed=_fixed(members.get("fixed", {})),
        id_characters=str(characters),
    )


def _pick_json(pick: Pick | None) -> dict[str, str] | None:
    return {"part": pick.part, "take": pick.take, "prefix": pick.prefix, "suffix": pick.suffix} if pick else None


def _pick(value: Any, name: str) -> Pick | None:
    if value is None:
        return None
    members = _object(value, name, frozenset({"part", "take", "prefix", "suffix"}))
    part = _line(members.get("part"), f"{name}.part")
    _require(part != "", f"{name}.part", "must not be empty")
    take = members.get("take", "all")
    _require(isinstance(take, str) and take in TAKES, f"{name}.take", f"must be one of {', '.join(TAKES)}")
    prefix, suffix = (_line(members.get(each, ""), f"{name}.{each}") for each in ("prefix", "suffix"))
    return Pick(part, str(take), prefix, suffix)


def _text(value: Any) -> CodeText:
    members = _object(value, "text", frozenset({"encoding", "prefix", "suffix", "base64"}))
    encoding, packed = members.get("encoding", "utf-8"), members.get("base64", False)
    _require(encoding in ENCODINGS, "text.encoding", f"must be one of {', '.join(ENCODINGS)}")
    _require(isinstance(packed, bool), "text.base64", "must be true or false")
    prefix, suffix = (_line(members.get(each, ""), f"text.{each}") for each in ("prefix", "suffix"))
    return CodeText(str(encoding), prefix, suffix, packed)


def _options(kind: str, value: Any) -> dict[str, str]:
    known = _OPTIONS.get(kind, {})
    members = _object(value, "options", frozenset(known))
    for name, longest in known.items():
        option = members.get(name, "")
        _require(_is_whole(option), f"options.{name}", "must be a text, without half characters")
        _require(len(option) <= longest, f"options.{name}", f"must have at most {longest} characters")
        _require(bool(option) or name in _OPTIONAL, f"options.{name}", "must not be empty")
    if kind == "pattern":
        try:
            parsed(members["pattern"])
        except PatternFault as fault:
            raise FormatFault(f"options.pattern {fault}") from None
    return dict(members)


def _range(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    good = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    _require(good and 1 <= value[0] <= value[1] <= MOST_PARTS, "parts", f"must be two numbers from 1 to {MOST_PARTS}")
    return value[0], value[1]


def _fixed(value: Any) -> dict[str, str]:
    _require(isinstance(value, dict) and len(value) <= MOST_FIXED, "fixed", f"must have at most {MOST_FIXED} parts")
    return {_line(name, "fixed"): _line(each, f"fixed.{name}") for name, each in value.items()}


def _object(value: Any, name: str, known: frozenset[str]) -> dict[str, Any]:
    _require(isinstance(value, dict), name, "must be an object")
    foreign = sorted(set(value) - known)
    _require(not foreign, name, f"must have no member {', '.join(map(repr, foreign[:3]))}")
    return dict(value)


def _line(value: Any, name: str) -> str:
    good = _is_whole(value) and len(value) <= LONGEST_TEXT
    _require(good, name, f"must be a text of at most {LONGEST_TEXT} characters")
    return str(value)


def _is_whole(value: Any) -> bool:
    """Say whether a value is a text that can be stored: without halves of surrogate pairs."""
    return isinstance(value, str) and not any("\ud800" <= each <= "\udfff" for each in value)


def _require(good: bool, name: str, rule: str) -> None:  # noqa: FBT001 - an assertion with its words
    if not good:
        raise FormatFault(f"{name} {rule}")
