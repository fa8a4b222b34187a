"""A zygote that is slow, as on a machine under heavy load: it is not taken for dead, and no run ends because of it."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import pytest

from sandbox import Answer, OutcomeKind, RunLimits, Sandbox
from sandbox.zygote import spare_stock
from tests.sandbox.boxes import RAW, Box, Vendor, alive, descendants, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

CALLING = "return message(api.get('v', '/x').text)"


@pytest.fixture
def own():
    with Sandbox(launch=replace(RAW, spares=2)) as sandbox:
        yield Box(sandbox)


def zygote_and_children(box):
    zygote, *children = descendants(box.sandbox.zygote_pid)
    return zygote, children


def use_up_its_spares(box):
    first = box.sandbox.zygote_pid
    while box.sandbox.zygote_pid == first:
        box.sandbox._pool.child(RunLimits()).close()


class During(Vendor):
    """A vendor in whose call the test may do things."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def call(self, call, *, deadline, read_bytes_left):
        self.act()
        return Answer(200, {}, "late", 4)


def test_runs_go_on_although_their_zygote_hands_out_no_children_and_is_replaced(own, monkeypatch, caplog):
    monkeypatch.setattr(spare_stock, "_HAND_OVER_S", 0.5)
    old, _ = zygote_and_children(own)

    def replace_it():
        os.kill(old, signal.SIGSTOP)
        use_up_its_spares(own)
        os.kill(old, signal.SIGCONT)

    outcome = own.run(CALLING, powers=During(replace_it), wall_s=60)
    assert (outcome.kind, outcome.value and outcome.value["text"]) == (OutcomeKind.RETURNED, "late")
    assert soon(lambda: not alive(old)), "it ends with the last of its runs"
    assert "died" not in caplog.text
    assert "its runs go on" in caplog.text


def test_a_zygote_that_hands_out_no_children_ends_with_the_sandbox(own, monkeypatch):
    monkeypatch.setattr(spare_stock, "_HAND_OVER_S", 0.5)
    old, _ = zygote_and_children(own)
    os.kill(old, signal.SIGSTOP)
    use_up_its_spares(own)
    own.sandbox.close()
    assert soon(lambda: not alive(old))


def test_a_dead_spare_of_which_its_zygote_does_not_know_yet_is_passed_over(own):
    """Killing the zygote for that would end all of its runs."""
    spares = own.sandbox._pool._zygote.spares
    assert soon(lambda: spares._ready.qsize() == 2)
    zygote, children = zygote_and_children(own)
    os.kill(zygote, signal.SIGSTOP)
    os.kill(children[0], signal.SIGKILL)
    assert soon(lambda: not alive(children[0]))
    own.sandbox._pool.child(RunLimits()).close()
    os.kill(zygote, signal.SIGCONT)
    assert zygote_and_children(own)[0] == zygote
