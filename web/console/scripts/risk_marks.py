"""What a reviewer should know of a submission before opening it, in a few words each.

The marks are read from the text without understanding it, so that a queue of many submissions opens at once. They are
reasons to look, and never reasons not to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from records import Implementation
from records.changes.scripts.submissions import warnings_of
from records.plurals import counted
from records.scripts import versions
from records.scripts.versions import Version
from web.console.scripts.source.deceptive_characters import places


def risk_marks(
    owner: Implementation, version: Version, active: Version | None, connections: Iterable[str]
) -> Iterator[str]:
    """Yield the marks of a version, compared with the active one; `connections` are the names of those that there are."""
    before = active.source if active else ""
    if active is None:
        yield "first version"
    if next(places(version.source), None):
        yield "deceives readers"
    warned = len(warnings_of(version))
    if warned:
        yield counted(warned, "warning")
    missing = versions.settings_missing(owner, version)
    if missing:
        yield f"{counted(len(missing), 'setting')} missing"
    if "api.post" in version.source and "api.post" not in before:
        yield "sends data"
    for name in connections:
        if _names(version.source, name) and not _names(before, name):
            yield f"calls {name}"


def _names(source: str, connection: str) -> bool:
    return f'"{connection}"' in source or f"'{connection}'" in source
