"""Drives every attack through one sandbox, two at a time, each followed by a canary run in the same zygote."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox import Answer, Call, CallFault, CallNotMade, CheckResult, Outcome, RunLimits, Sandbox, ScriptInput
from tests.attacks.hostile_scripts.corpus import Attack

#: Tighter than the product's, so that hundreds of endless scripts end soon.
LIMITS = RunLimits(wall_s=3.0, cpu_s=0.3)
#: Of scripts that can end in no other way. The others need the time to get to the end of their memory, or to that of Python's stack.
ENDLESS_LIMITS = RunLimits(wall_s=3.0, cpu_s=0.1)
ENDLESS = ("timed out",)
SCRIPT_INPUT = ScriptInput(
    user={
        "id": "u1",
        "username": "ann",
        "user_type": "attendee",
        "first_name": "Ann",
        "last_name": "B",
        "badge_id": "77",
        "attributes": {"email": "a@x.org", "tags": ["a", "b"], "n": 3},
    },
    session={
        "id": "s1",
        "title": "Heart",
        "starts_at": "2026-01-01T10:00:00+01:00",
        "ends_at": "2026-01-01T11:00:00+01:00",
        "location": "Hall A",
        "parent_id": None,
        "credits": "1.0",
        "attributes": {"track": "x"},
    },
    settings={"limit": 3, "texts": {"a": "b"}},
    now="2026-01-01T10:30:00+00:00",
    return_url="https://example.org/r/x",
    scans=[{"at": "2026-01-01T09:00:00+00:00", "direction": "in"}],
)
CANARY = r"""
import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

SEEN = []

def status(user, session, api):
    SEEN.append(user.id)
    third = Decimal(1) / Decimal(3)
    at = api.now().astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M")
    text = re.sub(r"(\w+)-(\w+)", r"\2", json.dumps({"a": "b-c"}))
    answer = api.get("c", "/p").json()["list"][0]["n"]
    zones = len(available_timezones()) > 400
    return message(f"{SEEN} {third} {at} {text} {answer} {zones} {Counter('aab')['a']} {api.settings['limit']}")
"""
CANARY_SAYS = '[\'u1\'] 0.3333333333333333333333333333 19:30 {"a": "c"} a True 2 3'


class Vendors:
    """What a script can reach here: every way in which a call can end, by its path."""

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        if call.path.startswith("/timeout"):
            raise CallNotMade(CallFault.TIMEOUT, "it did not answer")
        if call.path.startswith("/html"):
            return Answer(200, {"content-type": "text/html"}, "<p>", 3)
        body = '{"list": [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]}'
        return Answer(200, {"content-type": "application/json"}, body, len(body))


@dataclass(frozen=True)
class Course:
    """What came of one attack. `check_s` and `run_s` are wall time in seconds."""

    attack: Attack
    checked: CheckResult
    check_s: float
    outcome: Outcome | None
    run_s: float
    canary: Outcome


def drive(box: Sandbox, attacks: Sequence[Attack], limits: RunLimits = LIMITS) -> list[Course]:
    """Check and run them all, two at a time."""
    canary = box.check(CANARY)
    assert canary.code is not None, canary.findings
    code = canary.code
    with ThreadPoolExecutor(2) as two:
        return list(two.map(lambda attack: _one(box, attack, code, limits), attacks))


def check_seconds(box: Sandbox, attack: Attack) -> float:
    """How long one check takes."""
    started = time.monotonic()
    box.check(attack.source)
    return time.monotonic() - started


def _one(box: Sandbox, attack: Attack, canary: bytes, limits: RunLimits) -> Course:
    started = time.monotonic()
    checked = box.check(attack.source)
    between = time.monotonic()
    outcome = None
    if checked.code is not None:
        own = ENDLESS_LIMITS if attack.ends == ENDLESS else limits
        outcome = box.run(checked.code, SCRIPT_INPUT, powers=Vendors(), limits=own)
    ended = time.monotonic()
    after = box.run(canary, SCRIPT_INPUT, powers=Vendors(), limits=limits)
    return Course(attack, checked, between - started, outcome, ended - between, after)
