"""Values worth trying for a key that a script reads: by its name first, then one of each kind."""

from __future__ import annotations

from typing import Any, Final

from runner.trials.explore.scene import ScenePath

from .move import own_text

_LINKS: Final = ("url", "link", "href", "uri", "site", "address")
_MOMENTS: Final = ("_at", "date", "time", "deadline", "until", "expires", "opens", "closes", "begins", "ends", "since")
_NUMBERS: Final = (
    *("count", "total", "minutes", "hours", "days", "credits", "points", "amount", "score", "percent", "seats"),
    *("limit", "number", "quantity", "price", "balance", "left", "max", "min", "size", "page", "offset", "seconds"),
)
_ZONES: Final = ("zone", "tz")
_FLAGS: Final = ("is_", "has_", "can_", "enabled", "active", "open", "paid", "done", "complete")
_MOMENT: Final = "2026-05-04T13:30:00-05:00"


def values_for(path: ScenePath) -> list[Any]:
    """Values for a path whose last step is a key, the likeliest first."""
    name = str(path[-1]).casefold()
    text = own_text(path)
    link = link_for(path)
    objects: list[Any] = [[{}], {}, [], [text]]
    plain: list[Any] = [text, 7, True, _MOMENT, link, "12", 0, "", False, None, 2.5, "2026-05-04", "America/Chicago"]
    first = _likely(name, text, link)
    if not first and name.endswith("s") and not name.endswith("ss"):
        first = objects
    rest = [text, *objects, *plain[1:]]
    return [*first, *(value for value in rest if not any(_same(value, one) for one in first))]


def link_for(path: ScenePath) -> str:
    """A link that stands nowhere else."""
    return f"https://{own_text(path).casefold()}.example.org/page"


def _likely(name: str, text: str, link: str) -> list[Any]:
    if any(part in name for part in _LINKS):
        return [link]
    if any(part in name for part in _ZONES):
        return ["America/Chicago"]
    if name.startswith(_FLAGS[:3]) or name in _FLAGS:
        return [True, text]
    if any(part in name for part in _NUMBERS):
        return [7, "7", [{}]]
    if any(part in name for part in _MOMENTS):
        return [_MOMENT, "2026-05-04", 7]
    return []


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
