"""The sandbox as the rest of the product sees it: check a script, run its code, know what the jail holds."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Self

from . import check_protocol
from .check_protocol import CHECK_LIMITS, SOURCE_CHARS
from .jail.report import JailConfig, JailReport, objection
from .outcomes import CheckResult, Outcome, Powers, RunLimits, ScriptInput
from .run_protocol import RunProtocol
from .zygote.pool import Renewal, ZygotePool
from .zygote.process import Launch, Zygote, machine_report


class Sandbox:
    """Checks and runs scripts, each in a jailed child of its own. Safe for many threads; a context manager.

    `launch` and `renewal` have the product's values; the jail's own tests change them.
    """

    def __init__(
        self,
        *,
        config: JailConfig = JailConfig(),  # noqa: B008 - frozen
        launch: Launch = Launch(),  # noqa: B008 - frozen
        renewal: Renewal = Renewal(),  # noqa: B008 - frozen
    ) -> None:
        self._supply = ZygotePool(config, launch, renewal)

    def start(self) -> Self:
        """Start the zygote, which attacks its own jail first. Raises `JailTooWeak`."""
        self._supply.open()
        return self

    @property
    def report(self) -> JailReport:
        """What the current zygote found out about its jail."""
        return self._supply.report

    @property
    def zygote_pid(self) -> int:
        """The process that was started for the current zygote; its descendants are what the sandbox consists of."""
        return self._supply.pid

    def check(self, source: str) -> CheckResult:
        """Review and compile a script. A hostile text earns a finding. Raises `ZygoteGone`."""
        if len(source) > SOURCE_CHARS:
            return check_protocol.too_long(source)
        if not _is_text(source):
            return check_protocol.not_text(source)
        channel = self._supply.child(CHECK_LIMITS)
        try:
            return check_protocol.check(channel, source)
        finally:
            channel.close()

    def run(self, code: bytes, given: ScriptInput, *, powers: Powers, limits: RunLimits = RunLimits()) -> Outcome:  # noqa: B008 - frozen, so that one is as good as another
        """Run the code of a check. Whatever the script does is in the outcome. Raises `ZygoteGone`."""
        channel = self._supply.child(limits)
        try:
            return RunProtocol(channel, powers, limits).run(code, given)
        finally:
            channel.close()

    def close(self) -> None:
        """End everything. Runs of other threads have two seconds, and then end as crashed."""
        self._supply.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_text(source: str) -> bool:
    """Whether it can be encoded; what the child would see is otherwise not what was submitted."""
    try:
        source.encode()
    except UnicodeEncodeError:
        return False
    return True


def examine(config: JailConfig = JailConfig(), launch: Launch = Launch()) -> tuple[JailReport, str]:  # noqa: B008 - frozen, so that one is as good as another
    """Start a zygote, let its probes attack the jail, and end it: the report, and why no script may run (or "").

    For `doctor`: raises nothing that a bad machine can cause.
    """
    try:
        zygote = Zygote(launch)
    except OSError as fault:
        report = replace(machine_report(), fault=str(fault))
    else:
        zygote.bury(1.0)
        report = zygote.report
    return report, objection(report, config)
