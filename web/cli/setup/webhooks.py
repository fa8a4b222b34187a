"""`session-status webhook`: the system that an implementation tells of scans and corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from records import DbSession, Implementation
from records.audit import AuditContext
from records.changes import webhooks as changes
from records.changes.after_commit import AfterCommit
from records.webhooks import webhook, webhook_outbox
from records.webhooks.webhook import WebhookDraft
from records.webhooks.webhook_events import EVENTS
from records.webhooks.webhook_tables import MessageState
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.errors import CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

IMPLEMENTATION = click.argument("implementation", type=ImplementationId())
REASON = click.option("--reason", default="", help="The reason, for the audit entry.")
Change = Callable[[DbSession, Implementation, AuditContext], AfterCommit[Any]]
SHOWN_ONCE = "This secret is not shown again. Enter it in the other system."


@click.group(
    "webhook",
    epilog=examples(
        "session-status webhook set aha26 --address https://credits.example.org/hooks",
        "session-status webhook test aha26",
        "session-status webhook log aha26",
    ),
)
def webhook_group() -> None:
    """Tell another system of scans and corrections, signed as Standard Webhooks says."""


@webhook_group.command(
    "set", epilog=examples("session-status webhook set demo --address https://credits.example.org/x")
)
@IMPLEMENTATION
@click.option("--address", metavar="URL", help="https address of the other system. Needed for a new webhook.")
@click.option("--event", "events", type=click.Choice(EVENTS), multiple=True, help="What is told; can be repeated.")
@click.option("--names/--no-names", default=None, help="Whether last and first names are sent as well.")
@click.option("--development", is_flag=True, help="The address may be on this machine, for development only.")
@REASON
def set_webhook(  # noqa: PLR0913 - one for each option
    implementation: str,
    address: str | None,
    events: tuple[str, ...],
    reason: str,
    *,
    names: bool | None,
    development: bool,
) -> None:
    """Set the address of the webhook of IMPLEMENTATION and what it is told. What is not given stays as it is.

    A new webhook is on, and is told of what happens from now on. Its secret is printed, this once.
    """
    with open_context() as here:
        by = audit_context(reason)

        def change(db: DbSession) -> AfterCommit[changes.SavedWebhook]:
            owner = find_implementation(db, implementation)
            known = webhook.find(db, owner)
            draft = WebhookDraft(
                address or (known.address if known else ""),
                events or (tuple(known.events) if known else EVENTS),
                with_names=names if names is not None else bool(known and known.with_names),
                development=development or bool(known and known.development and not address),
            )
            return changes.save(db, here.box, owner, draft, by, environment=here.settings.environment)

        after = here.commit(change)
    if after.value.secret:
        click.echo(after.value.secret)
        click.echo(SHOWN_ONCE, err=True)
    else:
        click.echo("Saved." if after.made else UNCHANGED)


@webhook_group.command("show", epilog=examples("session-status webhook show demo"))
@IMPLEMENTATION
def show(implementation: str) -> None:
    """Show the webhook of IMPLEMENTATION; its secret can not be shown again."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        hook, clock = webhook.find(db, owner), TimeFormatter.of(owner)
        if hook is None:
            raise CommandFailed(f"{implementation} has no webhook. `session-status webhook set` makes one.")
        click.echo(f"Address: {hook.address}")
        click.echo(f"Told of: {', '.join(hook.events)}{', with names' if hook.with_names else ''}")
        state = f"on since {clock.words(hook.on_since)}" if hook.on_since else f"off. {hook.off_reason}".strip()
        click.echo(f"State:   {state}")
        if hook.failing_since:
            click.echo(f"Failing: since {clock.words(hook.failing_since)}")


@webhook_group.command("new-secret", epilog=examples("session-status webhook new-secret demo"))
@IMPLEMENTATION
@REASON
def new_secret(implementation: str, reason: str) -> None:
    """Replace the secret of IMPLEMENTATION and print the new one. For 24 hours, messages are signed with both."""
    with open_context() as here:
        by = audit_context(reason)
        made = here.commit(lambda db: changes.rotate(db, here.box, find_implementation(db, implementation), by)).value
    click.echo(made.secret)
    click.echo(SHOWN_ONCE, err=True)


@webhook_group.command("off", epilog=examples("session-status webhook off demo --reason 'the system moves'"))
@IMPLEMENTATION
@REASON
def off(implementation: str, reason: str) -> None:
    """Switch the webhook of IMPLEMENTATION off. What waits is dropped; what happens meanwhile is told after `on`."""
    _change(implementation, reason, changes.switch_off, "Switched off.")


@webhook_group.command("on", epilog=examples("session-status webhook on demo"))
@IMPLEMENTATION
@REASON
def on(implementation: str, reason: str) -> None:
    """Switch the webhook of IMPLEMENTATION on again. It is told of what it missed."""
    _change(implementation, reason, changes.switch_on, "Switched on.")


@webhook_group.command("test", epilog=examples("session-status webhook test demo"))
@IMPLEMENTATION
@REASON
def test(implementation: str, reason: str) -> None:
    """Send a message that tells nothing to the webhook of IMPLEMENTATION. `webhook log` says what became of it."""
    _change(implementation, reason, changes.send_test, "The test is on its way: `session-status webhook log`.")


@webhook_group.command("replay", epilog=examples("session-status webhook replay demo msg_0123456789abcdef"))
@IMPLEMENTATION
@click.argument("message")
@REASON
def replay(implementation: str, message: str, reason: str) -> None:
    """Send the MESSAGE of IMPLEMENTATION again, with the same id."""

    def change(db: DbSession, owner: Implementation, by: AuditContext) -> AfterCommit[Any]:
        return changes.replay(db, owner, message, by)

    _change(implementation, reason, change, "It is sent again.")


@webhook_group.command("log", epilog=examples("session-status webhook log demo --state failed"))
@IMPLEMENTATION
@click.option("--state", type=click.Choice([each.value for each in MessageState]), help="Only messages in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
def log(implementation: str, state: str | None, limit: int) -> None:
    """List the newest messages of IMPLEMENTATION, and what became of them."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock = TimeFormatter.of(owner)
        rows = [
            (each.message_id, clock.words(each.made_at, seconds=True), each.event, each.state, str(each.attempts),
             plain(each.error or str(each.status or "")))
            for each in webhook_outbox.listed(db, owner, state=state or "", limit=limit)
        ]  # fmt: skip
    heads = ("MESSAGE", f"MADE ({clock.zone})", "EVENT", "STATE", "ATTEMPTS", "LAST ANSWER")
    print_table(heads, rows, empty=f"{implementation} has no such message.")


def _change(implementation: str, reason: str, change: Change, words: str) -> None:
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: change(db, find_implementation(db, implementation), by))
    click.echo(words if after.made else UNCHANGED)
