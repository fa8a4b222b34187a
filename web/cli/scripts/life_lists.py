"""`session-status script versions`, `submissions` and `deployments`: what is stored, what waits for review, what users see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from records import DbSession, Implementation, Version
from records.people import actors
from records.people.actors import Actor
from records.plurals import counted
from records.scripts import deployments, reviews, rollout_watch, submissions, versions
from records.scripts.rollout_watch import WatchState
from records.scripts.states import STAGED, worded
from web.authors import answers
from web.cli.common.context import find_implementation, open_context
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import person_words
from web.cli.common.tables import print_json, print_table
from web.cli.common.terminal_text import plain
from web.time_format import TimeFormatter

implementation_argument = click.argument("implementation", type=ImplementationId())
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON list, with times in UTC.")
#: What programs are told of a deployment as it is stored.
TOLD = ("started_by", "reason", "activated_by", "activation_reason", "ended_by", "end_reason")
#: Characters of a hash that a table shows.
SHORT = 12


@click.command("versions", epilog=examples("session-status script versions demo"))
@implementation_argument
@json_option
def versions_list(implementation: str, *, as_json: bool) -> None:
    """List the stored versions of IMPLEMENTATION, the newest first, with what became of each."""
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, live, found = TimeFormatter.of(owner), deployments.live(db, owner), versions.versions(db, owner)
        told = answers.versions_json(db, live, found)
        names = actors.by_keys(db, {each.created_by for each in found})
    if as_json:
        print_json(told)
        return
    rows = [
        (str(one.number), state["state"], clock.words(one.created_at), _by(one.created_by, names), one.sha256[:SHORT])
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
        names = actors.by_keys(db, {one[by] for one in told for by in ("submitted_by", "reviewer") if one[by]})
    if as_json:
        print_json([{**one, "submitted_at": one["submitted_at"].isoformat(timespec="seconds")} for one in told])
        return
    heads = ("IMPLEMENTATION", "NUMBER", "VERSION", "STATE", f"SUBMITTED ({clock.zone})", "BY", "REVIEWER")
    rows = [
        (
            *(one["implementation"], str(one["number"]), str(one["version"]), worded(one["state"])),
            *(clock.words(one["submitted_at"]), _by(one["submitted_by"], names), _by(one["reviewer"], names)),
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
    """List what is and was active or staged for IMPLEMENTATION, the newest first, with who and why.

    Below the list: what the watch has counted that reverts a staged version by itself. It compares nothing before 10 users had
    runs of the staged version, and 5 of the active one.
    """
    with open_context() as here, here.database.reading() as db:
        owner = find_implementation(db, implementation)
        clock, found = TimeFormatter.of(owner), deployments.history(db, owner)
        watch = rollout_watch.state_of(db, owner)
        names = actors.by_keys(db, {key for each, _ in found for key in (each.started_by, each.activated_by)})
    if as_json:
        print_json([deployment_json(deployment, version, watch) for deployment, version in found])
        return
    rows = [
        (
            *(str(version.number), each.state, f"{each.share} %", clock.words(each.started_at), of_whom(each, names)),
            *(clock.words(each.ended_at) if each.ended_at else "-", plain(each.end_reason or each.reason or "-")),
        )
        for each, version in found
    ]
    heads = ("VERSION", "STATE", "SHARE", f"FROM ({clock.zone})", "BY", "UNTIL", "REASON")
    print_table(heads, rows, empty=f"No version was ever active for {implementation}.")
    if watch is not None:
        click.echo(f"\n{watch.lacking or compared(watch)}")


def of_whom(deployment: deployments.Deployment, names: Mapping[str, Actor]) -> str:
    """Who staged and who activated a version."""
    keys = dict.fromkeys(key for key in (deployment.started_by, deployment.activated_by) if key)
    return ", ".join(_by(key, names) for key in keys)


def _by(key: str | None, names: Mapping[str, Actor]) -> str:
    """A person by name with the key, a token or command by its key."""
    return person_words(key, names.get(key)) if key else "-"


def compared(watch: WatchState) -> str:
    """What the watch on the staged version has found, in sentences."""
    failed = [f"{one.failed} of {counted(one.users, 'user')}" for one in (watch.staged, watch.active)]
    return (
        f"Version {watch.version} was compared with the active version {counted(watch.looks, 'time')}. "
        f"Since it has its share, runs failed for {failed[0]} of it, and for {failed[1]} of the active version."
    )


def deployment_json(
    deployment: deployments.Deployment, version: Version, watch: WatchState | None = None
) -> dict[str, Any]:
    """What programs are told of a deployment; of a staged one, also what the watch has counted."""
    times = {name: getattr(deployment, name) for name in ("started_at", "active_since", "ended_at")}
    return (
        {"version": version.number, "sha256": version.sha256, "state": deployment.state, "share": deployment.share}
        | {name: at.isoformat(timespec="seconds") if at else None for name, at in times.items()}
        | {name: getattr(deployment, name) for name in TOLD}
        | (watch_json(watch) if watch and deployment.state == STAGED else {})
    )


def watch_json(watch: WatchState) -> dict[str, Any]:
    """What the watch has counted, for programs."""
    counts = {f"{name}_users": one.users for name, one in (("staged", watch.staged), ("active", watch.active))}
    failed = {f"{name}_failed": one.failed for name, one in (("staged", watch.staged), ("active", watch.active))}
    return {"watch": counts | failed | {"comparisons": watch.looks, "lacking": watch.lacking}}
