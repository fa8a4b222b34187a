"""The check of `doctor` for the memory of the store."""

from __future__ import annotations

from collections.abc import Iterator

from runner.health.doctor_checks import StoreCheckup

from .doctor_lines import DoctorFinding

MIB = 1024 * 1024


def memory_lines(found: StoreCheckup) -> Iterator[DoctorFinding]:
    """Return how full the store is; nothing if the server does not tell."""
    memory = found.memory
    if not memory.limit:
        return
    used = f"{memory.share:.0%} of {memory.limit / MIB:,.0f} MiB used"
    if not memory.bounded:
        what = f"maxmemory is not set, so the store may take all memory of its machine ({used})"
        yield DoctorFinding("memory", "warn", what, "set maxmemory to what the machine can spare")
    elif memory.is_full:
        what = f"{used}: the oldest statuses go, so that logins and queued work have room"
        yield DoctorFinding("memory", "warn", what, "give the store more memory: raise maxmemory")
    else:
        yield DoctorFinding("memory", "ok", used)
