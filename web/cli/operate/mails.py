"""`session-status mail`: try the mail server step by step, list the mails, send or drop one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from records import DbSession, User
from records.changes import notices as changes
from records.changes.after_commit import AfterCommit
from records.notices import outbox
from records.notices.notice_tables import STATES, Mail
from records.people import actors
from records.people.mail_address import is_address
from records.plurals import counted
from runner.mail.handing_over import STEPS, hand_over
from runner.mail.mail_message import as_bytes, trial_mail
from runner.mail.mail_server import MailNotSent, MailServer
from runner.settings.operator_settings import Settings
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, open_context, read_settings
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.tables import print_compact, print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

OFF = (
    "No mail is sent: SESSION_STATUS_MAIL_HOST is not set. docs/operations.md says which settings a mail server needs."
)


@click.group("mail")
def mail_group() -> None:
    """Try the mail server, and list, send or drop the mails of notices."""


@mail_group.command("test", epilog=examples("session-status mail test you@example.org"))
@click.argument("address")
def trial(address: str) -> None:
    """Send a test mail to ADDRESS, and say of each step whether it works: name, connection, encryption, login, acceptance.

    Exit status: 0 the mail server accepted the mail; 1 a step failed, and the rest was not tried.
    """
    if not is_address(address):
        raise CommandFailed(f"{address!r} is not one e-mail address, such as you@example.org.")
    settings = read_settings()
    if not settings.mailing:
        raise CommandFailed(OFF)
    server = MailServer.from_settings(settings)
    width = max(map(len, STEPS))
    try:
        hand_over(server, address, _mail(settings, server, address), lambda *step: _draw("ok", *step, width=width))
    except MailNotSent as error:
        _draw("fail", error.step, error.said, width=width)
        click.echo(f"{'':<{width + 8}}-> {STEPS[error.step]}")
        sys.exit(ANSWER_IS_NO)
    click.echo(f"\nThe mail server accepted a mail to {address}. Look whether it arrives, also among unwanted mail.")


@mail_group.command(
    "outbox", epilog=examples("session-status mail outbox --state failed", "session-status mail outbox --json")
)
@click.option("--state", type=click.Choice(STATES), help="Only mails in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each mail.")
def list_mails(state: str | None, limit: int, *, as_json: bool) -> None:
    """List the mails of notices, the newest first: what waits, what failed and why. Sent ones are listed for 14 days."""
    with open_context() as here, here.database.reading() as db:
        found = outbox.listed(db, state=state or "", limit=limit)
        counts = outbox.counts(db, datetime.now(UTC))
        mailing = here.settings.mailing
    if as_json:
        for mail, user in found:
            print_compact(_json(mail, user))
        return
    clock = TimeFormatter()
    rows = [
        (
            *(str(mail.id), plain(actors.name_of(user) or user.subject), mail.state, str(mail.attempts)),
            *(clock.words(mail.ended_at or mail.due_at), plain(mail.error) or "-"),
        )
        for mail, user in found
    ]
    heads = ("MAIL", "TO", "STATE", "ATTEMPTS", f"NEXT OR END ({clock.zone})", "WHAT THE SERVER SAID")
    print_table(heads, rows, empty="No mail is listed.")
    click.echo(f"\n{counted(counts.waiting, 'mail')} waiting, {counts.failed} failed.", err=True)
    if not mailing:
        click.echo(OFF, err=True)


@mail_group.command("retry", epilog=examples("session-status mail retry 17", "session-status mail retry --all-failed"))
@click.argument("number", type=click.IntRange(1, 2**62), required=False)
@click.option(
    "--all-failed", is_flag=True, help="All mails that failed, for example after the mail server was repaired."
)
def retry(number: int | None, *, all_failed: bool) -> None:
    """Send the failed or waiting mail NUMBER at the next opportunity, as if it had not been tried before."""
    if (number is None) is not all_failed:
        raise CommandFailed("Give the number of a mail, or --all-failed. `session-status mail outbox` lists the mails.")
    with open_context() as here:
        if number is not None:
            numbers = [number]
        else:
            with here.database.reading() as db:
                numbers = [mail.id for mail, _ in outbox.listed(db, state="failed", limit=1000)]
        made = [here.commit(lambda db, one=one: changes.retry(db, one, audit_context())).made for one in numbers]  # type: ignore[misc]  # mypy does not infer a default
    click.echo(f"{counted(sum(made), 'mail')} will be sent again." if any(made) else UNCHANGED)


@mail_group.command("drop", epilog=examples("session-status mail drop 17"))
@click.argument("number", type=click.IntRange(1, 2**62))
def drop(number: int) -> None:
    """Never send the failed or waiting mail NUMBER. Its notices stay in the console."""

    def change(db: DbSession) -> AfterCommit[Mail]:
        return changes.drop(db, number, audit_context())

    with open_context() as here:
        after = here.commit(change)
    click.echo(f"Dropped mail {number}." if after.made else UNCHANGED)


def _mail(settings: Settings, server: MailServer, address: str) -> bytes:
    return as_bytes(trial_mail(server, address, settings.public_url, datetime.now(UTC)))


def _draw(mark: str, step: str, said: str, *, width: int) -> None:
    colour = {"ok": "green", "fail": "red"}[mark]
    click.echo(f"{click.style(f'{mark:<4}', fg=colour)}  {step:<{width}}  {plain(said)}")


def _json(mail: Mail, user: User) -> dict[str, object]:
    times = {name: getattr(mail, name) for name in ("made_at", "due_at", "ended_at")}
    return {
        "mail": mail.id,
        "to": user.subject,
        "state": mail.state,
        "daily": mail.daily,
        "attempts": mail.attempts,
        **{name: at.isoformat() if at else None for name, at in times.items()},
        "error": mail.error,
    }
