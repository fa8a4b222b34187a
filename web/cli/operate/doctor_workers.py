"""What `doctor` says of workers: those of the status queue, without which nobody gets an answer, and background workers."""

from __future__ import annotations

from collections.abc import Iterator

from runner.health.doctor_checks import StoreCheckup
from runner.settings.operator_settings import Settings
from runner.store.worker_heartbeat import WorkerNote

from .doctor_lines import DoctorFinding

START = "session-status worker"
START_BACKGROUND = "session-status worker --queue background"


def worker_lines(settings: Settings, found: StoreCheckup) -> Iterator[DoctorFinding]:
    """One line for each worker that noted itself in the store, and one for a queue that has none."""
    if not found.workers:
        yield no_workers(settings, found)
    for note in found.workers:
        if note.jail.get("weak"):
            yield DoctorFinding("worker", "warn", f"{taken(note)}, WEAK JAIL", "do not allow weak mode")
        else:
            yield DoctorFinding("worker", "ok", taken(note))
    if not found.background_workers:
        yield no_background_worker(found)
    for note in found.background_workers:
        yield DoctorFinding("background", "ok", taken(note))


def taken(note: WorkerNote) -> str:
    """How much of a worker is in use."""
    return f"{note.name}: {note.in_flight} of {note.places} places taken"


def no_workers(settings: Settings, found: StoreCheckup) -> DoctorFinding:
    """What it means that no worker is there: nothing before the first one, and an outage after it."""
    if not found.last_worker:
        return DoctorFinding("workers", "note", "none has been started yet", START)
    state = "fail" if settings.production else "warn"
    return DoctorFinding("workers", state, f"none is there; the last was {found.last_worker}", START)


def no_background_worker(found: StoreCheckup) -> DoctorFinding:
    """Without a background worker no status is late, so it is never a failure: what was ordered waits."""
    if not found.last_background_worker:
        told = "no background worker has been started yet: imports of large agenda files wait for one"
        return DoctorFinding("background", "note", told, START_BACKGROUND)
    told = f"no background worker is there: imports of large agenda files wait; the last was {found.last_background_worker}"
    return DoctorFinding("background", "warn", told, START_BACKGROUND)
