"""What a script needs of its implementation, and which of it the implementation lacks.

Only what the text says literally counts: a name, path or host that a script computes may be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from . import connections
from .connections import Connection
from .implementations import Implementation
from .script_names import is_below, shown

#: Calls and hosts of one script that are compared; a script of people has a handful.
MOST_COMPARED: Final = 200


@dataclass(frozen=True, order=True)
class NeededCall:
    """A call of a vendor. `path` is "" if it is computed, or escaped in a way that only a run judges."""

    connection: str
    method: str
    path: str = ""


@dataclass(frozen=True)
class ScriptNeeds:
    """The settings without which a script fails, the calls that it makes, and the hosts to which its messages link."""

    settings: tuple[str, ...] = ()
    calls: tuple[NeededCall, ...] = ()
    link_hosts: tuple[str, ...] = ()
    prepares: bool = False  #: it has a function prepare(session, api)

    def reaches(self) -> dict[str, Any]:
        """Return calls and hosts as they are stored."""
        calls = [[one.connection, one.method, one.path] for one in self.calls]
        return {"calls": calls[:MOST_COMPARED], "link_hosts": list(self.link_hosts)[:MOST_COMPARED]}

    @classmethod
    def stored(cls, settings: list[str] | None, reaches: Mapping[str, Any] | None) -> ScriptNeeds:
        """Return what was stored; nothing for a text that was checked last by a release that did not store it."""
        found = reaches or {"calls": [], "link_hosts": []}
        calls = tuple(NeededCall(*one) for one in found["calls"])
        return cls(tuple(settings or ()), calls, tuple(found["link_hosts"]))


@dataclass(frozen=True)
class Lack:
    """One thing that a script needs and its implementation lacks."""

    kind: Literal["setting", "connection", "link host"]  #: what has to be added or changed
    name: str  #: of the setting, connection or host
    what: str  #: the fault in one sentence
    effect: str  #: what happens until it is mended


def lacks(db: Session, owner: Implementation, needs: ScriptNeeds) -> tuple[Lack, ...]:
    """Return what an implementation lacks for a script, each thing once."""
    known = {one.name: one for one in connections.every(db, owner)}
    found = [*_settings(owner, needs), *_connections(known, needs), *_link_hosts(owner, needs)]
    return tuple(dict.fromkeys(found))


def _settings(owner: Implementation, needs: ScriptNeeds) -> Iterator[Lack]:
    for name in needs.settings:
        if name not in owner.script_settings:
            yield Lack("setting", name, f"There is no setting named {shown(name)}.", "A run that reads it fails.")


def _connections(known: Mapping[str, Connection], needs: ScriptNeeds) -> Iterator[Lack]:
    for call in needs.calls:
        fault = _call_fault(known.get(call.connection), call)
        if fault:
            yield Lack("connection", call.connection, fault, "The call fails.")


def _call_fault(connection: Connection | None, call: NeededCall) -> str:
    """Return the first thing that keeps a call from being made, or ""."""
    name = shown(call.connection)
    if connection is None:
        return f"There is no connection named {name}."
    if call.method not in connection.methods:
        return f"The connection {name} does not allow {call.method}."
    if call.path and not any(is_below(call.path, prefix) for prefix in connection.path_prefixes):
        return f"The connection {name} does not allow the path {shown(call.path)}."
    return ""


def _link_hosts(owner: Implementation, needs: ScriptNeeds) -> Iterator[Lack]:
    for host in needs.link_hosts:
        if host not in owner.link_hosts:
            what = f"Messages link to {shown(host)}, which is not among the link hosts."
            yield Lack("link host", host, what, "Such a message is shown without its link.")
