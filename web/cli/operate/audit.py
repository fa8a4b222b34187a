"""`session-status audit`: who did what and why, and whether all of it is still as it was written."""

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
    """Show audit entries, and check that none was changed, added or taken away."""


@audit_group.command(
    "verify",
    epilog=examples(
        "session-status audit verify",
        "session-status audit verify --noted 1208:9f2c…",
        "session-status audit verify --json",
    ),
)
@click.option("--noted", metavar="HEAD", help="Also check against a head that was printed and kept earlier.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object.")
def verify(noted: str | None, *, as_json: bool) -> None:
    """Check every audit entry, and name the first that is not as it was written.

    Each entry carries the hash of the one before, so a changed, removed, moved or added entry is found, also at the end.
    Somebody who owns the database could still write all of them anew. To find that, too, keep the head which this
    prints somewhere else, and give it with --noted later.

    Exit status: 0 nothing was changed; 1 an entry is not as it was written.
    """
    known = head_from(noted) if noted else None
    with open_context() as here, here.database.reading() as db:
        verdict = audit.verify(db, noted=known)
    if as_json:
        print_json(verdict_json(verdict))
    elif verdict.ok:
        entries = f"{counted(verdict.entries, 'audit entry')} {form(verdict.entries, 'is')}"
        click.echo(f"Nothing was changed: {entries} as written.\nhead  {verdict.head}")
    else:
        click.echo(
            f"Audit entry {verdict.broken_at} is not as it was written: {verdict.reason}.\n"
            f"{counted(verdict.entries, 'entry')} before it {form(verdict.entries, 'is')} as written. "
            "Keep the database as it is, and compare it with a backup.",
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
    help="Only entries about this implementation, even a removed one.",
)
@click.option("--before", type=click.IntRange(min=1), metavar="NUMBER", help="Only entries older than this one.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Most entries.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, with hashes.")
def list_all(implementation: str | None, before: int | None, limit: int, *, as_json: bool) -> None:
    """List audit entries, the newest first. People are named, with the keys by which the entries know them.

    Times are those of the implementation, if one is named and still there; else UTC. JSON is always in UTC.
    """
    with open_context() as here, here.database.reading() as db:
        found = actors.of_entries(db, audit.recent(db, implementation=implementation, before=before, limit=limit))
        clock = TimeFormatter.of(implementations.find_any(db, implementation) if implementation else None)
    if as_json:
        print_json([entry_json(one) for one in found])
        return
    heads = ("number", f"when ({clock.zone})", "who", "what", "implementation", "to what", "why and how")
    print_table(heads, [row(one, clock) for one in found], empty="No audit entry is here yet.")


def head_from(text: str) -> ChainHead:
    """A head as `verify` prints it. Raises CommandFailed."""
    entries, colon, digest = text.strip().partition(":")
    if not colon or not entries.isdecimal() or len(digest) != len(audit.FIRST):
        raise CommandFailed(
            f"--noted {text!r} is not a head as `audit verify` prints it: a number, a colon and 64 digits."
        )
    return ChainHead(int(entries), digest.lower())


def verdict_json(verdict: ChainVerification) -> dict[str, Any]:
    """A verdict as JSON values."""
    return {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "broken_at": verdict.broken_at,
        "reason": verdict.reason,
        "head": str(verdict.head),
    }


def entry_json(named: NamedEntry) -> dict[str, Any]:
    """An entry as JSON values, in the columns of the console's file."""
    return named.as_values() | {"at": named.entry.at.isoformat()}


def row(named: NamedEntry, clock: TimeFormatter) -> tuple[str, ...]:
    """An entry as a row of the list."""
    entry = named.entry
    who, whom = person_words(entry.actor, named.by), person_words(entry.target, named.target)
    return (str(entry.number), clock.digits(entry.at), who, entry.action, entry.implementation, whom, why(entry))


def why(entry: AuditEntry) -> str:
    """The reason, and the detail on the same line."""
    detail = json.dumps(entry.detail) if entry.detail else ""
    return "  ".join(part for part in (entry.reason, detail) if part)
