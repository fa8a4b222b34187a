"""What the jail must hold before a script may run, and what was found out about it.

The report is proved, not configured: it says which attempts to break out got through here and now. Whether that is good
enough is decided in one function, with a text an operator can act on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sandbox.errors import JailTooWeak

log = logging.getLogger(__name__)

_NEEDED = (
    "Run on Linux 5.13 or newer on x86_64 or aarch64, and let the container use seccomp and Landlock (Docker's and"
    " Kubernetes' default profiles do)."
)

#: What an operator may demand beyond the probes.
DEMANDS = frozenset({"landlock", "namespaces"})


@dataclass(frozen=True)
class JailConfig:
    """How strict to be. That every probe is stopped is always required, unless `allow_weak` says otherwise."""

    allow_weak: bool = False  #: for development only: run scripts although a probe got through
    require: frozenset[str] = frozenset()  #: of `DEMANDS`

    def __post_init__(self) -> None:
        unknown = sorted(self.require - DEMANDS)
        if unknown:
            raise ValueError(f"cannot require {', '.join(unknown)}; known are {', '.join(sorted(DEMANDS))}")


@dataclass(frozen=True)
class JailReport:
    """What one zygote found out about its own jail: what was seen to hold, never what was asked for."""

    arch: str
    system: str  #: name and release of the kernel
    runtime: str  #: the runtime key: compiled code is valid for the same key only
    seccomp: bool = False
    landlock: int = 0  #: the ABI; 0 for none
    namespaces: tuple[str, ...] = ()
    empty_root: bool = False
    uid: int = -1  #: who the children are, as they see it; -1 if none came so far
    attempts: tuple[str, ...] = ()  #: names of the probes that were made
    leaks: tuple[str, ...] = ()  #: names of the probes that were not stopped
    fault: str = ""  #: why no child can be jailed here at all; then no probe was made
    weak: bool = False  #: scripts run although they should not

    @property
    def layers(self) -> str:
        """What a child was seen to have around it, in words; empty if none came so far as to see."""
        if self.uid < 0:
            return ""
        return (
            f"seccomp {'on' if self.seccomp else 'OFF'}, Landlock {self.landlock or 'NONE'}, "
            f"namespaces {' '.join(self.namespaces) or 'none'}, uid {self.uid}, {self.arch}"
        )

    @property
    def probes(self) -> str:
        """What the attempts to break out came to, in words."""
        if self.leaks:
            return f"not stopped: {', '.join(self.leaks)}"
        if not self.attempts:
            return "none was made"
        return f"all {len(self.attempts)} were stopped"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a table or JSON."""
        return asdict(self)


def missing(report: JailReport, config: JailConfig) -> tuple[str, ...]:
    """What was demanded and is not there."""
    there = {"landlock": report.landlock > 0, "namespaces": "pid" in report.namespaces and report.empty_root}
    return tuple(name for name in sorted(config.require) if not there[name])


def objection(report: JailReport, config: JailConfig) -> str:
    """Why no script may run in this jail and what to do about it; empty if there is no objection."""
    found = f" (found: {report.layers})" if report.layers else ""
    if report.fault:
        return f"The jail could not be started{found}: {report.fault.strip()}. {_NEEDED if found else ''}".strip()
    if report.leaks or not report.attempts:
        return (
            f"The jail does not hold on this machine ({report.system}){found}. Attempts to break out: "
            f"{report.probes}. {_NEEDED} For development only, weak mode can be allowed."
        )
    absent = missing(report, config)
    if absent:
        return (
            f"The configuration requires {' and '.join(absent)}, which this machine does not give. Allow them (a newer "
            "kernel, user namespaces, a container profile that lets `unshare` and `mount` through) or stop requiring "
            "them: every probe is stopped without."
        )
    return ""


def judge(report: JailReport, config: JailConfig) -> JailReport:
    """The report if scripts may run in this jail, marked as weak if they should not. Raises `JailTooWeak`."""
    reason = objection(report, config)
    if not reason:
        return report
    if report.fault or not config.allow_weak:
        raise JailTooWeak(reason)
    log.warning("WEAK SANDBOX: scripts are NOT confined, and weak mode is allowed. %s", reason)
    return replace(report, weak=True)


def with_hello(known: JailReport, hello: Mapping[str, Any]) -> JailReport:
    """The report with what a zygote said about itself: all of it, or only why it could not even look."""
    if "attempts" not in hello:
        return replace(known, fault=str(hello["fault"]))
    return replace(
        known,
        fault=str(hello["fault"]),
        seccomp=bool(hello["seccomp"]),
        landlock=int(hello["landlock"]),
        namespaces=tuple(hello["namespaces"]),
        empty_root=bool(hello["empty_root"]),
        uid=int(hello["uid"]),
        attempts=tuple(hello["attempts"]),
        leaks=tuple(hello["leaks"]),
    )
