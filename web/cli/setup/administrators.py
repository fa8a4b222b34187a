"""`session-status administrator`: how the first administrator gets in, and any other when nobody can."""

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
    """Let an administrator in who cannot log in otherwise."""


@administrator.command("link", epilog=examples("session-status administrator link"))
def link() -> None:
    """Print a one-time address which logs its user in as administrator.

    For the first administrator, before an identity provider is connected, and for the day on which that one is out of
    order. The address works once and for 24 hours; a new one ends those that were not used. Whoever has it can do
    everything in the console, so give it to nobody. The audit entries say that it was made, and when it was used.
    """
    with open_context() as here:
        if not here.settings.public_url:
            raise CommandFailed("Under which address do browsers reach the service? Set SESSION_STATUS_PUBLIC_URL.")
        token = here.commit(lambda db: people.make_administrator_link(db, audit_context())).value
        address = f"{here.settings.public_url.rstrip('/')}/console/first/{token}"
    hours = int(administrators.LASTS.total_seconds() // 3600)
    click.echo(address)
    click.echo(
        f"Open it in a browser: it logs you in as administrator, once, within {hours} hours. Earlier links are void now.\n"
        "Then connect the staff's identity provider, and give the role to people: "
        "session-status role grant staff administrator --username NAME",
        err=True,
    )
