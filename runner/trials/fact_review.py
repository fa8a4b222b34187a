"""What a check can hold a script against when it knows the implementation: its connections, settings and link hosts.

Only literals are judged; what is computed may be right. Each finding is a warning, because the implementation may be what
has to change.
"""

from __future__ import annotations

import difflib
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from records.tenants.script_names import shown
from runner.powers.call_request import check_path, within
from sandbox import CallLiteral, CallNotMade, CheckResult, Finding, Severity

#: Names that a finding lists at most.
_LISTED = 12
#: Names that a misspelt one is compared with.
_COMPARED = 100
#: Characters of a name that are compared: the time grows with their square.
_COMPARED_CHARS = 40
#: Findings about one script at most; more would only repeat the same mistake.
_MOST_FINDINGS = 100
#: Characters of the longest name that is compared with others.
_SHOWN = 120


@dataclass(frozen=True)
class ConnectionFacts:
    """What a connection allows."""

    methods: frozenset[str]
    path_prefixes: tuple[str, ...]


@dataclass(frozen=True)
class ImplementationFacts:
    """What a script of this implementation can use; nothing secret."""

    slug: str
    connections: Mapping[str, ConnectionFacts]
    settings: frozenset[str]
    link_hosts: tuple[str, ...]


def review_facts(checked: CheckResult, facts: ImplementationFacts) -> tuple[Finding, ...]:
    """What a script asks for that the implementation does not have or allow."""
    found = itertools.chain(
        (finding for call in checked.calls for finding in _review_call(call, facts)), _missing_settings(checked, facts)
    )
    return tuple(itertools.islice(found, _MOST_FINDINGS))


def _review_call(call: CallLiteral, facts: ImplementationFacts) -> Iterator[Finding]:
    """The first fault of a call: without the connection, nothing is known about its path."""
    connection = facts.connections.get(call.connection)
    name = shown(call.connection)
    if connection is None:
        known = sorted(facts.connections)
        what = f"{facts.slug} has no connection named {name}."
        yield _finding("unknown-connection", call, what, _has(known), _nearest(call.connection, known, "connection"))
    elif call.method not in connection.methods:
        allowed = " and ".join(sorted(connection.methods)) or "no method"
        what = f"The connection {name} does not allow {call.method}."
        instead = f"Call it with {allowed}, or let the operator allow {call.method}."
        yield _finding("connection-method", call, what, f"It allows {allowed}.", instead)
    elif call.path is not None:
        fault = _path_fault(call.path, connection)
        if fault:
            what = f"The connection {name} does not allow the path {shown(call.path)}."
            instead = "Use a path that is allowed, or let the operator allow this one."
            yield _finding("connection-path", call, what, fault, instead)


def _path_fault(path: str, connection: ConnectionFacts) -> str:
    """Why a call of this path would be refused; "" if it would not, by the rules of a call."""
    try:
        sent = check_path(path.partition("?")[0])
        if within(sent, connection.path_prefixes):
            return ""
    except CallNotMade as refused:
        return f"A call would be refused: {refused.text}."
    return f"Allowed are the paths below: {_listed(connection.path_prefixes)}."


def _missing_settings(checked: CheckResult, facts: ImplementationFacts) -> Iterator[Finding]:
    for name, (line, column) in zip(checked.settings, checked.setting_places, strict=True):
        if name not in facts.settings:
            known = sorted(facts.settings)
            what = f"{facts.slug} has no setting named {shown(name)} for its script."
            instead = _nearest(name, known, "setting")
            yield Finding("missing-setting", line, column, what, _has(known), instead, Severity.WARNING)


def _finding(rule: str, call: CallLiteral, what: str, why: str, instead: str) -> Finding:
    return Finding(rule, call.line, call.column, what, why, instead, Severity.WARNING)


def _has(known: list[str]) -> str:
    return f"It has: {_listed(known)}." if known else "It has none."


def _listed(names: Iterable[str]) -> str:
    every = [shown(name) for name in names]
    return ", ".join(every[:_LISTED]) + (", …" if len(every) > _LISTED else "")


def _nearest(name: str, known: list[str], thing: str) -> str:
    starts = {one[:_COMPARED_CHARS]: one for one in known[:_COMPARED]}
    close = _close_to(name[:_COMPARED_CHARS], tuple(starts))
    return (
        f'Did you mean "{shown(starts[close[0]])}"?'
        if close
        else f"Use one that it has, or let the operator add this {thing}."
    )


@functools.lru_cache(maxsize=1024)
def _close_to(name: str, known: tuple[str, ...]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.6)
