"""`session-status facts`: what vendors told beforehand about people, and the secrets with which they sign it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

import click

from records import DbSession, Implementation, User
from records.changes import facts as changes
from records.changes.after_commit import AfterCommit
from records.facts import fact_lists, hook_secrets
from records.facts.fact_tables import WHOLE_EVENT, HookSecret
from records.people import users
from records.plurals import counted
from runner.logins import StoreAway
from runner.queues.background_jobs import BackgroundQueue, QueueFull
from runner.queues.job_orders import OrderSigner
from runner.queues.job_states import DONE, WAITING, JobState
from runner.queues.prepare_orders import order_by_hand
from runner.store.clients import connect
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, find_served, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

IMPLEMENTATION = click.argument("implementation", type=ImplementationId())
REASON = click.option("--reason", default="", help="The reason, for the audit entry.")
#: Seconds between two looks at a job that is waited for.
LOOK_S: Final = 0.5
SHOWN_ONCE = "This secret is not shown again. Give it to the vendor. Earlier secrets end in 24 hours."


@click.group(
    "facts",
    epilog=examples("session-status facts secret create aha26", "session-status facts show aha26 --user 165"),
)
def facts_group() -> None:
    """See what vendors told beforehand about people, and make the secrets with which they sign it."""


@facts_group.command("show", epilog=examples("session-status facts show aha26"))
@IMPLEMENTATION
@click.option("--user", metavar="ID", help="What is known about this user.")
def show(implementation: str, user: str | None) -> None:
    """Count the facts of IMPLEMENTATION by session, or show those of one user."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock = TimeFormatter.of(owner)
        if user is not None:
            _user(db, owner, user)
            rows = [
                (each.session or "whole event", clock.words(each.at, seconds=True), each.source,
                 plain("nothing any more" if each.content is None else json.dumps(each.content, ensure_ascii=False)))
                for each in fact_lists.of_user(db, owner, user)
            ]  # fmt: skip
            print_table(("ABOUT", f"TRUE ({clock.zone})", "SOURCE", "KNOWN"), rows, empty="Nothing is known.")
            return
        counted = [
            (each.session if each.session != WHOLE_EVENT else "whole event", each.source, str(each.users),
             clock.words(each.newest_at, seconds=True), clock.words(each.arrived_at, seconds=True))
            for each in fact_lists.counts(db, owner)
        ]  # fmt: skip
    heads = ("ABOUT", "SOURCE", "PEOPLE", f"NEWEST ({clock.zone})", "LAST ARRIVED")
    print_table(heads, counted, empty=f"{implementation} has no facts.")


@facts_group.command("prepare", epilog=examples("session-status facts prepare aha26 CE-1"))
@IMPLEMENTATION
@click.argument("session")
def prepare(implementation: str, session: str) -> None:
    """Have facts prepared for SESSION of IMPLEMENTATION now, by the function prepare of the active version, and wait for it.

    A background worker must be running. Exit status: 0 if facts were prepared, 1 if not.
    """
    with open_context() as here:
        if not here.settings.redis_url:
            raise CommandFailed("No store is set, so no worker can be told. Start the service first.")
        redis = connect(here.settings.redis_url, environment=here.settings.environment)
        with closing(redis):
            queue = BackgroundQueue(redis, OrderSigner(here.settings.keys))
            try:
                with here.database.reading() as db:
                    owner = find_served(db, implementation)
                    job = order_by_hand(queue, db, owner, session, audit_context().actor)
                state = _ended(queue, owner.slug, job)
            except StoreAway:
                raise CommandFailed("The store does not answer.") from None
            except QueueFull as full:
                raise CommandFailed(f"Nothing was prepared: {full}.") from None
    click.echo(state.said)
    if state.state != DONE:
        raise SystemExit(ANSWER_IS_NO)


def _ended(queue: BackgroundQueue, slug: str, job: str) -> JobState:
    """Wait for the end of a job. Raises CommandFailed if no background worker is there to do it."""
    while True:
        state = queue.find(slug, job)
        if state is None:
            raise CommandFailed("The store forgot the order. Give it again.")
        if state.ended:
            return state
        if state.state == WAITING and not queue.worker_is_there():
            raise CommandFailed("The order waits, but no background worker is running. It is done once one runs.")
        time.sleep(LOOK_S)


@facts_group.command("forget", epilog=examples("session-status facts forget aha26 165 --reason 'asked for erasure'"))
@IMPLEMENTATION
@click.argument("user", metavar="ID")
@REASON
def forget(implementation: str, user: str, reason: str) -> None:
    """Delete everything that is known about the user ID of IMPLEMENTATION. What a vendor pushes later is stored again."""
    with open_context() as here:
        by = audit_context(reason)

        def change(db: DbSession) -> AfterCommit[int]:
            owner = find_implementation(db, implementation)
            return changes.forget(db, owner, _user(db, owner, user), by)

        after = here.commit(change)
    click.echo(f"{counted(after.value, 'fact')} deleted." if after.made else UNCHANGED)


@facts_group.group("secret", epilog=examples("session-status facts secret create aha26"))
def secret_group() -> None:
    """Make, list and revoke the secrets with which vendors sign what they push."""


@secret_group.command("create", epilog=examples("session-status facts secret create aha26"))
@IMPLEMENTATION
@REASON
def create(implementation: str, reason: str) -> None:
    """Make a secret for a vendor of IMPLEMENTATION and print it, this once. Earlier ones end in 24 hours."""
    with open_context() as here:
        by = audit_context(reason)
        change = here.commit(lambda db: changes.make_secret(db, here.box, find_implementation(db, implementation), by))
    click.echo(change.value.text)
    click.echo(SHOWN_ONCE, err=True)


@secret_group.command("list", epilog=examples("session-status facts secret list aha26"))
@IMPLEMENTATION
def list_secrets(implementation: str) -> None:
    """List the secrets of IMPLEMENTATION, the newest first. None of them can be shown again."""
    now = datetime.now(UTC)
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock = TimeFormatter.of(owner)
        rows = [
            (str(each.id), _state(each, now), clock.words(each.made_at), clock.words(end) if end else "-")
            for each in hook_secrets.listed(db, owner)
            for end in [each.revoked_at or each.ends_at]
        ]
    print_table(("NUMBER", "STATE", f"MADE ({clock.zone})", "ENDS"), rows, empty=f"{implementation} has no secret.")


@secret_group.command("revoke", epilog=examples("session-status facts secret revoke aha26 3 --reason 'it leaked'"))
@IMPLEMENTATION
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@REASON
def revoke(implementation: str, number: int, reason: str) -> None:
    """End the secret NUMBER of IMPLEMENTATION now. Calls that are signed with it are refused."""
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.revoke_secret(db, find_implementation(db, implementation), number, by))
    click.echo(f"Secret {number} is revoked." if after.made else UNCHANGED)


def _user(db: DbSession, owner: Implementation, subject: str) -> User:
    found = users.find(db, owner, subject) if "\0" not in subject else None
    if found is None:
        raise CommandFailed(f"{owner.slug} has no user with the ID {plain(subject)}.")
    return found


def _state(secret: HookSecret, now: datetime) -> str:
    if secret.revoked_at is not None:
        return "revoked"
    if not hook_secrets.is_valid(secret, now):
        return "ended"
    return "ends soon" if secret.ends_at else "valid"
