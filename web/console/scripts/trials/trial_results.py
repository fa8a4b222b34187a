"""The results of a submission's trial, as its page and the page of the submission show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from records.message_text import ADVISED_GRAPHEMES
from records.plurals import counted
from records.scripts.runs import RETURNED
from records.scripts.submissions import Submission

#: The lists of a replay, the most important first, with their headings.
CHANGES = (
    ("begins_to_fail", "Fails, and did not before"),
    ("changed", "Shows something else"),
    ("stops_failing", "Failed before, and works"),
    ("fails_in_both", "Fails as before"),
)
NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class TrialResults:
    """What `runner.background.submission_trial` kept with a submission."""

    explore: Mapping[str, Any]
    replay: Mapping[str, Any]

    @classmethod
    def of(cls, submission: Submission) -> TrialResults | None:
        """Return the results of a submission; None if it was not tried yet."""
        kept = submission.results
        if not kept or "explore" not in kept or "replay" not in kept:
            return None
        return cls(kept["explore"], kept["replay"])

    @property
    def sentence(self) -> str:
        """The results in one sentence."""
        found, tried = self.explore["counts"], self.replay["counts"]
        shows = f"It can show {counted(found['messages'], 'message')} and fail in {counted(found['raised'], 'way')}."
        if not self.replay["runs"]:
            return f"{shows} There is no earlier run to try it on."
        changes = f"it would show something else in {tried['changed']}, and begin to fail in {tried['begins_to_fail']}"
        return f"{shows} Of {counted(self.replay['runs'], 'earlier run')}, {changes}."

    @property
    def is_worrying(self) -> bool:
        """Whether somebody would lose a message by it."""
        return bool(self.replay["counts"]["begins_to_fail"])

    @property
    def unreached(self) -> str:
        """The lines that no run reached, as ranges; "" if every line was reached."""
        return ranges(self.explore["lines_unreached"])

    def is_long(self, message: Mapping[str, Any]) -> bool:
        """Say whether a text is longer than phones show on one line."""
        return int(message["graphemes"]) > ADVISED_GRAPHEMES

    def example(self, entry: Mapping[str, Any]) -> str:
        """Return the input and the answers with which an entry was found, for `session-status script run`."""
        return json.dumps(entry["example"], indent=2, ensure_ascii=False)

    def changes(self) -> list[tuple[str, str, int]]:
        """Return each kind of change that there is, with its heading and its number of runs."""
        found = [(name, heading, self.replay["counts"][name]) for name, heading in CHANGES]
        return [one for one in found if one[2]]

    @property
    def not_comparable(self) -> int:
        """How many runs could not be compared."""
        return int(self.replay["counts"][NOT_COMPARABLE])


def shown(result: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run showed, or how it failed, as a text with a link."""
    if result["outcome"] != RETURNED:
        error = result.get("error") or {}
        line = f" in line {error['line']}" if error.get("line") else ""
        text = f"{error.get('type') or result['outcome']}{line}: {error.get('text') or ''}".rstrip(": ")
        return {"failed": text, "text": "", "link": ""}
    message = result["message"] or {}
    return {"failed": "", "text": message.get("text") or "", "link": message.get("link") or ""}


def ranges(lines: list[int]) -> str:
    """Return line numbers in ascending order as ranges, such as 4, and 7 to 9 with an en dash."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}\N{EN DASH}{last}" for first, last in found)
