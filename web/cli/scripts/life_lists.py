"""`session-status script versions`, `submissions` and `deployments`: what is stored, what waits for review, what is in service."""

from __future__ import annotations

from typing import Any

import click

from records import DbSession, Implementation, Version
from records.scripts import deployments, reviews, submissions, versions
from records.scripts.states import worded
from web.authors import answers
from web.cli.common.context import find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.tables import print_json, print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

implementation_argument = click.argument("implementation", type=ImplementationId())
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON list, with times in UTC.")
#: Characters of a hash that a table shows.
SHORT = 12


@click.command("versions", epilog=examples("session-status script versions demo"))
@implementation_argument
@json_option
def versions_list(implementation: str, *, as_json: bool) -> None:
    """List the stored versions of IMPLEMENTATION, the newest first, with what became of each."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, found = TimeFormatter.of(owner), versions.versions(db, owner)
        told = [answers.version_json(db, version) for version in found]
    if as_json:
        print_json(told)
        return
    rows = [
        (str(one.number), state["state"], clock.words(one.created_at), plain(one.created_by), one.sha256[:SHORT])
        for one, state in zip(found, told, strict=True)
    ]
    heads = ("VERSION", "STATE", f"STORED ({clock.zone})", "BY", "SHA-256")
    print_table(heads, rows, empty=f"{implementation} has no version. `session-status script activate` stores one.")


@click.command(
    "submissions", epilog=examples("session-status script submissions demo", "session-status script submissions")
)
@click.argument("implementation", type=ImplementationId(), required=False)
@json_option
def submissions_list(implementation: str | None, *, as_json: bool) -> None:
    """List the submissions of IMPLEMENTATION, the newest first; without one, all that wait for a decision."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation) if implementation else None
        clock, told = TimeFormatter.of(owner), submission_rows(db, owner)
    if as_json:
        print_json([{**one, "submitted_at": one["submitted_at"].isoformat(timespec="seconds")} for one in told])
        return
    heads = ("IMPLEMENTATION", "NUMBER", "VERSION", "STATE", f"SUBMITTED ({clock.zone})", "BY", "REVIEWER")
    rows = [
        (
            *(one["implementation"], str(one["number"]), str(one["version"]), worded(one["state"])),
            *(clock.words(one["submitted_at"]), plain(one["submitted_by"]), plain(one["reviewer"] or "-")),
        )
        for one in told
    ]
    print_table(
        heads, rows, empty="No submission waits for a decision." if owner is None else "There is no submission."
    )


def submission_rows(db: DbSession, owner: Implementation | None) -> list[dict[str, Any]]:
    """What is told of each submission."""
    if owner is None:
        found = submissions.queue(db)
    else:
        found = [(owner, submission, version) for submission, version in submissions.every(db, owner)]
    rows = []
    for one, submission, version in found:
        review = reviews.of_submission(db, submission)
        rows.append(
            {"implementation": one.slug, "number": submission.number, "version": version.number}
            | {"sha256": version.sha256, "state": submission.state, "submitted_at": submission.submitted_at}
            | {"submitted_by": submission.submitted_by, "reviewer": review.reviewer if review else None}
        )
    return rows


@click.command("deployments", epilog=examples("session-status script deployments demo"))
@implementation_argument
@json_option
def deployments_list(implementation: str, *, as_json: bool) -> None:
    """List what is and was in service for IMPLEMENTATION, the newest first, with who and why."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, found = TimeFormatter.of(owner), deployments.history(db, owner)
    if as_json:
        print_json([deployment_json(deployment, version) for deployment, version in found])
        return
    rows = [
        (
            *(str(version.number), each.state, f"{each.share} %", clock.words(each.started_at), plain(each.started_by)),
            *(clock.words(each.ended_at) if each.ended_at else "-", plain(each.end_reason or each.reason or "-")),
        )
        for each, version in found
    ]
    heads = ("VERSION", "STATE", "SHARE", f"FROM ({clock.zone})", "BY", "UNTIL", "REASON")
    print_table(heads, rows, empty=f"No version was ever in service for {implementation}.")


def deployment_json(deployment: deployments.Deployment, version: Version) -> dict[str, Any]:
    """What programs are told of a deployment."""
    times = {name: getattr(deployment, name) for name in ("started_at", "active_since", "ended_at")}
    return (
        {"version": version.number, "sha256": version.sha256, "state": deployment.state, "share": deployment.share}
        | {name: at.isoformat(timespec="seconds") if at else None for name, at in times.items()}
        | {name: getattr(deployment, name) for name in ("started_by", "reason", "ended_by", "end_reason")}
    )
