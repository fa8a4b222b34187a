"""Processes that die at any moment: no run hangs, no process is left, and the next run is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import Answer, JailTooWeak, OutcomeKind, RunLimits, Sandbox, ZygoteGone, check_protocol
from sandbox.tracing import trace_protocol
from sandbox.zygote import pool
from tests.sandbox.boxes import HERE, RAW, SCRIPT_INPUT, Box, Vendor, alive, descendants, indented, soon
from tests.support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


@pytest.fixture(scope="module")
def often_killed():
    with Sandbox(launch=RAW) as sandbox:
        yield Box(sandbox)


@pytest.fixture
def own(often_killed):
    """A box with a zygote that lives, whatever the test before did to it."""
    assert often_killed.run("return message('x')").kind is OutcomeKind.RETURNED
    return often_killed


@pytest.fixture
def alone():
    """A box for one test, which leaves it unfit for others."""
    with Sandbox(launch=RAW) as sandbox:
        yield Box(sandbox)


def zygote_of(box):
    return box.sandbox._pool._zygote.process.pid


def kill_the_zygote_of(box):
    """Kill it, and return when it is dead: until then it may still finish what it had begun."""
    inner = descendants(zygote_of(box))[0]
    os.kill(inner, signal.SIGKILL)
    assert soon(lambda: not alive(inner))


class Gate(Vendor):
    """A vendor in whose call the test may do things."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def call(self, call, *, deadline, read_bytes_left):
        self.act()
        return Answer(200, {}, "late", 4)


CALLING = "return message(api.get('v', '/x').text)"


def test_a_killed_child_is_a_crashed_run_and_no_alarm(own):
    def kill_the_children():
        children = descendants(zygote_of(own))[1:]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        assert soon(lambda: not any(alive(pid) for pid in children))

    outcome = own.run(CALLING, powers=Gate(kill_the_children))
    assert (outcome.kind, outcome.alarm, outcome.error.type) == (OutcomeKind.CRASHED, False, "Killed")
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED


def test_a_killed_zygote_ends_its_runs_as_crashed_and_is_replaced(own):
    zygote = zygote_of(own)
    family = []

    def kill_the_zygote():
        family.extend(descendants(zygote))
        os.kill(family[0], signal.SIGKILL)

    outcome = own.run(CALLING, powers=Gate(kill_the_zygote))
    assert (outcome.kind, outcome.error.type) == (OutcomeKind.CRASHED, "ZygoteDied")
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED
    assert zygote_of(own) != zygote
    assert soon(lambda: not any(alive(pid) for pid in [zygote, *family]))


def test_a_killed_outer_process_takes_its_zygote_and_children_along(own):
    zygote = zygote_of(own)
    family = []

    def kill_the_outer():
        family.extend(descendants(zygote))
        os.kill(zygote, signal.SIGKILL)
        assert soon(lambda: not any(alive(pid) for pid in family))

    assert own.run(CALLING, powers=Gate(kill_the_outer)).kind is OutcomeKind.CRASHED
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED
    assert len(family) >= 2
    assert soon(lambda: not any(alive(pid) for pid in family))


COMPILES = {"check": check_protocol, "instrument": trace_protocol}


def dying_zygotes(own, monkeypatch, name, times):
    """Let the zygote die in each of the next so many compiles, and return how often one was begun."""
    begun, compiled = [], getattr(COMPILES[name], name)

    def compile_with_a_dying_zygote(channel, source):
        begun.append(source)
        if len(begun) <= times:
            kill_the_zygote_of(own)
        return compiled(channel, source)

    monkeypatch.setattr(COMPILES[name], name, compile_with_a_dying_zygote)
    return begun


@pytest.mark.parametrize("name", COMPILES)
def test_a_zygote_that_dies_during_a_check_is_no_fault_of_the_script(own, monkeypatch, name):
    begun = dying_zygotes(own, monkeypatch, name, times=1)
    found = getattr(own.sandbox, name)(indented("return message('x')"))
    assert len(begun) == 2
    assert found.ok if name == "check" else found.finding is None or found.finding.rule != "check-crashed"


@pytest.mark.parametrize("name", COMPILES)
def test_zygotes_that_die_in_a_check_and_in_its_repetition_are_an_error_of_ours(own, monkeypatch, name):
    begun = dying_zygotes(own, monkeypatch, name, times=9)
    with pytest.raises(ZygoteGone, match="not at fault"):
        getattr(own.sandbox, name)(indented("return message('x')"))
    assert len(begun) == 2


def test_a_zygote_that_died_between_runs_is_replaced_unnoticed(own):
    for _ in range(3):
        kill_the_zygote_of(own)
        assert own.run("return message('x')").kind is OutcomeKind.RETURNED


def test_many_threads_that_meet_a_dead_zygote_start_one_new_zygote(own, monkeypatch):
    code = own.sandbox.check(indented("return message('x')")).code
    started = []
    start = own.sandbox._pool._start

    def counting():
        started.append(1)
        return start()

    monkeypatch.setattr(own.sandbox._pool, "_start", counting)
    os.kill(descendants(zygote_of(own))[0], signal.SIGKILL)

    with ThreadPoolExecutor(16) as pool:
        kinds = list(pool.map(lambda _: own.sandbox.run(code, SCRIPT_INPUT, powers=Vendor()).kind, range(64)))
    assert set(kinds) <= {OutcomeKind.RETURNED, OutcomeKind.CRASHED}
    assert kinds.count(OutcomeKind.RETURNED) >= 48
    assert len(started) == 1


def test_a_zygote_that_cannot_come_back_is_an_error_of_ours_and_not_a_hang(own, monkeypatch):
    code = own.sandbox.check(indented("return message('x')")).code

    def refuse():
        raise JailTooWeak("not today")

    monkeypatch.setattr(own.sandbox._pool, "_start", refuse)
    kill_the_zygote_of(own)

    with pytest.raises(ZygoteGone, match="not today"):
        own.sandbox.run(code, SCRIPT_INPUT, powers=Vendor())
    monkeypatch.undo()
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED


def test_a_stopped_zygote_does_not_hold_a_run_past_its_time(alone):
    inner = []

    def stop():
        inner.append(descendants(zygote_of(alone))[0])
        os.kill(inner[0], signal.SIGSTOP)

    began = time.monotonic()
    outcome = alone.run("api.get('v', '/x')\nwhile True: pass", powers=Gate(stop), wall_s=0.3, cpu_s=0.2)
    assert outcome.kind in {OutcomeKind.TIMED_OUT, OutcomeKind.CRASHED}
    assert time.monotonic() - began < 8
    os.kill(inner[0], signal.SIGCONT)


def test_a_service_stop_reaches_the_zygote_and_lets_runs_end(own):
    def stop_politely():
        for pid in descendants(zygote_of(own))[:1]:
            os.kill(pid, signal.SIGTERM)
        os.kill(zygote_of(own), signal.SIGTERM)
        os.kill(zygote_of(own), signal.SIGINT)

    assert own.run(CALLING, powers=Gate(stop_politely)).kind is OutcomeKind.RETURNED


def test_closing_ends_a_run_in_flight_and_leaves_no_process(monkeypatch):
    monkeypatch.setattr(pool, "_CLOSE_S", 0.3)
    box = Box(Sandbox(launch=RAW).start())
    zygote = zygote_of(box)
    code = box.sandbox.check(indented("while True: pass")).code

    outcomes = []
    limits = RunLimits(cpu_s=60, wall_s=60)
    thread = threading.Thread(
        target=lambda: outcomes.append(box.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), limits=limits))
    )
    thread.start()
    assert soon(lambda: len(descendants(zygote)) >= 2)
    family = descendants(zygote)
    box.sandbox.close()
    thread.join(10)
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.CRASHED]
    assert soon(lambda: not any(alive(pid) for pid in [zygote, *family]))
    with pytest.raises(ZygoteGone, match="closed"):
        box.sandbox.run(code, SCRIPT_INPUT, powers=Vendor())


def test_a_closed_sandbox_can_be_opened_again():
    sandbox = Sandbox(launch=RAW)
    for _ in range(2):
        with sandbox:
            assert Box(sandbox).run("return message('x')").kind is OutcomeKind.RETURNED


def test_a_careless_fork_holds_neither_a_run_nor_a_zygote(alone):
    """A process that was forked from the broker has copies of all its sockets, and lives on."""
    zygote = zygote_of(alone)
    pids = []

    def fork_and_fail():
        pids.append(subprocess.Popen(["sleep", "30"], close_fds=False))
        raise RuntimeError("a bug of ours")

    with pytest.raises(RuntimeError):
        alone.run(CALLING, powers=Gate(fork_and_fail))
    channel = alone.sandbox._pool.child(RunLimits())
    assert not os.get_inheritable(channel._frames.fileno())
    copies = [os.dup(channel._status.fileno()), os.dup(alone.sandbox._pool._zygote.spares._control.fileno())]
    inner = descendants(zygote)[0]
    assert len(descendants(inner)) >= 1
    channel.close()
    alone.sandbox.close()
    assert soon(lambda: not alive(inner))
    for copy in copies:
        os.close(copy)
    pids[0].kill()
    pids[0].wait()


BROKER = f"""
import os, sys, time
sys.path[:0] = {[str(HERE), str(ROOT), *[p for p in sys.path if p.endswith("site-packages")]]!r}
from boxes import SCRIPT_INPUT, RAW, Box, Vendor, indented
from sandbox import RunLimits, Sandbox
box = Sandbox(launch=RAW).start()
code = box.check(indented("while True: pass")).code
copy = os.fork() if sys.argv[1] == "copied" else -1
if copy == 0:  # a careless process keeps a copy of every socket
    os.close(1)
    time.sleep(20)
    os._exit(0)
print(box._pool._zygote.process.pid, copy, flush=True)
box.run(code, SCRIPT_INPUT, powers=Vendor(), limits=RunLimits(cpu_s=60, wall_s=60))
"""


@pytest.mark.parametrize("sockets", ["closed", "copied"])
def test_a_killed_broker_leaves_no_process(sockets):
    with subprocess.Popen([sys.executable, "-c", BROKER, sockets], stdout=subprocess.PIPE, text=True) as broker:
        zygote, copy = map(int, broker.stdout.readline().split())
        assert soon(lambda: len(descendants(zygote)) >= 2)
        family = [zygote, *descendants(zygote)]
        broker.kill()
        broker.wait()
        assert soon(lambda: not any(alive(pid) for pid in family))
        if copy > 0:
            os.kill(copy, signal.SIGKILL)


def test_every_moment_is_a_good_moment_to_kill_the_zygote():

    with Sandbox(launch=RAW) as sandbox:
        code = sandbox.check(indented("api.log('1')\nreturn message('right')")).code
        stop = threading.Event()

        def killer():
            while not stop.wait(0.12):
                zygote = sandbox._pool._zygote
                for pid in descendants(zygote.process.pid)[:1] if zygote else ():
                    os.kill(pid, signal.SIGKILL)

        thread = threading.Thread(target=killer)
        thread.start()
        outcomes = [sandbox.run(code, SCRIPT_INPUT, powers=Vendor()) for _ in range(30)]
        stop.set()
        thread.join()
    assert {outcome.kind for outcome in outcomes} <= {OutcomeKind.RETURNED, OutcomeKind.CRASHED}
    assert all(o.value["text"] == "right" for o in outcomes if o.kind is OutcomeKind.RETURNED)
