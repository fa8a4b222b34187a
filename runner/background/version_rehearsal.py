"""The rehearsal of a version: what everybody would be shown around each session, and what that asks of the vendors.

It runs in a jail of this process, one run after the other, and gives way to all that people wait for (`job_child.NICENESS`).
No vendor is called: calls get answers that were kept with runs, or those of the author's scenarios.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from records import DbSession, Implementation, RuleViolation, Version
from records.changes.entries import lock
from records.plurals import counted
from records.scripts import submissions, versions
from records.tenants import implementations
from records.trials import rehearsals
from records.trials.rehearsals import ExampleDraft
from runner.powers import AnswersError, parse_answers
from runner.queues.job_arguments import RehearsalArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, REFUSED
from runner.runs.security_alarm import raise_alarm
from runner.trials.rehearsal.event_terms import rates_of, rehearsal_terms
from runner.trials.rehearsal.rehearsal import Rehearsal, rehearse
from runner.trials.rehearsal.rehearsal_report import ReportFacts, report_of
from runner.trials.rehearsal.situations import Event, event_of
from runner.trials.script_review import ScriptReview
from runner.trials.trial import TrialSandbox

from .job_steps import JobEnd, JobSteps
from .submission_trial import ALARM, SUSPENDED

#: Steps: reading, running, saving.
STEPS: Final = 3
#: Seconds after which no further run is made; what was counted is kept.
RUNS_S: Final = 900.0
#: Seconds between two reports of how far it is.
TELL_S: Final = 0.5

NOT_THERE = "the version is not there any more"


@dataclass(frozen=True)
class _Rehearsed:
    """What is rehearsed, and with what."""

    owner: Implementation
    number: int
    source: str
    event: Event
    rates: dict[str, float | None]
    answers: list[Any]


def rehearse_version(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Rehearse a version, and keep the report with its examples."""
    arguments = arguments_of(order, RehearsalArguments)
    steps.begin(1, "Reading people, sessions and kept answers.")
    try:
        found = _read(steps, order, arguments)
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"Nothing was rehearsed: {refused.reason}.")
    settings = steps.settings
    with TrialSandbox(allow_weak=settings.sandbox_allow_weak, require=settings.sandbox_require) as sandbox:
        review = sandbox.review(found.source)
        if review.checked.code is None:
            return JobEnd(REFUSED, "Nothing was rehearsed: the check refuses the script today.")
        done, facts = _run(steps, arguments, sandbox, (found, review))
    if done.alarm:
        raise_alarm(
            steps.database, order.implementation, arguments.version, what="a rehearsal found it to leave the language"
        )
        return JobEnd(REFUSED, ALARM, changed=(order.implementation,))
    report, examples = report_of(done, facts)
    report |= {
        "moments_chosen": list(arguments.moments),
        "minutes": arguments.minutes,
        "people": len(found.event.people),
        "sessions": len(found.event.sessions),
    }
    steps.begin(STEPS, "Saving.")
    return _keep(steps, order, arguments, (report, examples))


def _run(
    steps: JobSteps, arguments: RehearsalArguments, sandbox: TrialSandbox, what: tuple[_Rehearsed, ScriptReview]
) -> tuple[Rehearsal, ReportFacts]:
    found, review = what
    total = found.event.count(arguments.moments)
    wanted = min(arguments.runs, total)
    ends_at = time.monotonic() + RUNS_S
    cut_short = False

    def tell(done: Rehearsal) -> bool:
        nonlocal cut_short, ends_at
        ends_at += steps.give_way(2)
        cut_short = time.monotonic() > ends_at
        told(done)
        return not cut_short

    told = _teller(steps, found.number, wanted)
    told(Rehearsal())
    terms = rehearsal_terms(steps.settings, steps.database, found.owner, found.rates, found.answers)
    situations = found.event.situations(arguments.moments, most=arguments.runs)
    assert review.checked.code is not None
    done = rehearse(sandbox, (found.source, review.checked.code), situations, terms, tell)
    literals = frozenset(one.text for one in review.checked.literals if one.text)
    return done, ReportFacts(total, literals, found.rates, is_cut_short=cut_short and done.runs < wanted)


def _teller(steps: JobSteps, number: int, wanted: int) -> Callable[[Rehearsal], None]:
    """Return what says how far the runs are, now and then. It raises `JobCancelled`."""
    next_at = 0.0

    def tell(done: Rehearsal) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + TELL_S
            steps.tell(2, f"Version {number}: {done.runs} of {counted(wanted, 'run')} made.")

    return tell


def _read(steps: JobSteps, order: JobOrder, arguments: RehearsalArguments) -> _Rehearsed:
    """Read what is needed. Raises RuleViolation if there is no such version, person or session."""
    with steps.database.reading() as db:
        owner = implementations.find_any(db, order.implementation)
        version = versions.find_version(db, owner, arguments.version) if owner else None
        if owner is None or version is None:
            raise RuleViolation("version", NOT_THERE)
        if version.suspended_at is not None:
            raise RuleViolation("version", SUSPENDED)
        rates, answers = rates_of(db, owner), _answers(db, version)
        event = event_of(db, owner, minutes=arguments.minutes)  # last, because it ends the use of this session
    if not event.people or not event.sessions:
        missing = "person" if not event.people else "session"
        raise RuleViolation("event", f"there is no {missing} yet")
    return _Rehearsed(owner, version.number, version.source, event, rates, answers)


def _answers(db: DbSession, version: Version) -> list[Any]:
    """Return the answers of the author's scenarios; those that cannot be used are left out."""
    usable = []
    for scenario in submissions.newest_scenarios(db, version):
        try:
            parse_answers(scenario["answers"])
        except AnswersError:
            continue  # the author's own test says what is wrong with them
        usable += scenario["answers"]
    return usable


def _keep(
    steps: JobSteps, order: JobOrder, arguments: RehearsalArguments, kept: tuple[dict[str, Any], list[ExampleDraft]]
) -> JobEnd:
    report, examples = kept
    with steps.database.session() as db:
        owner = implementations.find_any(db, order.implementation)
        if owner is not None:
            lock(db, owner)
        version = versions.find_version(db, owner, arguments.version) if owner else None
        if version is None:
            return JobEnd(REFUSED, f"Nothing was kept: {NOT_THERE}.")
        number = rehearsals.keep(db, version, report, examples, by=order.by).number
    return JobEnd(DONE, "The version was rehearsed.", {"rehearsal": number, "runs": report["runs"]})
