"""The sandbox as the rest of the product uses it: check a script, run its code, report on the jail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from . import check_protocol
from .channel import Channel, ChildExit
from .check_protocol import CHECK_LIMITS, SOURCE_CHARS
from .errors import ZygoteGone
from .jail.report import JailConfig, JailReport, objection
from .outcomes import CheckResult, Outcome, Powers, RunLimits, ScriptInput
from .prepare_protocol import PREPARE_LIMITS, PrepareProtocol
from .run_ends import END_S, RunEnds
from .run_protocol import RunProtocol
from .tracing import trace_protocol
from .tracing.trace_protocol import TracedRuns
from .tracing.traces import InstrumentedScript, InstrumentResult
from .zygote.pool import Renewal, ZygotePool
from .zygote.process import Launch, Zygote, machine_report

Compiled = TypeVar("Compiled")
_COMPILES: Final = 2  #: how often a text is compiled at most, if zygotes die


class Sandbox:
    """Checks and runs scripts, each in a jailed child of its own. A context manager, safe to use from many threads.

    The defaults of `launch` and `renewal` are the product's values; the sandbox's own tests change them.
    """

    def __init__(
        self,
        *,
        config: JailConfig = JailConfig(),  # noqa: B008 - frozen
        launch: Launch = Launch(),  # noqa: B008 - frozen
        renewal: Renewal = Renewal(),  # noqa: B008 - frozen
    ) -> None:
        self._pool = ZygotePool(config, launch, renewal)
        self._ends = RunEnds()

    def start(self) -> Self:
        """Start the zygote, which attacks its own jail first. Raises `JailTooWeak`."""
        self._pool.open()
        self._ends.open()
        return self

    @property
    def report(self) -> JailReport:
        """What the current zygote found out about its jail. Raises `ZygoteGone` if there is none."""
        return self._pool.report

    @property
    def zygote_pid(self) -> int:
        """The process that was started for the current zygote; all sandboxed processes descend from it."""
        return self._pool.pid

    def check(self, source: str) -> CheckResult:
        """Review and compile a script; a hostile text gets a finding. Raises `ZygoteGone`."""
        if len(source) > SOURCE_CHARS:
            return check_protocol.too_long_result(source)
        if not _is_text(source):
            return check_protocol.not_text_result(source)
        return self._compiled(lambda channel: check_protocol.check(channel, source))

    def run(
        self,
        code: bytes,
        script_input: ScriptInput,
        *,
        powers: Powers,
        limits: RunLimits = RunLimits(),  # noqa: B008 - frozen, so that one is as good as another
        on_end: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Run code that `check` compiled; whatever the script does becomes the outcome. Raises `ZygoteGone`.

        Without `on_end`, the child's end is awaited, and the outcome is final. With it, the outcome is returned at the child's
        last word, without CPU time and memory, and `on_end` is called once with the final one: before this method returns, or
        later, in a thread of the sandbox. The two differ in kind or alarm if the child, after its last word, did what overrules
        an answer; then the answer must be taken back. If this method raises, `on_end` is not called.
        """
        channel = self._pool.child(limits)
        protocol = RunProtocol(channel, powers, limits)
        with ExitStack() as stack:
            stack.callback(channel.close)
            result = protocol.run_to_last_word(code, script_input)
            if on_end is None or result.report is None:
                outcome = protocol.final_outcome(result)
            else:
                outcome = protocol.outcome(result.report, ChildExit())
                self._ends.add(partial(_finish_run, channel, partial(protocol.final_outcome, result, END_S), on_end))
                stack.pop_all()
                return outcome
        if on_end is not None:
            on_end(outcome)
        return outcome

    def prepare(
        self, code: bytes, script_input: ScriptInput, *, powers: Powers, limits: RunLimits = PREPARE_LIMITS
    ) -> Outcome:
        """Run `prepare` of code that `check` compiled and found to have one; the outcome's value is facts by user id.

        The user of the input is not used. Raises `ZygoteGone`.
        """
        channel = self._pool.child(limits)
        try:
            return PrepareProtocol(channel, powers, limits).run(code, script_input)
        finally:
            channel.close()

    def instrument(self, source: str) -> InstrumentResult:
        """Compile a script with probes, for `traced_runs`; a hostile text gets a finding. Raises `ZygoteGone`."""
        if len(source) > SOURCE_CHARS:
            return InstrumentResult(finding=check_protocol.too_long_result(source).findings[0])
        if not _is_text(source):
            return InstrumentResult(finding=check_protocol.not_text_result(source).findings[0])
        return self._compiled(lambda channel: trace_protocol.instrument(channel, source))

    def traced_runs(self, script: InstrumentedScript, *, limits: RunLimits, child_wall_s: float) -> TracedRuns:
        """Runs of an instrumented script in one child, which is ended after `child_wall_s`. Raises `ZygoteGone`.

        `limits` are those of each run, but CPU time and memory are for all runs of the child together.
        """
        return TracedRuns(self._pool.child(replace(limits, wall_s=child_wall_s)), script, limits)

    def _compiled(self, compiled: Callable[[Channel], Compiled | None]) -> Compiled:
        """Have a text compiled in a child, and once more if its zygote died meanwhile. Raises `ZygoteGone`."""
        for _ in range(_COMPILES):
            channel = self._pool.child(CHECK_LIMITS)
            try:
                found = compiled(channel)
            finally:
                channel.close()
            if found is not None:
                return found
        raise ZygoteGone("the zygote died during a check, and again when it was repeated; the script is not at fault")

    def wait_for_ends(self, timeout_s: float) -> bool:
        """Wait until `on_end` was called for every run that has returned; return whether it was, within the time."""
        return self._ends.wait(timeout_s)

    def close(self) -> None:
        """End every process of the sandbox. Runs of other threads have 2 seconds to end; then they end as crashed."""
        self._pool.close()
        self._ends.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _finish_run(channel: Channel, final_outcome: Callable[[], Outcome], on_end: Callable[[Outcome], None]) -> None:
    """See a run's child end, and tell the owner of the run."""
    try:
        outcome = final_outcome()
    finally:
        channel.close()
    on_end(outcome)


def _is_text(source: str) -> bool:
    """Whether the source can be encoded; otherwise the child would see something else than what was submitted."""
    try:
        source.encode()
    except UnicodeEncodeError:
        return False
    return True


def examine(config: JailConfig = JailConfig(), launch: Launch = Launch()) -> tuple[JailReport, str]:  # noqa: B008 - frozen, so that one is as good as another
    """Start a zygote, let its probes attack the jail, and stop it; return the report and why no script may run (or "").

    For `doctor`: it raises nothing that an unsuitable machine can cause.
    """
    try:
        zygote = Zygote(launch)
    except OSError as fault:
        report = replace(machine_report(), fault=str(fault))
    else:
        zygote.stop(1.0)
        report = zygote.report
    return report, objection(report, config)
