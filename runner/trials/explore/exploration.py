"""The result of an exploration, as plain JSON values, field for field what `script explore --json` prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runner.trials.trial import Trial

from .entries import failure_type, message_json


@dataclass(frozen=True)
class FoundEntry:
    """One entry, whose example was run again alone, with the budgets of a live run, and gave this trial.

    Of an entry beyond their greatest number, or after the time for it, the trial is that of the run that found it.
    """

    trial: Trial
    line: int | None
    template: str | None
    count: int
    example: dict[str, Any]

    @property
    def is_message(self) -> bool:
        """Whether it is a message or `hidden()`."""
        return self.trial.outcome.value == "returned"

    def as_json(self) -> dict[str, Any]:
        """The entry in the list that it belongs to."""
        if self.is_message:
            shown = message_json(self.trial.message)
            template = None if shown["hidden"] else self.template
            order = ("text", "template", "link", "color", "hidden", "graphemes")
            found = {**shown, "template": template}
            return {**{name: found[name] for name in order}, "count": self.count, "example": self.example}
        text = self.trial.error.text if self.trial.error else ""
        kind = failure_type(self.trial)
        return {"type": kind, "line": self.line, "text": text, "count": self.count, "example": self.example}


@dataclass(frozen=True)
class Exploration:
    """What a script was found to show. `alarm` says that it did what no script can do."""

    runs: int
    entries: tuple[FoundEntry, ...] = ()
    lines_unreached: tuple[int, ...] = ()
    seconds: float = 0.0
    alarm: bool = field(default=False)
    stopped: bool = field(default=False)  #: the time was up before the runs were
    unconfirmed: int = 0  #: entries whose example was not run again alone

    def as_json(self, file: str) -> dict[str, Any]:
        """The whole result; with `unconfirmed` only if there is any such entry."""
        told = {
            "file": file,
            "runs": self.runs,
            "messages": [entry.as_json() for entry in self.entries if entry.is_message],
            "raised": [entry.as_json() for entry in self.entries if not entry.is_message],
            "lines_unreached": list(self.lines_unreached),
            "seconds": round(self.seconds, 2),
        }
        return told | ({"unconfirmed": self.unconfirmed} if self.unconfirmed else {})
