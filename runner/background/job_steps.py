"""What a job can do while it runs: report its steps, and notice that it is to be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from records import Database
from runner.settings.operator_settings import Settings

GIVES_WAY = "Waiting, because users wait for their messages. It goes on within three minutes."


class JobCancelled(Exception):
    """The person who ordered the job has cancelled it. Raised between two steps, so that the transaction is rolled back."""


@dataclass(frozen=True)
class JobEnd:
    """How a job ended. `state` is one of `job_states.ENDED`; `changed` are the implementations whose change is announced."""

    state: str
    said: str
    result: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobSteps:
    """Passed to the function of a job."""

    settings: Settings = field(repr=False)
    database: Database
    of: int  #: how many steps there are
    report: Callable[[int, int, str], None]
    is_cancelled: Callable[[], bool]
    pause: Callable[[Callable[[], None]], float] = lambda _: 0.0  #: as `GivingWay.wait`

    def begin(self, number: int, said: str) -> None:
        """Begin step `number`, counted from 1. Raises `JobCancelled`."""
        self.tell(number, said)

    def tell(self, number: int, said: str) -> None:
        """Say how far step `number` is. Raises `JobCancelled`."""
        self.report(number - 1, self.of, said)
        if self.is_cancelled():
            raise JobCancelled

    def give_way(self, number: int) -> float:
        """Wait in step `number` while people wait for statuses; return for how many seconds. Raises `JobCancelled`."""
        return self.pause(lambda: self.tell(number, GIVES_WAY))
