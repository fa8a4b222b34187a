"""`session-status --service … script versions`, `diff` and `token`."""

from __future__ import annotations

import click

from web.cli.common.help_examples import examples
from web.cli.common.tables import print_compact, print_json, print_table
from web.cli.common.terminal_text import plain

from .service_client import ServiceClient, reads_answers
from .submission_commands import implementation_argument, json_option, named

#: Characters of a hash that a table shows.
SHORT = 12


@click.command("versions", epilog=examples("session-status --service https://status.example.org script versions demo"))
@implementation_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON list, with times in UTC.")
@click.pass_context
@reads_answers
def versions(ctx: click.Context, implementation: str, *, as_json: bool) -> None:
    """List the stored versions of IMPLEMENTATION, the newest first, with what became of each."""
    told = ServiceClient.of(ctx, implementation).get("/scripts/versions")["versions"]
    if as_json:
        print_json(told)
        return
    shown = [one | {"sha256": one["sha256"][:SHORT], "stored_by": named(one, "stored_by")} for one in told]
    rows = [
        [plain(str(one[name])) for name in ("version", "state", "stored_at", "stored_by", "sha256")] for one in shown
    ]
    print_table(("VERSION", "STATE", "STORED", "BY", "SHA-256"), rows, empty=f"{plain(implementation)} has no version.")


@click.command("diff", epilog=examples("session-status --service https://status.example.org script diff demo 3 4"))
@implementation_argument
@click.argument("before", type=click.IntRange(min=1))
@click.argument("after", type=click.IntRange(min=1))
@json_option
@click.pass_context
@reads_answers
def diff(ctx: click.Context, implementation: str, before: int, after: int, *, as_json: bool) -> None:
    """Show what changed from version BEFORE to version AFTER, as a unified diff.

    Needs --service, and an author token in SESSION_STATUS_TOKEN.
    """
    told = ServiceClient.of(ctx, implementation).get(f"/scripts/versions/{before}/diff", to=after)
    if as_json:
        print_compact(told)
        return
    tints = {"+": "green", "-": "red", "@": "cyan"}
    for line in told["diff"].split("\n") if told["diff"] else ["The two texts are the same."]:
        click.echo(click.style(plain(line.replace("\t", "    ")), fg=tints.get(line[:1])))


@click.command("token", epilog=examples("session-status --service https://status.example.org script token demo"))
@implementation_argument
@json_option
@click.pass_context
@reads_answers
def token(ctx: click.Context, implementation: str, *, as_json: bool) -> None:
    """Show what the author token in SESSION_STATUS_TOKEN is: its name, its person, what it allows, and when it ends."""
    told = ServiceClient.of(ctx, implementation).get("/scripts/token")
    if as_json:
        print_compact(told)
        return
    allows = ", ".join(each.lower().replace("_", " ") for each in told["allows"])
    click.echo(
        f"{plain(told['name'])} of {plain(told['person'])}, until {plain(told['ends_at'])}, may {plain(allows)}."
    )
