"""The checks of `doctor` for workers of the status queue, without which no status is determined, and background workers."""

from __future__ import annotations

from collections.abc import Iterator

from runner.health.doctor_checks import StoreCheckup
from runner.settings.operator_settings import Settings
from runner.store.worker_heartbeat import WorkerNote

from .doctor_lines import DoctorFinding

START = "session-status worker"
START_BACKGROUND = "session-status worker --queue background"


def worker_lines(settings: Settings, found: StoreCheckup) -> Iterator[DoctorFinding]:
    """Return one finding for each registered worker, and one for a queue without workers."""
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
    yield from check_lines(found)


def check_lines(found: StoreCheckup) -> Iterator[DoctorFinding]:
    """Return one finding for each background worker that checks scripts, and one if a background worker runs and none does."""
    if found.background_workers and not found.check_workers:
        what = "no script can be checked, so authors hand nothing in: the jail of the background worker does not hold"
        yield DoctorFinding("checks", "warn", what, "see its log, and the jail below; then restart it")
    for note in found.check_workers:
        weak = bool(note.jail.get("weak"))
        what, todo = (f"{taken(note)}, WEAK JAIL", "do not allow weak mode") if weak else (taken(note), "")
        yield DoctorFinding("checks", "warn" if weak else "ok", what, todo)


def taken(note: WorkerNote) -> str:
    """Return how much of a worker is in use."""
    return f"{note.name}: {note.in_flight} of {note.places} places taken"


def no_workers(settings: Settings, found: StoreCheckup) -> DoctorFinding:
    """Return the finding if no worker is running: a note before the first start, and a failure after it."""
    if not found.last_worker:
        return DoctorFinding("workers", "note", "none has been started yet", START)
    state = "fail" if settings.production else "warn"
    return DoctorFinding("workers", state, f"none is running; the last one was {found.last_worker}", START)


def no_background_worker(found: StoreCheckup) -> DoctorFinding:
    """Return the finding if no background worker is running. It is never a failure, because no status depends on it."""
    if not found.last_background_worker:
        found_text = (
            "no background worker has been started yet; checks of scripts and imports of large agenda files need one"
        )
        return DoctorFinding("background", "note", found_text, START_BACKGROUND)
    found_text = (
        "no background worker is running, so no script can be checked, and imports of large agenda files wait;"
        f" the last one was {found.last_background_worker}"
    )
    return DoctorFinding("background", "warn", found_text, START_BACKGROUND)
