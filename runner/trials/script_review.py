"""What is known of a script before any run, as pages, endpoints and commands show it.

A jail has checked the text; this adds what only the trusted side knows: which hosts, connections and settings an implementation
has, and how a pasted secret looks. Nothing here starts a process.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from runner.runs.message_contract import review_literals
from sandbox import RUNTIME_KEY, CheckResult, Finding, MessageLiteral, Severity

from .fact_review import ImplementationFacts, review_facts
from .pasted_secrets import secret_findings


@dataclass(frozen=True)
class ScriptReview:
    """A checked script with all findings. `checked.code` is what the runtime of that key may run."""

    checked: CheckResult
    findings: tuple[Finding, ...]
    runtime_key: str = RUNTIME_KEY

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def review_of(
    source: str,
    checked: CheckResult,
    link_hosts: Collection[str] | None = None,
    facts: ImplementationFacts | None = None,
    runtime_key: str = RUNTIME_KEY,
) -> ScriptReview:
    """Return the review of a text that was checked; with `facts`, also what it asks an implementation for.

    Without `link_hosts` and without `facts` a link may lead to any host.
    """
    if link_hosts is None:
        link_hosts = facts.link_hosts if facts else hosts_in(checked.literals)
    findings = (*checked.findings, *review_literals(checked.literals, link_hosts))
    findings += review_facts(checked, facts) if facts else ()
    findings += secret_findings(source)
    return ScriptReview(checked, tuple(sorted(findings, key=lambda one: (one.line, one.column))), runtime_key)


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain JSON values."""
    return vars(finding) | {"severity": finding.severity.value}


def hosts_in(literals: Iterable[MessageLiteral]) -> frozenset[str]:
    """Return the hosts to which the literal links of a script lead."""
    return frozenset().union(*(host_of({"link": literal.link}) for literal in literals))


def host_of(value: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the host to which a message's link leads, if it has one."""
    try:
        return frozenset({urlsplit((value or {}).get("link") or "").hostname or ""})
    except ValueError:
        return frozenset()
