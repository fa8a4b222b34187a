"""Moves that need no hint: moments around the session, scans, facts, missing fields, and all that a vendor may answer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from runner.trials.explore.read_values import number_of, shifted
from runner.trials.explore.scene import NOTHING
from runner.trials.explore.scene_runs import SceneRun

from .move import Move, move, own_text

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Seconds after the start and after the end of the session.
_AFTER_START: Final = (0, -1, -11 * _MINUTE, _MINUTE, -_HOUR, -_DAY, -8 * _DAY, -40 * _DAY)
_AFTER_END: Final = (0, -1, _MINUTE, _HOUR, _DAY, 8 * _DAY, 40 * _DAY, 400 * _DAY)
#: Seconds by which facts are older than the run.
_FACT_AGES: Final = (0, _MINUTE, 11 * _MINUTE, _HOUR, 8 * _HOUR, _DAY, 40 * _DAY)
_STATUSES: Final = (404, 500, 401, 403, 429, 503, 400, 409, 201, 204, 302)
_ERRORS: Final = ("timeout", "connection", "refused", "breaker open", "too large")
_BODIES: Final[tuple[Any, ...]] = ([], None, {}, [{}], 7, "text")
_CREDITS: Final = (None, "0", "0.5", "1.0", "2.25", "12")


def plain_moves(run: SceneRun) -> Iterator[Move]:
    """The moves for everything that the run used at all."""
    read = {(read.place[0], read.key) for read in run.trace.reads if len(read.place) == 1}
    yield from _moment_moves(run, is_read=("api", "now") in read)
    if ("api", "scans") in read:
        yield from _scan_moves(run)
    if ("api", "facts_at") in read:
        yield from _fact_moves(run)
    yield from _session_moves(run, {str(key) for root, key in read if root == "session"})
    for name in dict.fromkeys(call.name for call in run.answered if call.name):
        yield from _answer_moves(name, run)


def _moment_moves(run: SceneRun, *, is_read: bool) -> Iterator[Move]:
    rank = 2.0 if is_read else 6.0
    session = run.scene.input["session"]
    for name, offsets in (("starts_at", _AFTER_START), ("ends_at", _AFTER_END)):
        for offset in offsets:
            moment = shifted(session.get(name) or "", offset)
            if moment is not NOTHING:
                yield move(rank, ("input", "now"), moment)


def _scan_moves(run: SceneRun) -> Iterator[Move]:
    start = run.scene.input["session"].get("starts_at") or run.scene.input["now"]
    minutes = [0, 5, 30, 52, 90, 240]
    for noted in run.trace.comparisons:
        for side in (noted.left, noted.right):
            number = number_of(side.text) if side.kind == "number" else None
            if number is not None and 0 <= number <= Decimal(_DAY):
                minutes += [int(number), int(number) + 1, max(0, int(number) - 1)]
    variants: list[tuple[float, list[tuple[int, str]]]] = [
        *((1.5, [(0, "in"), (length, "out")]) for length in dict.fromkeys(minutes)),
        (1.0, [(0, "in")]),
        (1.0, []),
        (2.0, [(0, "in"), (9, "out"), (12, "in")]),
        (2.5, [(5, "out")]),
        (2.5, [(minute, "in" if minute % 2 else "out") for minute in range(1, 9)]),
    ]
    for rank, scans in variants:
        moments = [shifted(start, minute * _MINUTE) for minute, _ in scans]
        if NOTHING not in moments:  # as after the last day of the calendar
            made = [{"at": at, "direction": scan[1]} for at, scan in zip(moments, scans, strict=True)]
            yield move(rank, ("input", "scans"), made)


def _fact_moves(run: SceneRun) -> Iterator[Move]:
    """Facts that are as new as the run, older, or that there are none of."""
    path = ("input", "facts_at")
    yield move(1.5, path, NOTHING)
    for rank, age_s in enumerate(_FACT_AGES):
        moment = shifted(run.scene.input["now"], -age_s)
        if moment is not NOTHING:
            yield move(1.0 + rank / 4, path, moment)


def _session_moves(run: SceneRun, read: set[str]) -> Iterator[Move]:
    if "credits" in read:
        for rank, amount in enumerate(_CREDITS):
            yield move(1.5 + rank / 4, ("input", "session", "credits"), amount)
    if "parent_id" in read:
        path = ("input", "session", "parent_id")
        yield move(1.5, path, None if run.scene.at(path) else own_text(path))
    for name in sorted(read & {"starts_at", "ends_at"}):
        yield move(3.0, ("input", "session", name), None)
    if "title" in read:
        yield move(
            3.0,
            ("input", "session", "title"),
            "A very long title of a session that fills more than one line of a phone" * 2,
        )


def _answer_moves(name: str, run: SceneRun) -> Iterator[Move]:
    answer = run.scene.answers.get(name)
    if answer is None:
        return
    path = ("answers", name)
    for rank, status in enumerate(_STATUSES):
        yield move(1.0 + rank / 4, (*path, "status"), status)
    for rank, error in enumerate(_ERRORS):
        yield move(1.2 + rank / 2, path, {"error": error})
    if answer.get("error") is not None:
        yield move(1.0, path, {"status": 200, "json": {}})
        return
    status = answer.get("status", 200)
    yield move(2.0, path, {"status": status, "text": "<html>Sign in</html>"})
    yield move(3.0, path, {"status": status, "text": ""})
    for rank, body in enumerate(_BODIES):
        yield move(2.5 + rank / 2, path, {"status": status, "json": body})
