"""As if the language had fallen: what jail and broker hold alone against forged frames and system calls."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import OutcomeKind, RunLimits, Sandbox, broker, check_protocol
from sandbox.zygote.process import Launch
from tests.attacks.hostile_scripts.driving import SCRIPT_INPUT, Vendors
from tests.attacks.hostile_scripts.fallen import FORGED, REVIEWS, TRICKS

LIMITS = RunLimits(wall_s=1.0, cpu_s=0.3)

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="the system calls have x86_64 numbers")


class Counting(Vendors):
    """Vendors that record their calls."""

    def __init__(self):
        self.calls = []

    def call(self, call, *, deadline, read_bytes_left):
        self.calls.append(call)
        return super().call(call, deadline=deadline, read_bytes_left=read_bytes_left)


@pytest.fixture(scope="module")
def fallen():
    here = str(Path(__file__).resolve().parent)
    with Sandbox(launch=Launch(entry="fallen_language", path=(here,))) as sandbox:
        yield sandbox
        after = sandbox.run(b"said = 'as ever'", SCRIPT_INPUT, powers=Counting(), limits=LIMITS)
        assert after.value == {"text": "as ever", "link": None, "color": None}


def run(box, code):
    vendors = Counting()
    outcome = box.run(code.encode(), SCRIPT_INPUT, powers=vendors, limits=LIMITS)
    assert outcome.usage.wall_ms < (LIMITS.wall_s + 1) * 1000
    return outcome, vendors.calls


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_frame_ends_the_run_and_nothing_is_called(fallen, name):
    outcome, calls = run(fallen, f"{FORGED[name]}\nframe(answer('too late'))\nos._exit(0)")
    assert (outcome.kind, outcome.error.type, outcome.alarm) == (OutcomeKind.CRASHED, "ForgedFrame", True)
    assert (outcome.value, outcome.log, calls) == (None, (), [])


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_ends_as_it_must(fallen, name):
    code, kinds, alarm = TRICKS[name]
    outcome, calls = run(fallen, code)
    assert outcome.kind in kinds, outcome
    assert outcome.alarm is alarm
    assert len(calls) <= LIMITS.calls
    if "said = " in code:
        said = outcome.value["text"]
        assert "Operation not permitted" in said or "Cannot allocate memory" in said
        assert not any(character.isdigit() for character in said), said  # no call has given a result


@pytest.mark.parametrize("name", [name for name in REVIEWS if name != "code never comes"])
def test_what_a_fallen_compiler_says_is_not_believed(fallen, name):
    checked = fallen.check(f"# compiler\n{REVIEWS[name]}")
    assert checked.code is None
    assert [finding.rule.partition("-")[0] for finding in checked.findings] == ["check"]
    assert (checked.literals, checked.api_level) == ((), 1)


@pytest.mark.slow
def test_a_fallen_compiler_which_never_ends_is_ended(fallen, monkeypatch):
    for module in (broker, check_protocol):
        monkeypatch.setattr(module, "CHECK_LIMITS", replace(check_protocol.CHECK_LIMITS, cpu_s=0.2))
    checked = fallen.check(f"# compiler\n{REVIEWS['code never comes']}")
    assert [finding.rule for finding in checked.findings] == ["check-timed-out"]
