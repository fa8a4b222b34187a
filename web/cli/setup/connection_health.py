"""How the vendors of an implementation are, and `session-status connection retry`, which calls one again that failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import click

from records import DbSession
from records.changes import connections as changes
from records.changes.after_commit import AfterCommit
from records.plurals import counted
from runner.powers.connection_health import ConnectionHealth, close_breaker, read_health
from runner.store.clients import connect
from runner.store.errors import StoreAway
from web.cli.common.audit_context import audit_context
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.setup.connection_lookup import find_connection
from web.time_format import TimeFormatter

NO_STORE = "REDIS_URL is not set, so no process can be told."
AWAY = "The store does not answer, so the vendor is called again when its pause is over. Try again."


@click.command("retry", epilog=examples("session-status connection retry aha26 ethosce"))
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
def retry(implementation: str, name: str) -> None:
    """Call a vendor again at once that is not called, because it failed. `connection list` says which are not called."""
    with open_context() as context:
        settings = context.settings
        if not settings.redis_url:
            raise CommandFailed(NO_STORE)
        with closing(connect(settings.redis_url, environment=settings.environment)) as redis:
            close = partial(close_breaker, redis)
            context.commit(lambda db: closed(db, close, implementation, name))
    click.echo(f"{name} is called again from now on.")


def closed(db: DbSession, close: Callable[[str, str], None], implementation: str, name: str) -> AfterCommit[None]:
    """Let a vendor be called again, and note it. Raises CommandFailed, also if the store is away: then nothing is noted."""
    find_connection(db, implementation, name)
    after = changes.breaker_closed(db, find_implementation(db, implementation), name, audit_context())
    try:
        close(after.slug, name)
    except StoreAway:
        raise CommandFailed(AWAY) from None
    return after


def healths_of(context: CommandContext, implementation: str, names: Sequence[str]) -> Sequence[ConnectionHealth | None]:
    """Return the health of these connections; None for each without a store that answers."""
    if context.settings.redis_url:
        try:
            with closing(connect(context.settings.redis_url, environment=context.settings.environment)) as redis:
                return read_health(redis, implementation, names)
        except StoreAway:
            pass
    return [None] * len(names)


def health_in_words(health: ConnectionHealth | None, clock: TimeFormatter) -> str:
    """Return the state of a vendor, and the calls of the last minutes, on one line."""
    if health is None:
        return "not known: no store"
    parts = [health.state.value + (f" since {clock.words(health.since, near=True)}" if health.since else "")]
    if health.next_try:
        parts.append(f"next try at {clock.words(health.next_try, seconds=True, near=True)}")
    if health.p95_ms is not None:
        taken = f"95 of 100 {'more than' if health.over else 'within'} {health.p95_ms / 1000:g} s"
        parts.append(f"{counted(health.calls, 'call')} in 5 minutes, {health.failed} failed, {taken}")
    if health.error and health.error_at:
        parts.append(f"last error {health.error} at {clock.words(health.error_at, near=True)}")
    return "; ".join(parts)
