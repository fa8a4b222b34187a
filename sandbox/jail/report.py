"""The report on the jail, and the decision whether a script may run in it.

The report is proved, not configured: it says which attempts to break out succeeded on this machine. One function decides
whether that is good enough, with a text that an operator can act on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sandbox.errors import JailTooWeak

log = logging.getLogger(__name__)

_REQUIREMENTS = (
    "Run on Linux 5.13 or newer on x86_64 or aarch64, and let the container use seccomp and Landlock (the default"
    " profiles of Docker and Kubernetes do)."
)

#: Layers that an operator may require beyond the probes.
REQUIRABLE = frozenset({"landlock", "namespaces"})


@dataclass(frozen=True)
class JailConfig:
    """How strict to be. Every probe must be stopped, unless `allow_weak` is set."""

    allow_weak: bool = (
        False  #: for development only: run scripts although a probe broke out or a required layer is missing
    )
    require: frozenset[str] = frozenset()  #: of `REQUIRABLE`
    told: bool = False  #: whoever starts the sandbox tells its person that it is weak, so it is not logged

    def __post_init__(self) -> None:
        unknown = sorted(self.require - REQUIRABLE)
        if unknown:
            raise ValueError(f"cannot require {', '.join(unknown)}; choose from {', '.join(sorted(REQUIRABLE))}")


@dataclass(frozen=True)
class JailReport:
    """What one zygote found out about its own jail: what was observed, never what was requested."""

    arch: str
    system: str  #: name and release of the kernel
    runtime: str  #: the runtime key: compiled code is valid for the same key only
    seccomp: bool = False
    landlock: int = 0  #: the ABI; 0 for none
    namespaces: tuple[str, ...] = ()
    empty_root: bool = False
    uid: int = -1  #: the children's user, as they see it; -1 if none got so far
    attempts: tuple[str, ...] = ()  #: names of the probes that ran
    leaks: tuple[str, ...] = ()  #: names of the probes that were not stopped
    fault: str = ""  #: why no child can be jailed here at all; then no probe ran
    weak: bool = False  #: scripts run although `objection` says why they must not

    @property
    def layers(self) -> str:
        """The layers that a child observed, in words; empty if none got so far."""
        if self.uid < 0:
            return ""
        return (
            f"seccomp {'on' if self.seccomp else 'OFF'}, Landlock {self.landlock or 'NONE'}, "
            f"namespaces {' '.join(self.namespaces) or 'none'}, uid {self.uid}, {self.arch}"
        )

    @property
    def probes(self) -> str:
        """The result of the attempts to break out, in words."""
        if self.leaks:
            return f"not stopped: {', '.join(self.leaks)}"
        if not self.attempts:
            return "none was made"
        return f"all {len(self.attempts)} were stopped"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a table or JSON."""
        return asdict(self)


def missing(report: JailReport, config: JailConfig) -> tuple[str, ...]:
    """The required layers that are missing."""
    there = {"landlock": report.landlock > 0, "namespaces": "pid" in report.namespaces and report.empty_root}
    return tuple(name for name in sorted(config.require) if not there[name])


def objection(report: JailReport, config: JailConfig) -> str:
    """Why no script may run in this jail, and what to do about it; empty if scripts may run."""
    found = f" (found: {report.layers})" if report.layers else ""
    if report.fault:
        return f"The jail could not be started{found}: {report.fault.strip()}. {_REQUIREMENTS if found else ''}".strip()
    if report.leaks or not report.attempts:
        return (
            f"The jail does not hold on this machine ({report.system}){found}. Attempts to break out: "
            f"{report.probes}. {_REQUIREMENTS} Weak mode can be allowed, for development only."
        )
    absent = missing(report, config)
    if absent:
        return (
            f"The configuration requires {' and '.join(absent)}, which this machine does not provide. Provide that (by a "
            "newer kernel, user namespaces, a container profile that allows `unshare` and `mount`) or stop requiring "
            "it: every probe is stopped without it."
        )
    return ""


def judge(report: JailReport, config: JailConfig) -> JailReport:
    """Return the report if scripts may run in this jail, marked as weak if only weak mode allows it. Raises `JailTooWeak`."""
    reason = objection(report, config)
    if not reason:
        return report
    if report.fault or not config.allow_weak:
        raise JailTooWeak(reason)
    if not config.told:
        log.warning("WEAK SANDBOX: scripts are NOT confined, and weak mode is allowed. %s", reason)
    return replace(report, weak=True)


def with_hello(known: JailReport, hello: Mapping[str, Any]) -> JailReport:
    """The report with what a zygote said about itself: everything, or only why it could not look."""
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
