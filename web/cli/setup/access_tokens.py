"""`session-status users token`: an access token without a login, to try the app's endpoints with curl.

For development only: in production, every login goes through the login method of the implementation. The login of the token
ends with it, gives no role above scanner, and leaves an audit entry.
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

    SUBJECT is what scripts see as user.id. Only the token is printed to standard output; an explanation is printed to
    standard error. Anyone who has the token can act as this user until it expires, so treat it as a password.
    """
    with open_context() as context:
        if context.settings.production:
            raise CommandFailed(
                "`users token` is for development, and SESSION_STATUS_ENV is production. In production, the app gets a token "
                "when a person logs in; see docs/app-integration.md."
            )
        if not context.settings.redis_url:
            raise CommandFailed("There is no store for the token: start `session-status up` first, or set REDIS_URL.")
        name = known_name(context, implementation, subject)
        token = issued(context, implementation, subject)
    click.echo(token)
    click.echo(
        f"The token is valid for {ACCESS_S // 60} minutes, for {implementation}, as {name}. With the token in a shell variable:\n"
        f'  curl -H "Authorization: Bearer $TOKEN" {context.settings.public_url}/api/v1/implementations/{implementation}'
        "/sessions/SESSION/status",
        err=True,
    )


def known_name(context: CommandContext, implementation: str, subject: str) -> str:
    """Record whose token it will be, and return their name. Raises CommandFailed if the person cannot log in."""

    def change(db: DbSession) -> AfterCommit[str]:
        owner = find_served(db, implementation)
        return operations.issue_token(db, owner, find_user(db, owner, subject), audit_context())

    return context.commit(change).value or subject


def issued(context: CommandContext, implementation: str, subject: str) -> str:
    """Return the access token of a new login, which ends with it. Raises CommandFailed if the store does not answer."""
    now = int(time.time())
    visitor = Visitor(
        implementation, subject, secrets.token_urlsafe(24), since=now, source=ACTOR, proved=now, until=now + ACCESS_S
    )
    store = LoginStore.open(context.settings)
    try:
        return store.tokens.issue(visitor).access
    except StoreAway:
        raise CommandFailed(
            "The store does not answer, so no token was issued. `session-status doctor` shows details."
        ) from None
    finally:
        store.close()
