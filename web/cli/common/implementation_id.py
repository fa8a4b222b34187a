"""The id of an implementation as an argument: typed in upper or lower case, and from then on as it is written.

An id that is only nearly right must not go further: audit entries and announcements would name what is not there.
"""

from __future__ import annotations

import click

from records import DbSession
from records.tenants import implementations

from .context import open_context


class ImplementationId(click.ParamType[str]):
    """Looks the id up. One that is not there stays as it was typed: the command says so, or means a removed one."""

    name = "implementation"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002 - the base's signature
        """Return the id as it is written, also of an archived implementation."""
        with open_context() as here, here.database.reading() as db:
            return as_written(db, value)


def as_written(db: DbSession, typed: str) -> str:
    """Return the id as it is written, also of an archived implementation; as it was typed if there is none."""
    found = implementations.find_typed(db, typed.strip(), archived=True)
    return found.slug if found else typed
