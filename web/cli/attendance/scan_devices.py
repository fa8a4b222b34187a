"""`session-status scans device make`, `list` and `revoke`: phones and scanners without a login, each with a token of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import click

from records.attendance import device_pairing, devices
from records.attendance.devices import DeviceDraft, ScanDevice
from records.changes.attendance import scan_devices as changes
from records.people import actors
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_table
from web.time_format import TimeFormatter

#: Hours for which a device may scan at most: an event with its days of building up.
LONGEST_HOURS: Final = 60 * 24


@click.group("scans")
def scans_group() -> None:
    """List, correct and verify scans of badges; make and revoke devices that scan."""


@scans_group.group("device")
def device_group() -> None:
    """Make, list and revoke devices that scan badges without a login, each with a token of its own."""


@device_group.command(
    "make", epilog=examples("session-status scans device make demo door-3 --sessions CE-1,CE-2 --hours 10")
)
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.option("--sessions", metavar="ID,...", default="", help="Sessions at which it may scan. Without them: at all.")
@click.option(
    "--hours", type=click.IntRange(1, LONGEST_HOURS), default=24, show_default=True, help="For how long it may scan."
)
@click.option(
    "--from", "begins", metavar="MOMENT", help="From when on, such as 2026-05-04T08:00+02:00. Without it: now."
)
@click.option("--phone", is_flag=True, help="Print an address and a code that pair a phone, in place of the token.")
def make(  # noqa: PLR0913 - one for each option
    implementation: str, name: str, sessions: str, hours: int, begins: str | None, *, phone: bool
) -> None:
    """Make a device for IMPLEMENTATION, called NAME in reports. Its token is shown once, and only its hash is stored.

    With --phone, the token goes to the phone that first opens the printed address or types the code, within ten minutes.
    """
    begins_at = _moment(begins) if begins else datetime.now(UTC)
    named = tuple(each.strip() for each in sessions.split(",") if each.strip())
    draft = DeviceDraft(name, begins_at, begins_at + timedelta(hours=hours), named)
    with open_context() as here:
        if phone:
            waiting = here.commit(
                lambda db: changes.make_for_phone(db, find_implementation(db, implementation), draft, audit_context())
            ).value
            code = device_pairing.shown(waiting.code)
            click.echo(f"{here.settings.public_url}/pair#{code}")
            click.echo(
                f"Open it on the phone within ten minutes, or type the code {code} there. It works once.", err=True
            )
            return
        after = here.commit(
            lambda db: changes.make(db, find_implementation(db, implementation), draft, audit_context())
        )
    click.echo(after.value.text)
    click.echo(f"This token is not shown again. {name} may scan for {hours} hours with it.", err=True)


@device_group.command("list", epilog=examples("session-status scans device list demo"))
@click.argument("implementation", type=ImplementationId())
def list_devices(implementation: str) -> None:
    """List the devices of IMPLEMENTATION; no token can be shown again."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, found = TimeFormatter.of(owner), devices.every(db, owner)
        people = actors.by_keys(db, [each.made_by for each in found])
        rows = [
            (each.name, _state(each), ",".join(each.sessions) or "all", clock.words(each.begins_at),
             clock.words(each.ends_at), person_words(each.made_by, people.get(each.made_by)))
            for each in found
        ]  # fmt: skip
    heads = ("NAME", "STATE", "SESSIONS", f"FROM ({clock.zone})", "UNTIL", "MADE BY")
    print_table(heads, rows, empty=f"{implementation} has no device. `session-status scans device make` makes one.")


@device_group.command("revoke", epilog=examples("session-status scans device revoke demo door-3 --reason lost"))
@click.argument("implementation", type=ImplementationId())
@click.argument("name")
@click.option("--reason", default="", help="Why; the audit entry keeps it.")
def revoke(implementation: str, name: str, reason: str) -> None:
    """Revoke the device NAME of IMPLEMENTATION, for ever. Scans that it made before count, also if they arrive later."""
    with open_context() as here:
        by = audit_context(reason)
        after = here.commit(lambda db: changes.revoke(db, find_implementation(db, implementation), name, by))
    click.echo(f"Revoked {name}." if after.made else UNCHANGED)


def _state(device: ScanDevice) -> str:
    now = datetime.now(UTC)
    if device.revoked_at is not None:
        return "revoked"
    if now < device.begins_at:
        return "not yet"
    return "scans" if now < device.ends_at else "ended"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.BadParameter("must be a time with its offset, such as 2026-05-04T08:00+02:00", param_hint="--from")
    return found.astimezone(UTC)
