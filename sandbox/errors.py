"""The sandbox's own faults. A script's fault is an `Outcome`, never one of these exceptions.

SandboxError            root
+-- JailTooWeak         the jail is not good enough at start, so no script may run here
+-- ZygoteGone          the zygote died and could not be replaced
+-- CallNotMade         raised by `Powers.call`; becomes an `ApiError` in the script
"""

from __future__ import annotations

from .outcomes import CallFault


class SandboxError(Exception):
    """Root of the sandbox's exceptions."""


class JailTooWeak(SandboxError):
    """The jail could not be started, a probe got through and weak mode is not allowed, or a required layer is missing."""


class ZygoteGone(SandboxError):
    """There is no zygote to run a script: it is dead and a new one did not start, or the sandbox is closed."""


class CallNotMade(SandboxError):
    """A script's call could not be made. `text` is shown to the author and must hold no secret.

    `bytes_read` counts the bytes that were read all the same (for example of a body that was too large): they count
    against the run's budget.
    """

    def __init__(self, fault: CallFault, text: str, *, bytes_read: int = 0) -> None:
        super().__init__(text)
        self.fault = fault
        self.text = text
        self.bytes_read = bytes_read
