"""Runs what the test pane holds, and says what came of it: the message, the log, the calls, the error, and what was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from markupsafe import Markup

from records import Implementation, fields
from runner.checks.script_runs import RunUnavailable
from web.auth.services import AuthServices
from web.console.layout.page_frame import signed_in
from web.console.runs.charts import share
from web.console.scripts.trials.drawn_messages import DrawnMessage

from .pane_form import PaneCase

KIB, MIB = 1024, 1024 * 1024
#: Runs of one person in a window of so many seconds.
MOST_RUNS, WINDOW_S = 60, 60
RETURNED: Final = "returned"


@dataclass(frozen=True)
class UsedBudget:
    """What a run used of one budget, in words, with a bar."""

    name: str
    used: str
    allowed: str
    bar: Markup
    is_nearly_used: bool


@dataclass(frozen=True)
class PaneResult:
    """What came of a run; with `fault`, why there was none."""

    fault: str = ""
    trial: Mapping[str, Any] = field(default_factory=dict)
    message: DrawnMessage | None = None  #: None if it failed
    session: str = ""
    budgets: tuple[UsedBudget, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def expected(self) -> dict[str, Any]:
        """What a scenario of this run expects, as `expected.json` has it."""
        if self.trial["outcome"] == RETURNED:
            message = self.trial["message"]
            told = message and {name: value for name, value in message.items() if value is not None}
            return {"outcome": RETURNED, "message": told}
        error = self.trial["error"] or {}
        known = {name: error[name] for name in ("type", "line") if error.get(name)}
        return {"outcome": self.trial["outcome"]} | ({"error": known} if known else {})


def run(owner: Implementation, source: str, case: PaneCase) -> PaneResult:
    """Run a text once."""
    services, me = AuthServices.here(), signed_in().actor
    allowed = services.store.attempts.hit("script runs", me, limit=MOST_RUNS, window_s=WINDOW_S)
    if not allowed.ok:
        return PaneResult(
            fault=f"Nothing was run: too many runs in a minute. Try again in {allowed.retry_after_s} seconds."
        )
    terms = services.script_runs.terms(owner, case.trial_input)
    try:
        reply = services.script_runs.run(owner.slug, source, terms, case.answers, by=me)
    except RunUnavailable as away:
        return PaneResult(fault=str(away))
    trial = fields.storable(reply["trial"])  # a script's text can hold what no page can
    message = DrawnMessage.of(trial["message"], owner) if trial["outcome"] == RETURNED else None
    title = str(case.trial_input.session.get("title") or case.trial_input.session["id"])
    return PaneResult("", trial, message, title, tuple(_budgets(reply["used"], asdict(terms.limits))), case.notes)


def _budgets(used: Mapping[str, Any], limits: Mapping[str, Any]) -> list[UsedBudget]:
    own = max(0, used["memory_bytes"] - used["idle_bytes"])
    rows = (
        ("Time", used["wall_ms"], limits["wall_s"] * 1000, 1, "ms"),
        ("Processor time", used["cpu_ms"], limits["cpu_s"] * 1000, 1, "ms"),
        ("Memory", own, limits["memory_bytes"], MIB, "MiB"),
        ("Calls", used["calls"], limits["calls"], 1, ""),
        ("Bytes read", used["read_bytes"], limits["read_bytes"], KIB, "KiB"),
        ("Log lines", used["log_lines"], limits["log_lines"], 1, ""),
    )
    return [
        UsedBudget(
            name,
            f"{round(value / unit, 1):g} {words}".strip(),
            f"{most / unit:.10g} {words}".strip(),
            share(min(round(value), round(most)), round(most)),
            is_nearly_used=value >= 0.8 * most,
        )
        for name, value, most, unit, words in rows
    ]
