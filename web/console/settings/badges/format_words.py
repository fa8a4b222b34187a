"""A badge format in words, and what a code contains as it is shown."""

from __future__ import annotations

from records.attendance.badge_formats.badge_format import BadgeFormat, Pick
from records.attendance.badge_formats.parts import Parts

#: Characters of a code, and of a part's value, that a page shows.
LONGEST_CODE, LONGEST_VALUE = 300, 40

_KINDS = {
    "bare": "The code is the badge ID alone",
    "delimited": "A list separated by {separator}",
    "pairs": "Names with values, separated by {separator}, with {between} between name and value",
    "vcard": "A contact card (vCard)",
    "mecard": "A contact card (MECARD)",
    "json": "JSON",
    "xml": "XML",
    "url": "A web address",
    "pattern": "A pattern",
}
_INVISIBLE = {"\n": "line break", "\t": "tab", "\x1d": "group separator", "\x1e": "record separator", " ": "blank"}


def format_words(badge_format: BadgeFormat) -> str:
    """Return a sentence that says how a code is read."""
    options = {name: _visible(value) for name, value in badge_format.options.items()}
    words = [_KINDS[badge_format.kind].format(**options)]
    text = badge_format.text
    words += ["in Base64"] if text.base64 else []
    words += [f"after “{shown_code(text.prefix)}”"] if text.prefix else []
    words += [f"before “{shown_code(text.suffix)}”"] if text.suffix else []
    words += [f"written in {text.encoding}"] if text.encoding != "utf-8" else []
    fields = [("Badge ID", badge_format.badge_id), ("last name", badge_format.last_name)]
    fields.append(("first name", badge_format.first_name))
    picked = ", ".join(f"{label} {_place(pick)}" for label, pick in fields)
    return f"{', '.join(words)}. {picked}."


def part_choices(parts: tuple[Parts, ...]) -> list[tuple[str, str]]:
    """Return the parts that all examples have, each with its values in the examples."""
    common = [name for name in parts[0] if all(name in each for each in parts)] if parts else []
    return [(name, f"{name}: {' · '.join(_short(each[name]) for each in parts[:3])}") for name in common]


def shown_code(payload: bytes | str) -> str:
    """Return the text of a code with control characters made visible, cut if it is long."""
    text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
    seen = "".join(chr(0x2400 + ord(each)) if each < " " else each for each in text[:LONGEST_CODE])
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in seen) + (
        "…" if len(text) > LONGEST_CODE else ""
    )


def _place(pick: Pick | None) -> str:
    if pick is None:
        return "from the attendee list"
    take = "" if pick.take == "all" else f" ({pick.take})"
    return f"from part {pick.part}{take}" if pick.part.isdigit() else f"from {pick.part}{take}"


def _visible(separator: str) -> str:
    return _INVISIBLE.get(separator, f"“{shown_code(separator)}”")


def _short(value: str) -> str:
    shown = shown_code(value)
    return shown if len(shown) <= LONGEST_VALUE else shown[: LONGEST_VALUE - 1] + "…"
