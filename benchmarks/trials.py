"""Replay and rehearsal beside raw runs of the sandbox, and what a rehearsal in the background costs those who ask for a status."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from records import AgendaSession, Database, Run, User
from records.scripts import versions
from records.tenants import implementations
from runner.powers import RecordedPowers
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_arguments import MOMENTS, MOST_REHEARSED, RehearsalArguments
from runner.queues.job_orders import OrderSigner
from runner.queues.job_states import RUNNING
from runner.queues.trial_orders import order_rehearsal
from runner.trials.rehearsal.rehearsal import RehearsalTerms, rehearse
from runner.trials.rehearsal.situations import Event
from runner.trials.replay.replay import EarlierRun, ReplayTerms, replay
from runner.trials.trial import TrialSandbox
from runner.trials.trial_terms import TrialTerms
from sandbox import RunLimits, ScriptInput

from .house import SCRIPT, SLUG, House, house
from .load import Client
from .measure import Times
from .miss import PATH, open_loop

ANSWER = {"connection": "vendor", "method": "GET", "path": "/credits", "json": {"list": []}}
GIVEN = {"user": {"id": "u1"}, "session": {"id": "S1"}, "settings": {}, "now": "2026-05-04T13:00:00+00:00"}
START = datetime(2026, 5, 4, 13, tzinfo=UTC)
VENDOR_S, PEOPLE = 0.2, 4000


def raw_runs(sandbox: TrialSandbox, code: bytes, count: int) -> None:
    terms = TrialTerms(replace(ScriptInput(**GIVEN), return_url="x"))
    for _ in range(count):
        sandbox.run_code(SCRIPT, code, terms, RecordedPowers([ANSWER]))


def replayed_runs(sandbox: TrialSandbox, code: bytes, count: int) -> None:
    message = {"text": "Claim 1.0 CE credit", "color": "#005d8a", "action": None}
    run = Run(id="r", user="u1", session="S1", outcome="returned", message=message, calls=[{}], given=GIVEN, error=None)
    earlier = (EarlierRun(run, [ANSWER]) for _ in range(count))
    replay(sandbox, (SCRIPT, code), earlier, ReplayTerms((), RunLimits(), "#005d8a", "https://status.example.org"))


def rehearsed_runs(sandbox: TrialSandbox, code: bytes, count: int) -> None:
    texts = {"username": "", "user_type": "", "first_name": "Ann", "last_name": "No", "badge_id": ""}
    people = [User(subject=f"u{number}", attributes={}, **texts) for number in range(100)]
    held = {"title": "T", "location": "", "starts_at": START, "ends_at": START + timedelta(hours=1), "attributes": {}}
    event = Event({}, ZoneInfo("UTC"), people, [AgendaSession(session_id=f"S{number}", **held) for number in range(10)])
    situations = event.situations(MOMENTS, most=count)
    rehearse(sandbox, (SCRIPT, code), situations, RehearsalTerms((), RunLimits(), {}, [ANSWER]))


def rates(*, rounds: int, count: int) -> dict[str, float]:
    """Runs a second of each, in turns; the median of all rounds."""
    contestants: dict[str, Callable[[TrialSandbox, bytes, int], None]] = {
        "raw": raw_runs,
        "replay": replayed_runs,
        "rehearsal": rehearsed_runs,
    }
    found: dict[str, list[float]] = {name: [] for name in contestants}
    with TrialSandbox() as sandbox:
        code = sandbox.review(SCRIPT).checked.code
        assert code
        raw_runs(sandbox, code, 50)
        for _ in range(rounds):
            for name, work in contestants.items():
                started = time.monotonic()
                work(sandbox, code, count)
                found[name].append(count / (time.monotonic() - started))
    return {name: statistics.median(values) for name, values in found.items()}


def cached(ours: House, *, user: int, count: int) -> Times:
    """Ask for one cached status again and again."""
    client, login = Client(ours.port), ours.login(user)
    times = []
    for _ in range(count):
        reply = client.get(PATH, f"Authorization: {login}", "Prefer: wait=2")
        assert reply.status in (200, 202), reply
        times.append(reply.ms)
        time.sleep(0.005)
    client.close()
    return Times(tuple(times[count // 10 :]))


def costs(folder: Path, *, misses: int) -> dict[str, float]:
    """The medians of a miss and of a cached status, quiet and beside a rehearsal, in ms."""
    with house(folder, vendor_s=VENDOR_S, people=PEOPLE) as ours:
        open_loop(ours, first=0, count=40, rate=20)  # warm-up
        quiet, quiet_cached = open_loop(ours, first=100, count=misses, rate=20), cached(ours, user=1, count=400)
        jobs = BackgroundQueue(ours.logins.redis, OrderSigner(ours.settings.keys))
        job = order_rehearsal(
            jobs, SLUG, RehearsalArguments(_sha256(ours), list(MOMENTS), 10, MOST_REHEARSED), by="bench"
        )
        while (state := jobs.find(SLUG, job)) is None or state.state != RUNNING or state.done < 1:
            assert state is None or not state.ended, state
            time.sleep(0.2)
        beside, beside_cached = (
            open_loop(ours, first=100 + misses, count=misses, rate=20),
            cached(ours, user=2, count=400),
        )
        state = jobs.find(SLUG, job)
        assert state
        assert state.state == RUNNING, state  # otherwise it was not there all the time
        jobs.cancel(state)
    return {
        "miss, quiet": quiet.median,
        "miss, beside": beside.median,
        "cached, quiet": quiet_cached.median,
        "cached, beside": beside_cached.median,
    }


def _sha256(ours: House) -> str:
    database = Database(ours.settings.database_url, environment=ours.settings.environment)
    with database.reading() as db:
        owner = implementations.find(db, SLUG)
        assert owner
        sha256 = versions.versions(db, owner)[0].sha256
    database.dispose()
    return sha256


def measure(folder: Path, *, rounds: int, count: int, misses: int) -> dict[str, object]:
    rate, cost = rates(rounds=rounds, count=count), costs(folder, misses=misses)
    shares = {name: rate[name] / rate["raw"] for name in ("replay", "rehearsal")}
    slower = {name: cost[f"{name}, beside"] / cost[f"{name}, quiet"] - 1 for name in ("miss", "cached")}
    return {
        "runs_a_second": {name: round(value) for name, value in rate.items()},
        "ms": {name: round(value, 2) for name, value in cost.items()},
        "targets": {
            **{
                f"{name} runs for each raw run in the same time (at least 0.8)": [round(share, 2), share >= 0.8]
                for name, share in shares.items()
            },
            "median of a miss with a vendor of 200 ms beside a rehearsal, % slower (at most 20)": [
                round(100 * slower["miss"]),
                slower["miss"] <= 0.2,
            ],
            "median of a cached status beside a rehearsal, % slower (at most 20)": [
                round(100 * slower["cached"]),
                slower["cached"] <= 0.2,
            ],
        },
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as at:
        print(json.dumps(measure(Path(at), rounds=3, count=300, misses=150), indent=2))
