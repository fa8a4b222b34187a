"""Many runs at once, during renewals: each gets its own answer, none is lost, and nothing accumulates."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Answer, OutcomeKind, RunLimits, Sandbox
from sandbox.zygote.pool import Renewal
from tests.sandbox.boxes import RAW, SCRIPT_INPUT, Box, Vendor, descendants, indented, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Echo(Vendor):
    """Answers with what was asked, late."""

    def call(self, call, *, deadline, read_bytes_left):
        time.sleep(random.random() * 0.02)
        return Answer(200, {}, call.path, len(call.path))


ECHO = indented("""
api.log(user.id)
said = api.get('v', '/' + user.id).text
api.log(said)
return message(f'{user.id} {said}')
""")


def run_many(sandbox, threads, runs):
    code = sandbox.check(ECHO).code

    def one(number):
        name = f"u{number}"
        given = replace(SCRIPT_INPUT, user={**SCRIPT_INPUT.user, "id": name})
        outcome = sandbox.run(code, given, powers=Echo(), limits=RunLimits(wall_s=20))
        return (outcome.kind, outcome.value and outcome.value["text"], outcome.log) == (
            OutcomeKind.RETURNED,
            f"{name} /{name}",
            (name, f"/{name}"),
        )

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(runs)))


def test_64_threads_get_their_own_answers(raw):
    assert all(run_many(raw.sandbox, 64, 400))


def test_no_run_is_lost_or_mixed_up_while_zygotes_are_renewed():
    with Sandbox(launch=RAW, renewal=Renewal(after_runs=40, patience_s=0.0)) as sandbox:
        first = sandbox._pool._zygote.process.pid
        assert all(run_many(sandbox, 32, 400))
        assert sandbox._pool._zygote.process.pid != first
        assert soon(lambda: not sandbox._pool._draining)


def test_a_zygote_is_renewed_by_age_and_the_old_one_ends():
    with Sandbox(launch=RAW, renewal=Renewal(after_s=0.0, quiet_s=0.0)) as sandbox:
        box = Box(sandbox)
        first = sandbox._pool._zygote.process
        assert box.run("return message('x')").kind is OutcomeKind.RETURNED
        assert soon(lambda: sandbox._pool._zygote.process is not first)
        assert soon(lambda: first.poll() is not None)
        assert first.returncode == 0


def test_a_run_in_flight_outlives_the_renewal_of_its_zygote():
    with Sandbox(launch=RAW, renewal=Renewal(after_runs=1, quiet_s=0.0)) as sandbox:
        old = sandbox._pool._zygote

        class Patient(Vendor):
            def call(self, call, *, deadline, read_bytes_left):
                assert soon(lambda: sandbox._pool._zygote is not old)
                return Answer(200, {}, "still here", 10)

        outcome = Box(sandbox).run("return message(api.get('v', '/x').text)", powers=Patient())
        assert (outcome.kind, outcome.value["text"]) == (OutcomeKind.RETURNED, "still here")


def test_a_renewal_that_fails_leaves_the_old_zygote_at_work(monkeypatch, caplog):
    with Sandbox(launch=RAW, renewal=Renewal(after_runs=1, quiet_s=0.0)) as sandbox:
        monkeypatch.setattr(sandbox._pool, "_launch", replace(RAW, entry="no_such_module"))
        box = Box(sandbox)
        assert [box.run("return message('x')").kind for _ in range(5)] == [OutcomeKind.RETURNED] * 5
        assert soon(lambda: "could not be renewed" in caplog.text)


def test_runs_that_are_killed_among_others_do_not_disturb_them(raw):
    good = raw.sandbox.check(ECHO).code
    bad = raw.sandbox.check(indented("while True: pass")).code
    attack = raw.sandbox.check(indented("import os; os.kill(-1, 9)")).code

    def one(number):
        code = (good, bad, attack)[number % 3]
        limits = RunLimits(cpu_s=0.02 if code is bad else 1.0, wall_s=20)
        return raw.sandbox.run(code, SCRIPT_INPUT, powers=Echo(), limits=limits).kind

    with ThreadPoolExecutor(24) as pool:
        kinds = list(pool.map(one, range(120)))
    assert kinds == [(OutcomeKind.RETURNED, OutcomeKind.TIMED_OUT, OutcomeKind.CRASHED)[n % 3] for n in range(120)]


def test_nothing_piles_up_over_many_runs(raw):
    def descriptors(pid):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))

    code = raw.sandbox.check(indented("return message('x')")).code
    zygote = descendants(raw.sandbox._pool._zygote.process.pid)[0]
    gc.collect()
    before = descriptors(os.getpid()), descriptors(zygote)
    for number in range(60):
        raw.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), limits=RunLimits(wall_s=0.001 if number % 10 == 0 else 5))
    assert soon(lambda: len(descendants(zygote)) <= RAW.spares)
    assert descriptors(os.getpid()) <= before[0]
    assert descriptors(zygote) <= before[1] + 1
