"""`session-status audit`: who did what and why, and whether any entry was altered."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from records import AuditEntry, ChainHead, ChainVerification, audit
from records.people import actors
from records.people.actors import NamedEntry
from records.plurals import counted, form
from records.tenants import implementations
from web.cli.common.context import open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_json, print_table
from web.time_format import TimeFormatter


@click.group("audit")
def audit_group() -> None:
    """Show audit entries, and check that none was changed, added or removed."""


@audit_group.command(
    "verify",
    epilog=examples(
        "session-status audit verify",
        "session-status audit verify --noted 1208:9f2c…",
        "session-status audit verify --json",
    ),
)
@click.option("--noted", metavar="HEAD", help="Also compare with a head that was printed earlier.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def verify(noted: str | None, *, as_json: bool) -> None:
    """Verify every audit entry, and report the first one that was altered.

    Each entry contains the hash of the previous one, so changed, removed, moved and added entries are found. Someone who
    controls the database could still rewrite all entries. To detect that too, store the printed head elsewhere, and pass it
    with --noted later.

    Exit status: 0 no entry was altered; 1 an entry was altered.
    """
    known = head_from(noted) if noted else None
    with open_context() as context, context.database.reading() as db:
        verdict = audit.verify(db, noted=known)
    if as_json:
        print_json(verdict_json(verdict))
    elif verdict.ok:
        entries = f"{counted(verdict.entries, 'audit entry')} {form(verdict.entries, 'is')}"
        click.echo(f"Nothing was altered: {entries} as written.\nhead  {verdict.head}")
    else:
        click.echo(
            f"Audit entry {verdict.broken_at} is not as it was written: {verdict.reason}.\n"
            f"{counted(verdict.entries, 'entry')} before it {form(verdict.entries, 'is')} as written. "
            "Do not change the database, and compare it with a backup.",
            err=True,
        )
    if not verdict.ok:
        sys.exit(ANSWER_IS_NO)


@audit_group.command(
    "list",
    epilog=examples(
        "session-status audit list --implementation aha26 --limit 20",
        "session-status audit list --before 1200 --json",
    ),
)
@click.option(
    "--implementation",
    type=ImplementationId(),
    metavar="SLUG",
    help="Only entries of this implementation, even a removed one.",
)
@click.option("--before", type=click.IntRange(min=1), metavar="NUMBER", help="Only entries older than this one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Maximum number of entries.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with hashes.")
def list_all(implementation: str | None, before: int | None, limit: int, *, as_json: bool) -> None:
    """List audit entries, newest first, with the names and keys of people.

    Times are in the time zone of the implementation, if one is given and still exists; otherwise in UTC. JSON is always in UTC.
    """
    with open_context() as context, context.database.reading() as db:
        found = actors.of_entries(db, audit.recent(db, implementation=implementation, before=before, limit=limit))
        clock = TimeFormatter.of(implementations.find_any(db, implementation) if implementation else None)
    if as_json:
        print_json([entry_json(one) for one in found])
        return
    heads = ("number", f"when ({clock.zone})", "who", "what", "implementation", "to what", "why and how")
    print_table(heads, [row(one, clock) for one in found], empty="There are no audit entries yet.")


def head_from(text: str) -> ChainHead:
    """Parse a head that `verify` has printed. Raises CommandFailed."""
    entries, colon, digest = text.strip().partition(":")
    if not colon or not entries.isdecimal() or len(digest) != len(audit.FIRST):
        raise CommandFailed(
            f"--noted {text!r} is not a head from `audit verify`: it must be a number, a colon and 64 hexadecimal digits."
        )
    return ChainHead(int(entries), digest.lower())


def verdict_json(verdict: ChainVerification) -> dict[str, Any]:
    """Return a verdict as JSON values."""
    return {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "broken_at": verdict.broken_at,
        "reason": verdict.reason,
        "head": str(verdict.head),
    }


def entry_json(named: NamedEntry) -> dict[str, Any]:
    """Return an entry as JSON values, with the columns of the console's file."""
    return named.as_values() | {"at": named.entry.at.isoformat()}


def row(named: NamedEntry, clock: TimeFormatter) -> tuple[str, ...]:
    """Return an entry as a row of the list."""
    entry = named.entry
    who, whom = person_words(entry.actor, named.by), person_words(entry.target, named.target)
    return (str(entry.number), clock.digits(entry.at), who, entry.action, entry.implementation, whom, why(entry))


def why(entry: AuditEntry) -> str:
    """Return the reason and the detail on one line."""
    detail = json.dumps(entry.detail) if entry.detail else ""
    return "  ".join(part for part in (entry.reason, detail) if part)
