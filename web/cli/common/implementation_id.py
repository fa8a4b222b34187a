"""The id of an implementation as an argument, which may be typed in upper or lower case.

It is replaced by its correct spelling, so that audit entries and announcements do not name an implementation that does not
exist.
"""

from __future__ import annotations

import click

from records import DbSession
from records.tenants import implementations

from .context import open_context


class ImplementationId(click.ParamType[str]):
    """Looks up the id. An unknown one stays as it was typed: the command reports it, or it is that of a removed implementation."""

    name = "implementation"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002 - the base's signature
        """Return the correct spelling of the id, also for an archived implementation."""
        with open_context() as context, context.database.reading() as db:
            return as_written(db, value)


def as_written(db: DbSession, typed: str) -> str:
    """Return the correct spelling of the id, also for an archived implementation; the typed id if there is none."""
    found = implementations.find_typed(db, typed.strip(), archived=True)
    return found.slug if found else typed
