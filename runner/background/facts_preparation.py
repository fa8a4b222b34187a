"""The preparation of facts: the active version's `prepare` runs once for all users of a session.

It calls the vendors as any run does, with the same limits, and holds up no status: it has a process of its own. In these
steps:

1. What runs is read: the active version, and a session that is served.
2. `prepare` runs in a jail of this process. The moment before it began is the moment at which its facts are true.
3. They are stored only if the implementation, the session and the active version are still those of step 1, and scripts
   are not stopped. Whose facts they are follows from the order; a key can only name a user of this implementation,
   exactly.
4. The statuses of the users whose facts have changed are found anew.

If it fails, what was known before stays, with its own moment, and the record of the run says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from redis import Redis

from records import AgendaSession, Database, DbSession, Implementation, RuleViolation, SecretBox
from records.agenda import sessions
from records.audit import AuditContext
from records.changes.scripts import preparations as changes
from records.facts import fact_storage, prepared_runs
from records.facts.fact_storage import FactBatch, FactSource
from records.facts.prepared_runs import PreparedRunDraft
from records.plurals import counted
from records.scripts import deployments
from records.tenants import implementations
from runner.powers import CallRecord, LivePowers, VendorServices, digest_key
from runner.powers.answers.answer_redaction import AnswerRedaction
from runner.queues.job_arguments import FactsPreparationArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, LONGEST_SENTENCE, REFUSED
from runner.queues.prepare_orders import note_prepared
from runner.runs.script_input import moment, session_fields
from runner.runs.security_alarm import raise_alarm
from runner.runs.version_bundle import VersionBundle, VersionBundles
from runner.runs.worker_services import start_jail
from runner.settings.operator_settings import Settings
from runner.status.commit_effects import open_commit_effects
from runner.store.clients import connect_brief
from sandbox import Outcome, OutcomeKind, Sandbox, ScriptInput

from .job_steps import JobEnd, JobSteps
from .submission_trial import ALARM

#: Steps: reading, running, saving.
STEPS: Final = 3
#: Users whose facts are stored in one transaction: other changes of the implementation wait meanwhile.
USERS_AT_ONCE: Final = 2000

NOT_SERVED, NOT_ACTIVE = "the implementation is not served", "no version is active"
NO_PREPARE = "the active version has no function prepare(session, api)"
CHANGED_MEANWHILE = "the version is not active any more, or another one is"
STOPPED_MEANWHILE = "scripts are stopped"


@dataclass(frozen=True)
class _Wanted:
    """For what the active version's `prepare` is to run."""

    owner: Implementation
    session: AgendaSession
    sha256: str


@dataclass(frozen=True)
class _Preparation:
    """What runs, and for what."""

    owner: Implementation
    session: AgendaSession
    bundle: VersionBundle
    code: bytes


@dataclass(frozen=True)
class _Services:
    """What a preparation needs of the store, of the vendors and of the jail."""

    redis: Redis
    sandbox: Sandbox
    vendors: VendorServices
    bundles: VersionBundles


def prepare_facts(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Run `prepare` for a session, and store what it returns."""
    arguments = arguments_of(order, FactsPreparationArguments)
    steps.begin(1, "Reading the script and the session.")
    try:
        return _prepare(steps, order, _wanted(steps.database, order.implementation, arguments.session))
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"No facts were prepared: {refused.reason}.")


def _prepare(steps: JobSteps, order: JobOrder, wanted: _Wanted) -> JobEnd:
    """Run it, and store what it returns. Raises RuleViolation if it cannot run."""
    with _open_services(steps.settings, steps.database) as services:
        found = _bundled(services.bundles, wanted)
        fresh_s = found.owner.prepare_fresh_seconds
        note_prepared(services.redis, order.implementation, found.session.session_id, fresh_s=fresh_s)
        steps.begin(2, "The script asks the vendors.")
        powers, began = services.vendors.powers(found.bundle.connections, fresh=True), datetime.now(UTC)
        outcome = services.sandbox.prepare(found.code, _input(found, began), powers=powers)
    if outcome.alarm:
        raise_alarm(
            steps.database,
            order.implementation,
            found.bundle.version,
            what="its prepare was found to leave the language",
        )
        return JobEnd(REFUSED, ALARM, changed=(order.implementation,))
    steps.begin(STEPS, "Saving.")
    return _keep(steps, order, found, _draft(order, found, began, outcome, powers), outcome)


@contextmanager
def _open_services(settings: Settings, database: Database) -> Iterator[_Services]:
    sandbox = start_jail(settings)
    redis = connect_brief(settings.redis_url, environment=settings.environment)
    vendors = VendorServices(
        redis=redis,
        allow_loopback=settings.allow_loopback_vendors,
        tls_ca_file=settings.vendor_ca_file or None,
        digest_key=digest_key(settings.secret_key),
    )
    bundles = VersionBundles(
        database=database,
        box=SecretBox(settings.keys),
        sandbox=sandbox,
        most=settings.most,
        allow_loopback=settings.allow_loopback_vendors,
    )
    with closing(sandbox), closing(redis), closing(vendors):
        yield _Services(redis, sandbox, vendors, bundles)


def _wanted(database: Database, slug: str, session_id: str) -> _Wanted:
    """Read for what `prepare` is to run (step 1). Raises RuleViolation if nothing can run; that costs no jail."""
    with database.reading() as db:
        owner = implementations.find(db, slug)
        if owner is None:
            raise RuleViolation("implementation", NOT_SERVED)
        session = sessions.find(db, owner, session_id)
        active = deployments.active_version(db, owner)
        sha256, prepares = (active.sha256, active.prepares) if active else ("", None)
    if session is None:
        raise RuleViolation("session", "the session is not in the agenda")
    if not sha256:
        raise RuleViolation("version", NOT_ACTIVE)
    if prepares is False:  # None: it was checked last by an earlier release
        raise RuleViolation("version", NO_PREPARE)
    return _Wanted(owner, session, sha256)


def _bundled(bundles: VersionBundles, wanted: _Wanted) -> _Preparation:
    """Return what runs, with its code and its connections. Raises RuleViolation if it may not run."""
    bundle = bundles.get(wanted.owner.slug, wanted.sha256)
    if bundle is None:
        raise RuleViolation("version", "scripts are stopped, or the active version is suspended")
    if bundle.code is None:
        raise RuleViolation("version", "the check refuses the active version today")
    if not bundle.prepares:
        raise RuleViolation("version", NO_PREPARE)
    return _Preparation(wanted.owner, wanted.session, bundle, bundle.code)


def _input(found: _Preparation, now: datetime) -> ScriptInput:
    """Return the input of the run: no user, and nothing that belongs to one."""
    zone = ZoneInfo(found.owner.time_zone)
    return ScriptInput(
        user={},
        session=session_fields(found.session, found.session.session_id, zone),
        settings=found.bundle.implementation.script_settings,
        now=moment(now, zone),
    )


def _draft(
    order: JobOrder, found: _Preparation, began: datetime, outcome: Outcome, powers: LivePowers
) -> PreparedRunDraft:
    """Return the record of the run. Of many people at once, it has no addresses and no numbers that identify one."""
    redaction = AnswerRedaction(secrets=(), kept=())
    error = asdict(outcome.error) if outcome.error else None
    return PreparedRunDraft(
        session=found.session.session_id,
        version=found.bundle.version,
        because=order.arguments["because"],
        ordered_by=order.by,
        started_at=began,
        ended_at=datetime.now(UTC),
        outcome=outcome.kind.value,
        entries=len(outcome.value or ()),
        calls=[_without_people(call, redaction) for call in powers.calls],
        log=[redaction.text(line) for line in outcome.log],
        error=error and error | {"text": redaction.text(error["text"])},
        usage=asdict(outcome.usage),
    )


def _without_people(call: CallRecord, redaction: AnswerRedaction) -> dict[str, Any]:
    return replace(call, path=redaction.text(call.path), query=redaction.text(call.query)).as_json()


def _keep(steps: JobSteps, order: JobOrder, found: _Preparation, draft: PreparedRunDraft, outcome: Outcome) -> JobEnd:
    """Store the facts, and the record of the run (steps 3 and 4)."""
    try:
        if outcome.kind is OutcomeKind.RETURNED:
            draft = _store(steps, found, draft, outcome.value or {})
        with steps.database.session() as db:
            changes.note_run(db, _unchanged(db, found), draft, AuditContext(order.by))
    except RuleViolation as refused:
        return JobEnd(REFUSED, f"The facts were not stored: {refused.reason}.")
    if outcome.kind is not OutcomeKind.RETURNED:
        why = f": {draft.error['text']}" if draft.error and draft.error["text"] else ""
        return JobEnd(REFUSED, f"The script's prepare ended as “{draft.outcome}”{why}"[:LONGEST_SENTENCE])
    said = f"Facts of {counted(draft.entries, 'user')} were prepared; those of {draft.changed} have changed."
    return JobEnd(DONE, said, {"entries": draft.entries, "changed": draft.changed})


def _store(steps: JobSteps, found: _Preparation, draft: PreparedRunDraft, facts: Mapping[str, Any]) -> PreparedRunDraft:
    """Store the facts, some users at a time, and let their statuses be found anew; return the record with what became of them.

    Each time may be the last, because something is in the way of the next. A user whom an earlier run named and this one does not is one of whom nothing is known any more. Raises RuleViolation.
    """
    session, changed, answers = draft.session, 0, Counter[str]()
    with steps.database.reading() as db:
        named = prepared_runs.named_before(db, _unchanged(db, found), session, draft.started_at)
    entries: list[tuple[str, Any]] = [*facts.items(), *((user, None) for user in named if user not in facts)]
    for start in range(0, len(entries), USERS_AT_ONCE):
        batch = FactBatch(session, draft.started_at, FactSource.PULLED, dict(entries[start : start + USERS_AT_ONCE]))
        with steps.database.session() as db:
            stored = fact_storage.store(db, _unchanged(db, found), batch)
        _outdate(steps.settings, found, stored.changed)
        changed += len(stored.changed)
        answers.update(answer.value for user, answer in stored.answers.items() if user in facts)
    return replace(draft, changed=changed, answers=dict(answers))


def _unchanged(db: DbSession, found: _Preparation) -> Implementation:
    """Return the implementation. Raises RuleViolation unless it and its active version are those that ran, and not stopped."""
    owner = implementations.find(db, found.owner.slug)
    if owner is None or owner.id != found.owner.id:
        raise RuleViolation("implementation", NOT_SERVED)
    if owner.stopped_at is not None:
        raise RuleViolation("version", STOPPED_MEANWHILE)
    active = deployments.active_version(db, owner)
    if active is None or active.sha256 != found.bundle.version:
        raise RuleViolation("version", CHANGED_MEANWHILE)
    return owner


def _outdate(settings: Settings, found: _Preparation, changed: Sequence[str]) -> None:
    if changed:
        with open_commit_effects(settings) as effects:
            effects.outdate(found.owner.slug, ((user, found.session.session_id) for user in changed))
