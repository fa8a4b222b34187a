"""Why a user sees what they see: what is displayed, the run behind it, and the newest runs.

After a failed run the last good message stays, so what is displayed does not show how the script is doing. An
explanation has both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from records import AgendaSession, DbSession, Implementation, Run, RunFilter, User, Version
from records.scripts import runs
from runner.status.displayed_status import DisplayedStatus
from sandbox import OutcomeKind

from . import reasons
from .reasons import Reason

__all__ = ["OUTCOMES", "Explanation", "Reason", "VersionHealth", "explain", "failing", "version_health"]

#: The outcomes of runs, in the words of traces.
OUTCOMES = tuple(kind.value for kind in OutcomeKind)

#: How many runs of a user and session are shown.
NEWEST = 20

#: How many runs of the last day a version is judged by, and the share of failures above which there is a warning.
JUDGED, WITHIN, WORRYING = 50, timedelta(days=1), 0.1


@dataclass(frozen=True)
class Explanation:
    """`shown` is the run that found what is displayed; None if it is not recorded, not yet or not any more."""

    displayed: DisplayedStatus
    why: Reason
    shown: Run | None
    newest: tuple[Run, ...]

    @property
    def failing(self) -> int:
        """How many of the newest runs failed in a row."""
        return failing(self.newest)


@dataclass(frozen=True)
class VersionHealth:
    """How the recent runs of the active version went. `newest` is the newest run that failed."""

    runs: int
    failed: int
    failing: int  #: in a row, up to now
    newest: Run | None

    @property
    def worrying(self) -> bool:
        """Whether somebody should look into it: the newest run failed, or too many did."""
        return self.failing > 0 or self.failed > self.runs * WORRYING


def explain(
    db: DbSession,
    implementation: Implementation,
    user: User,
    session: AgendaSession,
    look: Callable[[], DisplayedStatus],
) -> Explanation:
    """Explain what a user sees at a session.

    `look` reads what is displayed; it is not called if a rule decides that nothing is even looked up.
    """
    refused = reasons.refused(implementation, user, session)
    displayed = DisplayedStatus(session.session_id, "refused") if refused else look()
    about = RunFilter(user=user.subject, session=displayed.session)
    newest = tuple(runs.recent(db, implementation, about, limit=NEWEST))
    shown = runs.find(db, implementation, displayed.run) if displayed.run else None
    why = refused or reasons.of_cache(implementation, user, session, displayed)
    why = why or _by_runs(implementation, displayed, shown, newest)
    return Explanation(displayed, (*reasons.of_parent(session, displayed), *why), shown, newest)


def failing(newest: Sequence[Run]) -> int:
    """Count the failed runs before the first that did not fail, in a list with the newest first."""
    return next((count for count, run in enumerate(newest) if run.outcome == runs.RETURNED), len(newest))


def version_health(db: DbSession, implementation: Implementation, version: Version, now: datetime) -> VersionHealth:
    """Return how the version's runs of the last day went."""
    wanted = RunFilter(version=version.sha256, since=now - WITHIN)
    newest = runs.recent(db, implementation, wanted, limit=JUDGED)
    failed = [run for run in newest if run.outcome != runs.RETURNED]
    return VersionHealth(len(newest), len(failed), failing(newest), failed[0] if failed else None)


def _by_runs(
    implementation: Implementation, displayed: DisplayedStatus, shown: Run | None, newest: Sequence[Run]
) -> Reason:
    """Say why an answer of a run is displayed; a fallback is an answer of the run that failed."""
    if displayed.failed or (failing(newest) and shown is not None and shown.id != newest[0].id):
        return reasons.of_last_good(implementation, displayed)
    if shown is None:
        return ("It comes from a run that is not recorded, or not yet.",)
    if shown.shown_as == "fallback":
        return (
            "The run failed and there is no last good message that is young enough, so the fallback text is shown.",
        )
    if displayed.state == "hidden" and shown.outcome != runs.RETURNED:
        return ("The run failed, and there is neither a last good message nor a fallback text, so nothing is shown.",)
    found = "The script said so" if displayed.state == "ready" else "The script said that nothing is shown"
    if displayed.fresh:
        return (f"{found}, and the answer is still fresh.",)
    newer = "the next look starts a newer run."
    if displayed.running:
        newer = "a newer run is under way." if displayed.began else "a newer run waits for a worker."
    return (f"{found}. The answer is no longer fresh: {newer}",)
