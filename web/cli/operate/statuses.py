"""`session-status status get`: what a user sees for a session, requested like the app does, and the run behind it.

It uses cache, queue, worker, jail and vendor, so it also shows whether they work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from records import AgendaSession, Implementation, Run, User
from records.agenda import sessions
from records.plurals import counted
from runner.explanations import reasons
from runner.explanations.status_explanation import Explanation, explain
from runner.settings.run_budgets import limits_of
from runner.status.cache import STEPS_S
from runner.status.displayed_status import DisplayedStatus
from runner.status.service import StatusRequest, StatusService, StoreAway
from runner.status.status_body import Status, login
from web.cli.common.context import CommandContext, find_person, find_served, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import INDENT, block, error_lines, message_lines
from web.cli.common.tables import print_compact
from web.session_address import SessionAddress as SessionPlace
from web.time_format import TimeFormatter

from .run_output import RunDetails, cause_lines, happened_in, run_details, run_json

#: Seconds for which a run may wait for a worker.
QUEUED_S = 15.0
TRACE_S = 3.0  #: for the trace, which is written after the answer
PAUSE_S = 0.3


@dataclass(frozen=True)
class StatusSubject:
    """The implementation, user and session of the request, as detached rows."""

    owner: Implementation
    user: User
    session: AgendaSession

    @property
    def asker(self) -> StatusRequest:
        """The request for the status service."""
        return StatusRequest(self.owner.slug, self.user.subject, self.session.session_id, staff=True)


@dataclass(frozen=True)
class ExplanationDetails:
    """An explanation, with the details of its runs."""

    explained: Explanation
    runs: Mapping[str, RunDetails]
    clock: TimeFormatter

    @property
    def why(self) -> str:
        """The reason, with times in the time zone of the conference."""
        return self.clock.joined(self.explained.why)

    @property
    def shown(self) -> RunDetails | None:
        """The run behind the answer."""
        return self.runs[self.explained.shown.id] if self.explained.shown else None

    @property
    def newest(self) -> RunDetails | None:
        """The newest run, which may have failed."""
        return self.runs[self.explained.newest[0].id] if self.explained.newest else None


@click.group("status")
def status_group() -> None:
    """Get the status of a session."""


@status_group.command(
    "get",
    epilog=examples(
        "session-status status get demo CE-101 --user 165",
        "session-status status get demo CE-101 --user 165 --returned --json",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("session")
@click.option("--user", required=True, metavar="PERSON", help="User ID, username, badge ID or name.")
@click.option("--returned", is_flag=True, help="Check again, as if the user had come back from the vendor.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print what the app would get, with `why`, `trace` (its run), `newest` (run) and `failing` (how many), on one line.",
)
def get(implementation: str, session: str, user: str, *, returned: bool, as_json: bool) -> None:
    """Show the status of SESSION for a user, why it is shown, and the run that determined it.

    If runs have failed since, the newest one is shown too, with its error. The request uses the real cache and queue, so a
    worker must be running. If a rule decides that nothing is shown, the command names the rule and starts no run. Exit
    status: 1 if there was no answer.
    """
    began = datetime.now(UTC)
    with open_context() as context:
        if not context.settings.redis_url:
            raise CommandFailed("There is no store: set REDIS_URL, or start `session-status up` first.")
        subject = subject_of(context, implementation, session, user)
        patience_s = patience(limits_of(subject.owner, context.settings.most).wall_s, returned=returned)
        if subject.user.disabled_at is not None:
            found = login(context.settings.public_url + SessionPlace(implementation, session).login_path)
            displayed = DisplayedStatus(session, "refused")
        else:
            found, displayed = ask(context, subject.asker, returned=returned, patience_s=patience_s)
        explained = explanation(context, subject, displayed)
    status = json.loads(found.as_json())
    if as_json:
        print_compact(status | as_values(explained))
    else:
        click.echo("\n".join(lines(status, explained)))
    if found.state in ("checking", "unavailable"):
        click.echo(no_answer(found.state, explained.explained.newest, began, patience_s), err=True)
        raise SystemExit(ANSWER_IS_NO)


def no_answer(state: str, newest: Sequence[Run], began: datetime, patience_s: float) -> str:
    """Return the message if there was no answer in time. A run since the command `began` shows that a worker is running."""
    if state == "checking" and newest and newest[0].started_at >= began:
        return (
            "The message has not changed since the user came back, so it is being checked again. This takes up to "
            f"{sum(STEPS_S):.0f} s plus the time of the runs. Try again then."
        )
    return f"There was no answer within {patience_s:.0f} s. Is a worker running? Check with `session-status doctor`."


def subject_of(context: CommandContext, implementation: str, session: str, user: str) -> StatusSubject:
    """Return the subject. Raises CommandFailed if a part of it is unknown or not served."""
    with context.database.reading() as db:
        owner = find_served(db, implementation)
        person = find_person(db, owner, user)
        slot = sessions.find_any(db, owner, session)
        if slot is None:
            raise CommandFailed(f"The agenda of {implementation} has no session {session!r}.")
        if slot.retired_at is not None:
            why = reasons.refused(owner, person, slot) or ()
            raise CommandFailed(TimeFormatter.of(owner).joined(why))
        return StatusSubject(owner, person, slot)


def patience(wall_s: float, *, returned: bool) -> float:
    """Return how long an answer may take: a run with its wait; after a return, also every re-check with its pause."""
    steps = STEPS_S if returned else ()
    return QUEUED_S + wall_s + sum(step + wall_s for step in steps)


def ask(
    context: CommandContext, asker: StatusRequest, *, returned: bool, patience_s: float
) -> tuple[Status, DisplayedStatus]:
    """Ask until there is an answer, like the app, for a limited time; then return what is displayed."""
    service = StatusService.open(context.settings, context.database)
    end = time.monotonic() + patience_s
    try:
        found = service.returned(asker) if returned else service.ask(asker, wait_s=1.0)
        while found.state == "checking" and time.monotonic() < end:
            time.sleep(PAUSE_S)
            found = service.ask(asker, wait_s=1.0)
        return found, service.look(asker)
    except StoreAway as error:
        raise CommandFailed(f"The store does not answer ({error}). `session-status doctor` shows details.") from None
    finally:
        service.close()


def explanation(context: CommandContext, subject: StatusSubject, displayed: DisplayedStatus) -> ExplanationDetails:
    """Return why a status is displayed. Waits for the traces, which are written after the answer."""
    end = time.monotonic() + TRACE_S
    while True:
        with context.database.reading() as db:
            explained = explain(db, subject.owner, subject.user, subject.session, lambda: displayed)
            rows = [explained.shown, *explained.newest[:1]]
            details = {
                one.run.id: one for one in run_details(db, subject.owner, [run for run in rows if run], compared=True)
            }
        if time.monotonic() > end or is_whole(explained):
            return ExplanationDetails(explained, details, TimeFormatter.of(subject.owner))
        time.sleep(PAUSE_S)


def is_whole(explained: Explanation) -> bool:
    """Say whether there are traces of the run behind the answer and of the last run, which may have failed."""
    known = {run.id for run in (explained.shown, *explained.newest) if run}
    return known >= {run for run in (explained.displayed.run, explained.displayed.stored_by) if run}


def as_values(found: ExplanationDetails) -> dict[str, Any]:
    """Return the explanation as JSON values: the run behind the answer, the newest run, and how many have failed since."""
    return {
        "trace": run_json(found.shown) if found.shown else None,
        "newest": run_json(found.newest) if found.newest else None,
        "failing": found.explained.failing,
        "why": found.why,
    }


def lines(status: dict[str, Any], found: ExplanationDetails) -> Iterable[str]:
    """Return lines with the status as the app would show it, the reason, and the runs."""
    explained, newest = found.explained, found.newest
    if explained.displayed.state == "refused":
        yield found.why
        yield ""
    yield f"{status['state']}{' (stale)' if status['stale'] else ''}"
    message = status["message"]
    if message:
        link = (message["action"] or {}).get("url")
        yield ""
        yield from message_lines({"text": message["text"], "color": message["color"], "link": link})
        yield ""
    yield from block("why", found.why)
    if found.shown:
        yield from run_of("run", found.shown)
    if newest is None or newest is found.shown:
        return
    if explained.failing:
        yield ""
        yield from block("failing", failing_words(explained))
    yield from run_of("newest", newest)


def failing_words(explained: Explanation) -> str:
    """Return how many runs have failed in a row, of those that were looked up."""
    if explained.failing == 1:
        return "the newest run failed"
    least = "at least " if explained.failing == len(explained.newest) else ""
    return f"{least}the last {counted(explained.failing, 'run')} failed"


def run_of(label: str, details: RunDetails) -> Iterable[str]:
    """Return lines about one run: its reference, how it ended, and what happened during the run."""
    run = details.run
    yield (
        f"{INDENT}{label:<9}{run.id} (reference {run.reference}): {run.outcome}, shown as {run.shown_as}, "
        f"{details.clock.exact(run.started_at)}"
    )
    yield from cause_lines(details)
    if run.error:
        yield from error_lines(run.error)
    yield from happened_in(details)
    yield f"{INDENT}used     {run.usage.get('wall_ms', 0):.1f} ms"
