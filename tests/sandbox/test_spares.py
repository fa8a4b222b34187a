"""Spare children: locked in and handed over before a run needs them, each for one run, with the limits of that run."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sandbox import Answer, OutcomeKind, RunLimits, Sandbox
from sandbox.zygote.pool import Renewal
from sandbox.zygote.spare_stock import ZygoteSilent
from tests.sandbox.boxes import RAW, SCRIPT_INPUT, Box, Vendor, alive, descendants, indented, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def often_killed():
    with Sandbox(launch=replace(RAW, spares=4)) as sandbox:
        yield Box(sandbox)


@pytest.fixture
def own(often_killed):
    """A box whose zygote hands out children, whatever the test before did to it."""
    assert often_killed.run("return message('x')").kind is OutcomeKind.RETURNED
    assert often_killed.sandbox.wait_for_ends(10)
    return often_killed


def zygote_and_children(box):
    zygote, *children = descendants(box.sandbox.zygote_pid)
    return zygote, children


def with_all_spares(box):
    assert soon(lambda: len(zygote_and_children(box)[1]) >= 4)
    return zygote_and_children(box)


def test_a_run_with_a_spare_needs_nothing_of_the_zygote(own):
    zygote, _ = with_all_spares(own)
    code = own.sandbox.check(indented("return message('x')")).code  # takes one of four
    os.kill(zygote, signal.SIGSTOP)
    ended = []
    try:
        kinds = [own.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), on_end=ended.append).kind for _ in range(3)]
        assert (kinds, ended) == ([OutcomeKind.RETURNED] * 3, [])
    finally:
        os.kill(zygote, signal.SIGCONT)
    assert own.sandbox.wait_for_ends(10)
    assert [outcome.kind for outcome in ended] == [OutcomeKind.RETURNED] * 3


def test_spares_that_died_while_they_waited_are_passed_over(own):
    zygote, spares = with_all_spares(own)
    for pid in spares:
        os.kill(pid, signal.SIGKILL)
    assert soon(lambda: not any(alive(pid) for pid in spares))
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED
    assert zygote_and_children(own)[0] == zygote


def test_spares_that_all_die_before_a_run_has_them_are_an_end_and_not_a_hang(own, monkeypatch):
    with_all_spares(own)
    looked_at = []

    def has_died(channel):
        looked_at.append(channel)
        return False

    monkeypatch.setattr("sandbox.channel.Channel.is_unused", has_died)
    spares = own.sandbox._pool._zygote.spares
    with pytest.raises(ZygoteSilent, match="die before"):
        spares.take()
    assert len(looked_at) == 3 * 4
    monkeypatch.undo()
    assert own.run("return message('x')").kind is OutcomeKind.RETURNED


def test_every_run_has_exactly_its_own_limits_whatever_the_run_before_it_had(own):
    block = "x = bytearray(48 * 1024 * 1024)\nreturn message('fits')"
    loop = "import time\nwhile time.process_time() < 0.2: pass\nreturn message('fits')"
    for _ in range(2):
        assert own.run(block, memory_bytes=32 * MIB).kind is OutcomeKind.OUT_OF_MEMORY
        assert own.run(block, memory_bytes=96 * MIB).value["text"] == "fits"
        assert own.run(loop, cpu_s=0.05).kind is OutcomeKind.TIMED_OUT
        assert own.run(loop, cpu_s=5.0).value["text"] == "fits"


def test_a_child_ends_at_its_wall_time_although_broker_and_zygote_hang(own):
    class Hanging(Vendor):
        def call(self, call, *, deadline, read_bytes_left):
            zygote, children = zygote_and_children(own)
            os.kill(zygote, signal.SIGSTOP)
            assert soon(lambda: not all(alive(pid) for pid in children))
            os.kill(zygote, signal.SIGCONT)
            return Answer(200, {}, "late", 4)

    outcome = own.run("api.get('v', '/x')\nwhile True: pass", powers=Hanging(), wall_s=0.2, cpu_s=60)
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.TIMED_OUT, False)


WRITE = """
import builtins, gc, json, os, sys
secret = 'secret of ' + user.id
sys.secret = builtins.secret = json.secret = secret
json.dumps = str = None
for module in list(sys.modules.values()):
    try: module.secret = secret
    except Exception: pass
for one in gc.get_objects():
    if type(one) is dict: one['secret'] = secret
    elif type(one) is list: one.append(secret)
return message('written')
"""
LOOK = """
import builtins, gc, json, os, sys
mark = 'secret' + ' of '
found = [type(one).__name__ for one in gc.get_objects() for part in (
    one.values() if type(one) is dict else one if type(one) in (list, tuple, set) else ())
    if type(part) is str and mark in part and part != mark]
found += [name for name, module in list(sys.modules.items()) if hasattr(module, 'secret')]
return message(repr([hasattr(builtins, 'secret'), json.dumps is None, os.environ.get('secret'), found]))
"""


def test_a_spare_holds_nothing_of_another_run_whatever_that_run_has_written(own):
    """The spares that wait while a run writes, and those that are forked after it."""
    with_all_spares(own)
    for number in range(2):
        user = {**SCRIPT_INPUT.user, "id": f"ann{number}"}
        assert own.run(WRITE, script_input=replace(SCRIPT_INPUT, user=user)).kind is not OutcomeKind.TIMED_OUT
    for _ in range(8):
        assert own.run(LOOK, memory_bytes=256 * MIB).value["text"] == "[False, False, None, []]"


def test_no_two_runs_share_a_process(own):
    """What a process has counted is where the next run in it would begin."""
    body = "import sys\nsys.runs = getattr(sys, 'runs', 0) + 1\nreturn message(str(sys.runs))"
    code = own.sandbox.check(indented(body)).code
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: own.sandbox.run(code, SCRIPT_INPUT, powers=Vendor()).value["text"], range(40)))
    assert texts == ["1"] * 40


def test_more_runs_at_once_than_there_are_spares_all_get_a_child():
    with Sandbox(launch=replace(RAW, spares=1)) as sandbox:
        code = sandbox.check(indented("api.get('v', '/x')\nreturn message('x')")).code

        class Slow(Vendor):
            def call(self, call, *, deadline, read_bytes_left):
                time.sleep(0.2)
                return super().call(call, deadline=deadline, read_bytes_left=read_bytes_left)

        with ThreadPoolExecutor(12) as pool:
            kinds = list(pool.map(lambda _: sandbox.run(code, SCRIPT_INPUT, powers=Slow()).kind, range(12)))
    assert kinds == [OutcomeKind.RETURNED] * 12


def test_the_spares_of_a_closed_sandbox_end():
    box = Box(Sandbox(launch=replace(RAW, spares=4)).start())
    zygote, spares = with_all_spares(box)
    box.sandbox.close()
    assert soon(lambda: not any(alive(pid) for pid in [zygote, *spares]))


def test_a_renewal_waits_for_a_quiet_moment():
    with Sandbox(launch=RAW, renewal=Renewal(after_s=0.0, quiet_s=0.3)) as sandbox:
        first = sandbox.zygote_pid
        code = sandbox.check(indented("return message('x')")).code
        busy_until = time.monotonic() + 1.5
        while time.monotonic() < busy_until:
            sandbox.run(code, SCRIPT_INPUT, powers=Vendor())
            assert sandbox.zygote_pid == first
        assert soon(lambda: sandbox.zygote_pid != first, patience_s=20)


def test_a_crowd_without_a_quiet_moment_does_not_put_off_the_renewal_for_ever():
    with Sandbox(launch=RAW, renewal=Renewal(after_s=0.0, quiet_s=0.2, patience_s=0.5)) as sandbox:
        first = sandbox.zygote_pid
        code = sandbox.check(indented("return message('x')")).code

        def renewed():
            sandbox.run(code, SCRIPT_INPUT, powers=Vendor())
            return sandbox.zygote_pid != first

        assert soon(renewed, patience_s=30)


def test_the_successor_of_a_zygote_has_its_spares_ready_before_the_first_run_comes(monkeypatch):
    ready = []
    with Sandbox(launch=replace(RAW, spares=3), renewal=Renewal(after_s=0.0, quiet_s=0.0)) as sandbox:
        start = sandbox._pool._start_successor

        def noting():
            zygote = start()
            ready.append(zygote.spares._ready.qsize())
            return zygote

        monkeypatch.setattr(sandbox._pool, "_start_successor", noting)
        assert Box(sandbox).run("return message('x')").kind is OutcomeKind.RETURNED
        assert soon(lambda: ready, patience_s=20)
    assert ready[0] == 3


def test_a_renewal_comes_by_time_and_not_by_a_small_number_of_runs():
    renewal = Renewal()
    assert renewal.after_s == 900
    assert renewal.after_runs >= 100 * renewal.after_s


def test_the_limits_that_a_spare_reads_are_the_brokers_and_come_first(own):
    """A frame that a script could influence is never taken for limits: the child reads these before it, and only once."""
    channel = own.sandbox._pool.child(RunLimits(memory_bytes=1, cpu_s=0.5, wall_s=1.0))
    try:
        assert len(channel._opening) == 24
        channel.send(b"{}", time.monotonic() + 5)
        assert channel._opening == b""
    finally:
        channel.close()
