"""Reads what a checked text needs of its implementation, for the records, which know nothing of checks."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from records.tenants.script_needs import NeededCall, ScriptNeeds
from sandbox import CallLiteral, CheckResult


def needs_of(checked: CheckResult) -> ScriptNeeds:
    """Return what a text needs."""
    return ScriptNeeds(
        settings=tuple(checked.settings),
        calls=tuple(sorted({NeededCall(each.connection, each.method, _plain_path(each)) for each in checked.calls})),
        link_hosts=link_hosts(each.link for each in checked.literals),
        prepares=checked.prepares,
    )


def link_hosts(links: Iterable[str | None]) -> tuple[str, ...]:
    """Return the hosts to which literal links lead. A link that is not encrypted is dropped whatever its host is."""
    found = set()
    for link in links:
        try:
            parts = urlsplit(link or "")
        except ValueError:
            continue
        if parts.scheme == "https":
            found.add(parts.hostname or "")
    return tuple(sorted(found - {""}))


def _plain_path(call: CallLiteral) -> str:
    """Return the path of a call without its query if it means the same under every decoding, else ""."""
    path = (call.path or "").partition("?")[0]
    return (
        path
        if path.isascii()
        and path.isprintable()
        and not set(path) & set("%\\#")
        and "//" not in path
        and "/." not in path
        else ""
    )
