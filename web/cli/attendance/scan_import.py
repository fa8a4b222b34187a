"""`session-status scans import`: the file of scans that a phone without network has saved."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from records.attendance.phones import saved_scans
from records.attendance.phones.saved_scans import LARGEST, SavedScans
from records.attendance.phones.undone_scans import UNDO_REFUSAL_WORDS, UndoRefusal
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal
from records.changes.attendance import phone_scans as changes
from records.columns import utc_now
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import CommandContext, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.phone_file import read_phone_file


@click.command(
    "import",
    epilog=examples(
        "session-status scans import demo scans-demo.json --preview", "session-status scans import demo scans-demo.json"
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Only show what would become of each scan.")
@click.option("--reason", default="", help="The reason, for the audit entry.")
def import_scans(implementation: str, file: Path, reason: str, *, preview: bool) -> None:
    """Import FILE, in which a phone has saved the scans that it could not send.

    Each scan is judged as one that arrives. One that is stored already is recognised by its id, so a file can be imported
    again, and also if the phone sends its scans later. A refused scan is kept with its reason. Scans that were undone on the
    phone are voided.

    Exit status: 0 everything counts; 1 a scan or a void was refused.
    """
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    with open_context() as here:
        with here.database.reading() as db:
            saved = read_phone_file(find_implementation(db, implementation), data)
        reasons = _preview(here, implementation, saved) if preview else _import(here, implementation, saved, reason)
    for words, number in sorted(reasons.items()):
        click.echo(f"Refused, {number}: {words}", err=True)
    if reasons:
        sys.exit(ANSWER_IS_NO)


def _preview(here: CommandContext, slug: str, saved: SavedScans) -> Counter[str]:
    by = audit_context()
    with here.database.reading() as db:
        results = saved_scans.preview(db, find_implementation(db, slug), saved, by.actor, utc_now())
    click.echo(f"{_in_words(saved_scans.counts_of(results))} {counted(len(saved.voids), 'scan')} undone on the phone.")
    return _why(each.reason for each in results)


def _import(here: CommandContext, slug: str, saved: SavedScans, reason: str) -> Counter[str]:
    by = audit_context(reason)
    done = here.commit(lambda db: changes.import_scans(db, find_implementation(db, slug), saved, by)).value
    click.echo(f"{_in_words(done.counts)} {counted(done.counts['voided'], 'scan')} voided.")
    voids = Counter(UNDO_REFUSAL_WORDS[UndoRefusal(each.reason)] for each in done.voids if each.reason)
    return _why(each.reason for each in done.scans) + voids


def _in_words(counts: dict[str, int]) -> str:
    return f"{counted(counts['new'], 'new scan')}, {counts['already']} already there, {counts['refused']} refused."


def _why(reasons: Iterable[str | None]) -> Counter[str]:
    return Counter(REFUSAL_WORDS[ScanRefusal(reason)] for reason in reasons if reason)
