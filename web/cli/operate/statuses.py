"""`session-status status get`: what a user is shown for a session, asked as the app asks, and the run behind it.

It goes the whole way: cache, queue, worker, jail, vendor. So it also tells whether that way is open.
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

#: Seconds for which a run may wait for its turn, until it is given up.
QUEUED_S = 15.0
TRACE_S = 3.0  #: for its trace to be written, which happens behind the answer
PAUSE_S = 0.3


@dataclass(frozen=True)
class StatusSubject:
    """What is asked about: rows that are detached, for their plain fields."""

    owner: Implementation
    user: User
    session: AgendaSession

    @property
    def asker(self) -> StatusRequest:
        """The same for the service."""
        return StatusRequest(self.owner.slug, self.user.subject, self.session.session_id, staff=True)


@dataclass(frozen=True)
class ExplanationDetails:
    """Why something is displayed, and the runs that it names, with what is told beside them."""

    explained: Explanation
    runs: Mapping[str, RunDetails]
    clock: TimeFormatter

    @property
    def why(self) -> str:
        """The reason, with its times in the conference's zone."""
        return self.clock.told(self.explained.why)

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
    """Ask for statuses."""


@status_group.command(
    "get",
    epilog=examples(
        "session-status status get demo CE-101 --user 165",
        "session-status status get demo CE-101 --user 165 --returned --json",
    ),
)
@click.argument("implementation", type=ImplementationId())
@click.argument("session")
@click.option("--user", required=True, metavar="PERSON", help="Whose status: user ID, username, badge ID or name.")
@click.option("--returned", is_flag=True, help="As if the user came back from the vendor: check anew.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="What the app would get, with `why`, `trace` (its run), `newest` (run) and `failing` (how many), on one line.",
)
def get(implementation: str, session: str, user: str, *, returned: bool, as_json: bool) -> None:
    """Show the status of SESSION for a user, why it is shown, and the run that found it out.

    Where runs have failed since, the newest one is shown, too, with its error. It is asked through the real cache and
    queue, so a worker has to be running. Where a rule decides that nothing is shown, no run is started, and the rule is
    named. Exit status: 1 when no answer came.
    """
    began = datetime.now(UTC)
    with open_context() as here:
        if not here.settings.redis_url:
            raise CommandFailed("There is no store to ask through: set REDIS_URL, or start `session-status up` first.")
        asked = subject_of(here, implementation, session, user)
        patience_s = patience(limits_of(asked.owner, here.settings.most).wall_s, returned=returned)
        if asked.user.disabled_at is not None:
            found = login(here.settings.public_url + SessionPlace(implementation, session).login_path)
            displayed = DisplayedStatus(session, "refused")
        else:
            found, displayed = ask(here, asked.asker, returned=returned, patience_s=patience_s)
        explained = explanation(here, asked, displayed)
    told = json.loads(found.as_json())
    if as_json:
        print_compact(told | as_values(explained))
    else:
        click.echo("\n".join(lines(told, explained)))
    if found.state in ("checking", "unavailable"):
        click.echo(no_answer(found.state, explained.explained.newest, began, patience_s), err=True)
        raise SystemExit(ANSWER_IS_NO)


def no_answer(state: str, newest: Sequence[Run], began: datetime, patience_s: float) -> str:
    """Say that no answer came in time. A run since the command `began` shows that a worker is there, and checks again."""
    if state == "checking" and newest and newest[0].started_at >= began:
        return (
            "The message is as it was before the person came back, so it is being checked again: that takes up to "
            f"{sum(STEPS_S):.0f} s and the runs. Ask again then."
        )
    return f"No answer came in {patience_s:.0f} s. Is a worker running? `session-status doctor` says."


def subject_of(here: CommandContext, implementation: str, session: str, user: str) -> StatusSubject:
    """What is asked about. Raises CommandFailed for what is not known, or not served."""
    with here.database.reading() as db:
        owner = find_served(db, implementation)
        person = find_person(db, owner, user)
        slot = sessions.find_any(db, owner, session)
        if slot is None:
            raise CommandFailed(f"The agenda of {implementation} has no session {session!r}.")
        if slot.retired_at is not None:
            why = reasons.refused(owner, person, slot) or ()
            raise CommandFailed(TimeFormatter.of(owner).told(why))
        return StatusSubject(owner, person, slot)


def patience(wall_s: float, *, returned: bool) -> float:
    """For how long an answer may take: a run's turn and time; after a return, those of every re-check and the pauses."""
    steps = STEPS_S if returned else ()
    return QUEUED_S + wall_s + sum(step + wall_s for step in steps)


def ask(
    here: CommandContext, asker: StatusRequest, *, returned: bool, patience_s: float
) -> tuple[Status, DisplayedStatus]:
    """Ask until there is an answer, as the app does, for a while; and look at what is displayed then."""
    desk = StatusService.open(here.settings, here.database)
    end = time.monotonic() + patience_s
    try:
        found = desk.returned(asker) if returned else desk.ask(asker, wait_s=1.0)
        while found.state == "checking" and time.monotonic() < end:
            time.sleep(PAUSE_S)
            found = desk.ask(asker, wait_s=1.0)
        return found, desk.look(asker)
    except StoreAway as error:
        raise CommandFailed(f"The store does not answer ({error}). `session-status doctor` says more.") from None
    finally:
        desk.close()


def explanation(here: CommandContext, asked: StatusSubject, displayed: DisplayedStatus) -> ExplanationDetails:
    """Why that is displayed. A trace is written a moment after the answer, so it is waited for."""
    end = time.monotonic() + TRACE_S
    while True:
        with here.database.reading() as db:
            explained = explain(db, asked.owner, asked.user, asked.session, lambda: displayed)
            rows = [explained.shown, *explained.newest[:1]]
            told = {
                one.run.id: one for one in run_details(db, asked.owner, [run for run in rows if run], compared=True)
            }
        if time.monotonic() > end or is_whole(explained):
            return ExplanationDetails(explained, told, TimeFormatter.of(asked.owner))
        time.sleep(PAUSE_S)


def is_whole(explained: Explanation) -> bool:
    """Say whether the traces are there of the run behind the answer, and of the one that ended last and may have failed."""
    known = {run.id for run in (explained.shown, *explained.newest) if run}
    return known >= {run for run in (explained.displayed.run, explained.displayed.stored_by) if run}


def as_values(found: ExplanationDetails) -> dict[str, Any]:
    """The explanation as JSON values: the run behind the answer, the newest one, and how many have failed since."""
    return {
        "trace": run_json(found.shown) if found.shown else None,
        "newest": run_json(found.newest) if found.newest else None,
        "failing": found.explained.failing,
        "why": found.why,
    }


def lines(told: dict[str, Any], found: ExplanationDetails) -> Iterable[str]:
    """The status as the app would draw it, why, and the runs in a few lines."""
    explained, newest = found.explained, found.newest
    if explained.displayed.state == "refused":
        yield found.why
        yield ""
    yield f"{told['state']}{' (stale)' if told['stale'] else ''}"
    message = told["message"]
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
    """How many runs failed one after the other, as far as was looked."""
    if explained.failing == 1:
        return "the newest run failed"
    least = "at least " if explained.failing == len(explained.newest) else ""
    return f"{least}{counted(explained.failing, 'run')} failed one after the other, up to now"


def run_of(label: str, told: RunDetails) -> Iterable[str]:
    """One run: its reference, how it ended, and what it met with on its way."""
    run = told.run
    yield (
        f"{INDENT}{label:<9}{run.id} (reference {run.reference}): {run.outcome}, shown as {run.shown_as}, "
        f"{told.clock.exact(run.started_at)}"
    )
    yield from cause_lines(told)
    if run.error:
        yield from error_lines(run.error)
    yield from happened_in(told)
    yield f"{INDENT}used     {run.usage.get('wall_ms', 0):.1f} ms"
