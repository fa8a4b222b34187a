"""Recorded answers that remember which of them were used."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from runner.powers import CallRecord, RecordedPowers, parse_answers
from runner.powers.call_request import check_call
from sandbox import Answer, Call, CallNotMade


class AnswersInUse:
    """`RecordedPowers` that add the numbers of the entries that answered to `used`. Raises `AnswersError`."""

    def __init__(self, answers: Any, used: set[int]) -> None:
        self._answers = parse_answers(answers)
        self._powers = RecordedPowers(answers)
        self._used = used

    @property
    def calls(self) -> list[CallRecord]:
        """What was asked, in order."""
        return self._powers.calls

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Give the recorded answer. Raises `CallNotMade`."""
        with suppress(CallNotMade):
            asked = check_call(call)
            number = next((at for at, entry in enumerate(self._answers) if entry.answers(asked)), None)
            self._used |= set() if number is None else {number}
        return self._powers.call(call, deadline=deadline, read_bytes_left=read_bytes_left)
