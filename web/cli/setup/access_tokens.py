"""`session-status users token`: an access token without a login, to try the app's endpoints with curl.

It is for development only: in production nobody gets in without their identity provider. The login that it begins ends
with it, gives no role above scanner, and leaves an audit entry.
"""

from __future__ import annotations

import secrets
import time

import click

from records import DbSession
from records.changes import operations
from records.changes.after_commit import AfterCommit
from runner.logins import LoginStore, StoreAway, Visitor
from runner.logins.app_tokens import ACCESS_S
from web.cli.common.audit_context import ACTOR, audit_context
from web.cli.common.context import CommandContext, find_served, find_user, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples


@click.command(
    "token",
    epilog=examples(
        "session-status users token demo 165",
        "TOKEN=$(session-status users token demo 165)",
    ),
)
@click.argument("implementation")
@click.argument("subject")
def users_token(implementation: str, subject: str) -> None:
    """Print an access token of a user, to try the endpoints of the app. For development only.

    SUBJECT is what scripts see as user.id. The token alone goes to standard output, and what it is good for to standard
    error. Whoever has it is that user until it ends, so treat it as a password.
    """
    with open_context() as here:
        if here.settings.production:
            raise CommandFailed(
                "`users token` is for development, and SESSION_STATUS_ENV says production. There, a person logs in, and "
                "the app gets its tokens; docs/app-integration.md says how."
            )
        if not here.settings.redis_url:
            raise CommandFailed(
                "There is no store to keep the token in: start `session-status up` first, or set REDIS_URL."
            )
        name = known_name(here, implementation, subject)
        token = issued(here, implementation, subject)
    click.echo(token)
    click.echo(
        f"Good for {ACCESS_S // 60} minutes, for {implementation}, as {name}. Kept in a shell variable, it asks:\n"
        f'  curl -H "Authorization: Bearer $TOKEN" {here.settings.public_url}/api/v1/implementations/{implementation}'
        "/sessions/SESSION/status",
        err=True,
    )


def known_name(here: CommandContext, implementation: str, subject: str) -> str:
    """Note whose token it will be, and return their name. Raises CommandFailed for somebody who could not log in."""

    def change(db: DbSession) -> AfterCommit[str]:
        owner = find_served(db, implementation)
        return operations.issue_token(db, owner, find_user(db, owner, subject), audit_context())

    return here.commit(change).value or subject


def issued(here: CommandContext, implementation: str, subject: str) -> str:
    """The access token of a login that ends with it. Raises CommandFailed when the store is away."""
    now = int(time.time())
    visitor = Visitor(
        implementation, subject, secrets.token_urlsafe(24), since=now, source=ACTOR, proved=now, until=now + ACCESS_S
    )
    store = LoginStore.open(here.settings)
    try:
        return store.tokens.issue(visitor).access
    except StoreAway:
        raise CommandFailed(
            "The store does not answer, so there is no token. `session-status doctor` says more."
        ) from None
    finally:
        store.close()
