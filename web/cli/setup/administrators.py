"""`session-status administrator`: how the first administrator logs in, or another one if the identity provider fails."""

from __future__ import annotations

import click

from records.changes import people
from records.people import administrators
from web.cli.common.audit_context import audit_context
from web.cli.common.context import open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples


@click.group("administrator")
def administrator() -> None:
    """Let an administrator log in without an identity provider."""


@administrator.command("link", epilog=examples("session-status administrator link"))
def link() -> None:
    """Print a one-time link that logs in as administrator.

    For the first administrator, before an identity provider is connected, and for when the identity provider does not work.
    The link works once, within 24 hours; a new link revokes unused ones. Anyone who has it can do everything in the console,
    so keep it secret. Audit entries record when it was made and used.
    """
    with open_context() as context:
        if not context.settings.public_url:
            raise CommandFailed("The public address of the service is not set. Set SESSION_STATUS_PUBLIC_URL.")
        token = context.commit(lambda db: people.make_administrator_link(db, audit_context())).value
        address = f"{context.settings.public_url.rstrip('/')}/console/first/{token}"
    hours = int(administrators.LASTS.total_seconds() // 3600)
    click.echo(address)
    click.echo(
        f"Open this link in a browser to log in as administrator. It works once, within {hours} hours. Earlier links no longer "
        "work.\nThen connect the identity provider for staff, and grant the role to people: "
        "session-status role grant staff administrator --username NAME",
        err=True,
    )
