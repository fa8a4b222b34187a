"""Why a user sees what they see: what is displayed, the run behind it, and the newest runs, also where they differ.

After a failed run the last good message stays, so what is displayed says nothing about how the script is doing. Whoever
asks is told both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from records import DbSession, Implementation, Run, RunFilter, Version, runs, scripts
from records.counted import counted
from sandbox import Kind

from .cache import STEPS_S
from .displayed import Displayed

__all__ = ["OUTCOMES", "Explanation", "Health", "explain", "failing", "health"]

#: How a run can end, in the words of traces.
OUTCOMES = tuple(kind.value for kind in Kind)

#: Runs of a user and session which are shown.
NEWEST = 20

#: By how many runs of the last day a version is judged, and the share of failures which is worth a warning.
JUDGED, WITHIN, WORRYING = 50, timedelta(days=1), 0.1


@dataclass(frozen=True)
class Explanation:
    """`shown` is the run which found out what is displayed, None if it is not recorded (any more, or yet)."""

    displayed: Displayed
    why: str
    shown: Run | None
    newest: tuple[Run, ...]

    @property
    def failing(self) -> int:
        """How many of the newest runs failed one after the other."""
        return failing(self.newest)


@dataclass(frozen=True)
class Health:
    """How the runs of the version in service went lately. `newest` is the newest run that failed."""

    runs: int
    failed: int
    failing: int  #: one after the other, up to now
    newest: Run | None

    @property
    def worrying(self) -> bool:
        """Whether somebody should look: the newest run failed, or more than a few did."""
        return self.failing > 0 or self.failed > self.runs * WORRYING


def explain(db: DbSession, implementation: Implementation, user: str, displayed: Displayed) -> Explanation:
    """Put together what is known of what a user is displayed."""
    newest = tuple(runs.recent(db, implementation, RunFilter(user=user, session=displayed.session), limit=NEWEST))
    shown = runs.find(db, implementation, displayed.run) if displayed.run else None
    has_script = scripts.active(db, implementation) is not None
    why = _why(implementation, displayed, has_script=has_script)
    return Explanation(displayed, why or _by_runs(implementation, displayed, shown, newest), shown, newest)


def failing(newest: Sequence[Run]) -> int:
    """How many of some runs, the newest first, failed before one did not."""
    return next((count for count, run in enumerate(newest) if run.outcome == runs.RETURNED), len(newest))


def health(db: DbSession, implementation: Implementation, version: Version, now: datetime) -> Health:
    """How the version's runs of the last day went."""
    wanted = RunFilter(version=version.sha256, since=now - WITHIN)
    newest = runs.recent(db, implementation, wanted, limit=JUDGED)
    failed = [run for run in newest if run.outcome != runs.RETURNED]
    return Health(len(newest), len(failed), failing(newest), failed[0] if failed else None)


def _why(implementation: Implementation, displayed: Displayed, *, has_script: bool) -> str:
    """Why, where no run is behind it; else ""."""
    if displayed.state == "unavailable":
        return "The store does not answer, so attendees are told that the status cannot be shown right now."
    if not has_script:
        return "No script is in service, so nothing is shown."
    if displayed.state == "not shown":
        types = ", ".join(implementation.user_types) or "all"
        return (
            "It is not shown to this user type, or not at this time: messages are shown "
            f"“{implementation.show_when}”, to the user types: {types}."
        )
    if displayed.state == "checking":
        return (
            f"The user came back from the message's link, and the status is being checked again "
            f"({displayed.rechecks} of {len(STEPS_S)} re-checks made). The old message is shown as being checked."
        )
    if displayed.state == "nothing":
        return "Nothing is kept for this user and session. The next look starts a run and shows “Checking…” meanwhile."
    return ""


def _by_runs(implementation: Implementation, displayed: Displayed, shown: Run | None, newest: Sequence[Run]) -> str:
    """Why, as the runs say; a fallback is an answer of the run which failed."""
    if displayed.failed or (failing(newest) and shown is not None and shown.id != newest[0].id):
        return (
            "The newest run failed, so the last good answer is shown, for at most "
            f"{counted(implementation.last_good_minutes, 'minute')} after it was found."
        )
    if shown is None:
        return "It comes from a run which is not recorded, or not yet."
    if shown.shown_as == "fallback":
        return "The run failed and there is no last good message that is young enough, so the fallback text is shown."
    if displayed.state == "hidden" and shown.outcome != runs.RETURNED:
        return "The run failed, and there is neither a last good message nor a fallback text, so nothing is shown."
    found = "The script said so" if displayed.state == "ready" else "The script said that nothing is shown"
    if displayed.fresh:
        return f"{found}, and the answer is still fresh."
    return f"{found}. The answer is no longer fresh: " + (
        "a newer run is under way." if displayed.running else "the next look starts a newer run."
    )
