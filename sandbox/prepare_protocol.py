"""One run of `prepare`: as any run (`run_protocol.py`), but its result is facts by user id, and larger.

What its child may send as a result, all else being a forged frame:

1. `result`: an object of at most `PREPARED_ENTRIES` members, each of them an object.
2. It is not deeper than the language allows, and has at most the bytes of the run's output budget. More bytes are the
   script's fault, as in every run.

The keys are the script's own words. Whose facts they are is decided where the facts are stored, with the implementation
and the session that the job names, never by a key.
"""

from __future__ import annotations

from typing import Any, Final

from . import frame_schemas
from .channel import Channel
from .frame_schemas import RunReport
from .frames import CHILD_FRAME_BYTES, JSON_DEPTH, PREPARED_ENTRIES, FrameError, deeper_than
from .outcomes import MIB, OutcomeKind, Powers, RunLimits
from .run_protocol import RunProtocol

#: The budgets of one `prepare`: it pages through a vendor's list, and no person waits for it.
PREPARE_LIMITS: Final = RunLimits(
    wall_s=60.0,
    cpu_s=10.0,
    memory_bytes=256 * MIB,
    calls=200,
    read_bytes=20 * MIB,
    output_bytes=5 * MIB,
    log_lines=50,
    log_chars=300,
)


class PrepareProtocol(RunProtocol):
    """The exchange between broker and child while `prepare` runs."""

    operation = "prepare"

    def __init__(self, channel: Channel, powers: Powers, limits: RunLimits) -> None:
        super().__init__(channel, powers, limits)
        self.frame_bytes = max(CHILD_FRAME_BYTES, limits.output_bytes)

    def report_of(self, frame: dict[str, Any]) -> RunReport:
        """The child's final report: facts, or how the run failed. Raises `FrameError`."""
        if frame.get("t") != "result":
            return frame_schemas.run_report_of(frame)
        # 1.
        facts = frame.get("value")
        if frame.keys() != {"t", "value"} or type(facts) is not dict:
            raise FrameError("a result that is not facts")
        if len(facts) > PREPARED_ENTRIES or any(type(fact) is not dict for fact in facts.values()):
            raise FrameError("facts that no script prepares")
        # 2.
        if deeper_than(facts, JSON_DEPTH):
            raise FrameError("facts that are nested too deeply")
        return RunReport(OutcomeKind.RETURNED, value=facts)
