"""`session-status scans questions`, `decide`, `disputes` and `answer`: what only a person can decide about attendance."""

from __future__ import annotations

from typing import Final

import click

from records import DbSession
from records.attendance.questions import disputes, open_questions
from records.attendance.questions.attendance_questions import (
    AS_IT_IS,
    FIRST_ONLY,
    SECOND_ONLY,
    WITHOUT_OUT,
    QuestionKind,
)
from records.changes.after_commit import AfterCommit
from records.changes.attendance import questions as changes
from records.changes.attendance.questions import QuestionAnswer
from records.people import actors
from records.plurals import counted
from web.cli.common.audit_context import audit_context
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

#: The choices of a person -> the answers.
CHOICES: Final = {"leave": AS_IT_IS, "first": FIRST_ONLY, "second": SECOND_ONLY, "without": WITHOUT_OUT}


@click.command("questions", epilog=examples("session-status scans questions demo"))
@click.argument("implementation", type=ImplementationId())
def list_questions(implementation: str) -> None:
    """List what scans of IMPLEMENTATION leave open: badges in two sessions at once, and badges that left before they came."""
    with open_context() as here, here.database.reading() as db:
        rows = [
            (
                each.kind.value,
                plain(each.badge_id),
                *each.names,
                counted(each.seconds // 60, "minute") if each.seconds else "",
            )
            for each in open_questions.every(db, find_implementation(db, implementation))
        ]
    heads = ("WHAT", "BADGE", "FIRST SESSION", "SECOND SESSION", "AT THE SAME TIME")
    print_table(heads, rows, empty=f"Nothing waits for a decision in {implementation}.")


@click.command(
    "decide",
    epilog=examples(
        'session-status scans decide demo B-7 --first CE-1 --second CE-2 --choice first --reason "seen in hall 4"'
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("badge")
@click.option("--first", required=True, metavar="ID", help="The first session, as `scans questions` lists it.")
@click.option(
    "--second", default="", metavar="ID", help="The second session; none for a badge that left before it came."
)
@click.option(
    "--choice",
    required=True,
    type=click.Choice(list(CHOICES)),
    help="Leave it, count the first or the second session only, or do without the scans that let it out.",
)
@click.option("--reason", required=True, help="Why; the ledger and the audit entry keep it.")
def decide(implementation: str, badge: str, **given: str) -> None:
    """Decide what is open about BADGE at one or two sessions. Scans that do not count any more are voided."""
    kind = QuestionKind.CONFLICT if given["second"] else QuestionKind.ORDER
    names = (given["first"], given["second"])

    def change(db: DbSession) -> AfterCommit[None]:
        found = find_implementation(db, implementation)
        question = open_questions.find(db, found, kind, badge, names)
        answer = QuestionAnswer(kind, badge, names, question.seen if question else "", CHOICES[given["choice"]])
        return changes.decide(db, found, answer, audit_context(given["reason"]))

    with open_context() as here:
        after = here.commit(change)
    click.echo("Decided." if after.made else UNCHANGED)


@click.command("disputes", epilog=examples("session-status scans disputes demo"))
@click.argument("implementation", type=ImplementationId())
def list_disputes(implementation: str) -> None:
    """List what people of IMPLEMENTATION say is wrong with their attendance, as long as it is not answered."""
    with open_context() as here, here.database.reading() as db:
        found = find_implementation(db, implementation)
        clock = TimeFormatter.of(found)
        rows = [
            (
                str(said.id),
                clock.words(said.made_at),
                plain(actors.name_of(user) or user.subject),
                said.session_id,
                plain(said.reason),
            )
            for said, user in disputes.every_open(db, found)
        ]
    heads = ("NUMBER", f"SINCE ({clock.zone})", "PERSON", "SESSION", "WHAT THEY SAY")
    print_table(heads, rows, empty=f"No dispute of {implementation} waits for an answer.")


@click.command("answer", epilog=examples('session-status scans answer demo 12 "All 55 minutes count now."'))
@click.argument("implementation", type=ImplementationId())
@click.argument("number", type=click.IntRange(1, 2**62))
@click.argument("words")
def answer(implementation: str, number: int, words: str) -> None:
    """Answer the dispute NUMBER with WORDS, which the person reads on their own page. That closes it."""
    with open_context() as here:
        by = audit_context(words)
        after = here.commit(lambda db: changes.answer(db, find_implementation(db, implementation), number, by))
    click.echo(f"Answered {number}." if after.made else UNCHANGED)
