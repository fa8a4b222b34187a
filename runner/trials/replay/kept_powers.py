"""The vendors of a replayed run: they answer as they answered then, each call once, in the order of the calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runner.powers import CallRequest, RecordedAnswer, RecordedPowers, shown_pairs


class KeptPowers(RecordedPowers):
    """`RecordedPowers` over the kept answers of one run.

    If a call was made several times, the first entry answers the first time, and so on; the last one answers from then on. What
    was blanked before an entry was kept is blanked before it is compared.
    """

    def __init__(self, answers: Sequence[Any]) -> None:
        super().__init__(list(answers))
        self._used: set[int] = set()

    def _entry_for(self, request: CallRequest) -> RecordedAnswer | None:
        shown = replace(request, params=shown_pairs(request.params))
        fitting = [number for number, entry in enumerate(self._answers) if entry.answers(shown)]
        unused = [number for number in fitting if number not in self._used]
        if not fitting:
            return None
        number = unused[0] if unused else fitting[-1]
        self._used.add(number)
        return self._answers[number]
