"""The sandbox's own faults. A script's fault is an `Outcome`, never one of these.

SandboxError            root
+-- JailTooWeak         a probe broke out at start, so no script may run here
+-- ZygoteGone          the zygote died and could not be replaced
+-- CallNotMade         raised by `Powers.call`; becomes an `ApiError` in the script
"""

from __future__ import annotations

from .outcomes import CallFault


class SandboxError(Exception):
    """Root of what the sandbox raises."""


class JailTooWeak(SandboxError):
    """At start, at least one probe got through, and weak mode is not allowed."""


class ZygoteGone(SandboxError):
    """The zygote is dead and a new one did not start."""


class CallNotMade(SandboxError):
    """A call of a script could not be made. `text` is shown to the author and must hold no secret.

    `bytes_read` is what was read in vain, as of a body that was too large: it counts against the run's budget.
    """

    def __init__(self, fault: CallFault, text: str, *, bytes_read: int = 0) -> None:
        super().__init__(text)
        self.fault = fault
        self.text = text
        self.bytes_read = bytes_read
