"""Reads what a script of an implementation can use, for `fact_review`."""

from __future__ import annotations

from records import DbSession, Implementation
from records.tenants import connections

from .fact_review import ConnectionFacts, ImplementationFacts


def facts_of(db: DbSession, implementation: Implementation) -> ImplementationFacts:
    """Read the facts of an implementation."""
    return ImplementationFacts(
        slug=implementation.slug,
        connections={
            one.name: ConnectionFacts(frozenset(one.methods), tuple(one.path_prefixes))
            for one in connections.every(db, implementation)
        },
        settings=frozenset(implementation.script_settings),
        link_hosts=tuple(implementation.link_hosts),
    )
