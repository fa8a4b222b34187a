"""What a submission must have before it is approved, as a checklist for its reviewer, and what it touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from records import Implementation
from records.plurals import counted
from records.scripts import versions
from records.scripts.reviews import ReviewComment
from records.scripts.versions import Version
from web.console.scripts.script_check import PageCheck
from web.console.scripts.source.source_lines import DeceptivePlaces


@dataclass(frozen=True)
class Requirement:
    """One line of the checklist. `met` is None for what only a person can judge."""

    words: str
    met: bool | None
    said: str = ""


@dataclass(frozen=True)
class TouchedConnection:
    """A vendor that the script calls: each method with its path, "" for a path that is computed."""

    name: str
    known: bool
    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TouchedHost:
    """A host to which a message links. `allowed`: the implementation allows links to it."""

    name: str
    allowed: bool


@dataclass(frozen=True)
class Touched:
    """What a script reaches as far as its text says it. None of it is complete for what is computed."""

    connections: tuple[TouchedConnection, ...] = ()
    hosts: tuple[TouchedHost, ...] = ()
    settings: tuple[str, ...] = ()


def touched_by(checked: PageCheck, owner: Implementation, connections: Collection[str]) -> Touched:
    """Return what a checked text reaches."""
    if checked.review is None:
        return Touched()
    found = checked.review.checked
    calls: dict[str, set[tuple[str, str]]] = {}
    for call in found.calls:
        calls.setdefault(call.connection, set()).add((call.method, call.path or ""))
    return Touched(
        tuple(
            TouchedConnection(name, name in connections, tuple(sorted(each))) for name, each in sorted(calls.items())
        ),
        tuple(TouchedHost(name, name in owner.link_hosts) for name in _hosts(one.link for one in found.literals)),
        tuple(found.settings),
    )


@dataclass(frozen=True)
class ReviewedText:
    """What the checklist is about: a submission's version with all that is known of it."""

    version: Version
    checked: PageCheck
    warnings: Sequence[Mapping[str, Any]]
    comments: Sequence[ReviewComment]
    deceptive: DeceptivePlaces
    tried: bool  #: whether its trial has ended
    own: bool | None  #: whether the reviewer who looks had a hand in it; None: whoever looks is no reviewer


def requirements(owner: Implementation, text: ReviewedText) -> list[Requirement]:
    """Return the checklist of a submission."""
    review, warned = text.checked.review, len(text.warnings)
    errors = sum(1 for one in review.findings if one.severity.value == "error") if review else 0
    missing = versions.settings_missing(owner, text.version)
    left = sum(1 for one in text.comments if one.resolved_at is None)
    hidden = len(text.deceptive.listed) + text.deceptive.more
    found = [
        Requirement(
            "The check finds no error today",
            text.checked.ok if review else None,
            text.checked.fault or (counted(errors, "error") if errors else ""),
        ),
        Requirement(
            "Each warning has a reason to accept it",
            None if warned else True,
            f"{counted(warned, 'warning')} below" if warned else "there is none",
        ),
        Requirement(
            "Its trial has ended", text.tried, "" if text.tried else "an approval needs a reason to do without it"
        ),
        Requirement("All comments are resolved", not left, f"{counted(left, 'comment')} open" if left else ""),
        Requirement("All settings that it needs are there", not missing, ", ".join(missing)),
        Requirement(
            "Nothing in the text deceives readers",
            not hidden,
            ("more than " if text.deceptive.uncounted else "") + counted(hidden, "place") if hidden else "",
        ),
    ]
    if text.own is not None:
        said = "this is your text" if text.own else ""
        found.append(Requirement("Another person than the author decides", not text.own, said))
    return found


def _hosts(links: Iterable[str | None]) -> list[str]:
    found = set()
    for link in links:
        try:
            found.add(urlsplit(link or "").hostname or "")
        except ValueError:
            continue
    return sorted(found - {""})
