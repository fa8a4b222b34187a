"""Which part of a code is likely the badge ID, the last name and the first name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .badge_format import Pick
from .parts import Parts


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Names of parts, without what is neither letter nor digit, the surest first.
_ID_KEYS: Final = _words(
    "badgeid badgenumber badgeno badge xbadge xbadgeid attendeeid registrationid registrationnumber regid regno regnumber reg"
    " participantid delegateid personid contactid memberid visitorid guestid conf confirmation confirmationnumber barcode"
    " uid guid uuid id ticketid ticket code number num no nr nid token key secret qr xsocialprofile note i 0"
)
_LAST_KEYS: Final = _words("lastname last ln lname surname familyname family sn nachname name2 namelast n1")
_FIRST_KEYS: Final = _words("firstname first fn fname givenname given gn vorname forename name1 namefirst n2")
_FULL_KEYS: Final = _words("fullname name fn n displayname attendeename")
#: Kinds whose parts have names that mean something.
_KEYED: Final = frozenset({"vcard", "mecard", "json", "xml", "pairs", "url"})

_WORD: Final = re.compile(r"[^\W\d_]")
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:/+-]*")


@dataclass(frozen=True, slots=True)
class Choice:
    """The parts of the three, and what the examples leave open."""

    badge_id: Pick
    last_name: Pick | None
    first_name: Pick | None
    questions: tuple[str, ...] = ()


def choose(kind: str, parts: Sequence[Parts]) -> Choice | None:
    """Return the likely parts; None if no part can be a badge ID."""
    common = [name for name in parts[0] if all(each.get(name) for each in parts)]
    badge_id = _badge_id(kind, common, parts)
    if badge_id is None:
        return None
    at = common.index(badge_id.part)
    rest = [*common[at + 1 :], *common[:at]]  # names stand behind the badge ID more often than before it
    names = _by_keys(kind, rest, parts) if kind in _KEYED else _by_order(rest, parts)
    return Choice(badge_id, *names)


def _badge_id(kind: str, common: Sequence[str], parts: Sequence[Parts]) -> Pick | None:
    by_key: dict[str, str] = {}
    if kind in _KEYED:
        for name in common:
            by_key.setdefault(_plain(name), name)
    candidates = [by_key[key] for key in _ID_KEYS if key in by_key] + list(common)
    for wanted in (_is_sure_id, _is_possible_id):
        for name in candidates:
            values = [each[name] for each in parts]
            prefix = _label(values)
            if _differ(values) and all(wanted(each.removeprefix(prefix)) for each in values):
                return Pick(name, prefix=prefix)
    return None


def _by_keys(
    kind: str, rest: Sequence[str], parts: Sequence[Parts]
) -> tuple[Pick | None, Pick | None, tuple[str, ...]]:
    plain: dict[str, str] = {}
    for name in rest:
        plain.setdefault(_plain(name), name)
    full_keys = [key for key in _FULL_KEYS if kind in {"vcard", "mecard"} or key != "fn"]
    first_keys = [key for key in _FIRST_KEYS if kind != "vcard" or key != "fn"]
    last = next((plain[key] for key in _LAST_KEYS if key in plain), None)
    first = next((plain[key] for key in first_keys if key in plain), None)
    if last or first:
        if kind == "mecard" and not first and "n" in plain and "x" in plain:
            first = plain["n"]
        return (Pick(last) if last else None), (Pick(first) if first else None), ()
    if kind == "mecard" and "x" in plain and "n" in plain:  # BIZCARD
        return Pick(plain["x"]), Pick(plain["n"]), ()
    full = next((plain[key] for key in full_keys if key in plain), None)
    if full:
        return _halves(full, parts)
    listed = [name for name in rest if name.rpartition("/")[2].isdigit()]  # a JSON list, the path of an address
    return _by_order(listed, parts)


def _by_order(rest: Sequence[str], parts: Sequence[Parts]) -> tuple[Pick | None, Pick | None, tuple[str, ...]]:
    """Choose the names of a list: the first part that has both, or the first two that have letters only."""
    names = [
        name for name in rest if _vary([each[name] for each in parts]) and all(_is_name(each[name]) for each in parts)
    ]
    whole = next((name for name in names[:2] if all("," in each[name] for each in parts)), None)
    if whole or (names and all(" " in each[names[0]] for each in parts)) or len(names) == 1:
        return _halves(whole or names[0], parts)
    if not names:
        return None, None, ()
    last, first = names[:2]
    return Pick(last), Pick(first), (f"Is “{parts[0][last]}” the last name?",)


def _halves(name: str, parts: Sequence[Parts]) -> tuple[Pick | None, Pick | None, tuple[str, ...]]:
    """Split a part that has both names."""
    if all("," in each[name] for each in parts):
        return Pick(name, "before the comma"), Pick(name, "after the comma"), ()
    if not any(" " in each[name] for each in parts):
        return Pick(name), None, ()
    last = Pick(name, "last word")
    return last, Pick(name, "all but the last word"), (f"Is “{last.of(parts[0])}” the last name?",)


def _plain(name: str) -> str:
    """Return the end of a path as a word: "/attendee/@Badge-ID" is "badgeid", but "N/1" stays "n1"."""
    last = name if re.fullmatch(r"[A-Z]+/\d", name) else name.rpartition("/")[2]
    return "".join(each for each in last.casefold() if each.isalnum())


def _label(values: Sequence[str]) -> str:
    """Return the words that stand before all values, such as "Badge: "."""
    found = re.match(r"[^\W\d_][\w ]*[:#=] ?", values[0])
    return found[0] if found and all(each.startswith(found[0]) for each in values) else ""


def _differ(values: Sequence[str]) -> bool:
    return len(set(values)) == len(values)


def _vary(values: Sequence[str]) -> bool:
    return len(values) == 1 or len(set(values)) > 1


def _is_sure_id(value: str) -> bool:
    return bool(_ID.fullmatch(value)) and any(each.isdigit() for each in value)


def _is_possible_id(value: str) -> bool:
    return bool(_ID.fullmatch(value)) or ("@" in value and " " not in value)


def _is_name(value: str) -> bool:
    return (
        bool(_WORD.search(value))
        and "@" not in value
        and not any(each.isdigit() for each in value)
        and "://" not in value
    )
