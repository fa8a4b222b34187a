"""Checks that a web server orders: what an author gets, what they are told without a worker, and that nobody crowds out the others."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from records import SecretBox
from runner.checks import kept_checks, script_checks
from runner.checks.check_orders import WAITING, CheckReply, CheckSealer
from runner.checks.script_checks import BUSY, LOST, NO_WORKER, OWN_TURN, STORE_AWAY, ChecksUnavailable, ScriptChecks
from runner.store.clients import connect_once
from runner.trials.fact_review import ImplementationFacts
from sandbox import RUNTIME_KEY
from tests.support.application import KEY
from tests.support.author_house import BROKEN, GOOD
from tests.support.eventually import eventually

FACTS = ImplementationFacts("demo", {}, frozenset(), ())
OTHERS = ImplementationFacts("other", {}, frozenset(), ())
ANN, BEN = "demo/ann", "demo/ben"


def refusal(checks, source=GOOD, by=ANN):
    with pytest.raises(ChecksUnavailable) as refused:
        checks.review(source, FACTS, by=by)
    return str(refused.value), refused.value.busy


@pytest.mark.usefixtures("checking_worker")
def test_a_worker_checks_the_text_and_nothing_of_it_stays_in_the_store(checks, redis):
    good, broken = checks.review(GOOD, FACTS, by=ANN), checks.review(BROKEN, FACTS, by=ANN)
    assert (good.ok, good.findings, good.runtime_key) == (True, (), RUNTIME_KEY)
    assert good.checked.code
    assert broken.findings[0].line == 1
    assert broken.checked.code is None
    assert redis.keys("ck:*") == []


@pytest.mark.usefixtures("checking_worker")
@pytest.mark.parametrize("text", ["", "\ud800", "x = '\u202e'", "def status(", "# " + "ä" * 100_000], ids=range(5))
def test_any_text_gets_findings(checks, text):
    assert checks.review(text, FACTS, by=ANN).findings


def test_without_a_worker_the_author_is_told_at_once(checks, redis):
    assert refusal(checks) == (NO_WORKER, False)
    assert redis.keys("ck:*") == []


def test_a_lost_store_is_named(box):
    away = ScriptChecks(connect_once("redis://127.0.0.1:1"), box)
    assert refusal(away) == (STORE_AWAY, True)


def test_an_order_that_no_worker_begins_in_time_is_taken_back(unserved, idle_store, monkeypatch):
    monkeypatch.setattr(script_checks, "BEGIN_S", 0.2)
    assert refusal(unserved) == (BUSY, True)
    assert idle_store.keys("ck:*") == []


def test_a_worker_that_dies_with_the_order_is_not_waited_for_long_and_all_that_is_left_expires(
    unserved, idle_store, monkeypatch
):
    monkeypatch.setattr(script_checks, "BEGIN_S", 2.0)
    monkeypatch.setattr(script_checks, "REPLY_S", 0.2)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(refusal, unserved)
        assert idle_store.blpop([WAITING], 5)  # the worker takes it, and dies
        assert asked.result() == (LOST, True)
    assert all(0 < idle_store.ttl(key) <= 15 for key in idle_store.keys("ck:*"))


def test_a_crowd_waits_in_a_few_threads_and_one_author_in_fewer(unserved, idle_store, monkeypatch):
    monkeypatch.setattr(script_checks, "BEGIN_S", 2.0)
    with ThreadPoolExecutor(script_checks.MOST_WAITING) as pool:
        mine = [pool.submit(refusal, unserved) for _ in range(script_checks.MOST_OF_ONE)]
        eventually(lambda: unserved._waiting[ANN] == script_checks.MOST_OF_ONE)
        started = time.monotonic()
        assert refusal(unserved) == (OWN_TURN, True)
        people = [f"demo/{number}" for number in range(script_checks.MOST_WAITING - len(mine))]
        others = [pool.submit(refusal, unserved, GOOD, person) for person in people]
        eventually(lambda: idle_store.llen(WAITING) == 1 + len(others))  # the second one of Ann waits for the first
        assert refusal(unserved, by=BEN) == (BUSY, True)
        assert time.monotonic() - started < 2.0
        assert {each.result() for each in others} == {(BUSY, True)}
    assert unserved._waiting == {}


def test_one_check_of_an_author_at_a_time_is_ordered_in_all_web_servers_together(
    unserved, idle_store, box, monkeypatch
):
    monkeypatch.setattr(script_checks, "BEGIN_S", 0.5)
    with idle_store.lock(f"ck:turn:{ANN}", timeout=5):  # held by another web server
        assert refusal(ScriptChecks(idle_store, box)) == (OWN_TURN, True)
    assert idle_store.llen(WAITING) == 0


def test_a_hostile_text_holds_one_of_two_places_and_another_author_is_served_meanwhile(checks, checking_worker):
    slow = threading.Event()
    check = checking_worker._sandbox.check

    def held(source):
        if source == BROKEN:
            slow.wait(10)
        return check(source)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(checking_worker._sandbox, "check", held)
        hostile = [pool.submit(checks.review, BROKEN, FACTS, by=ANN) for _ in range(2)]
        eventually(lambda: checking_worker._in_flight)
        assert checks.review(GOOD, FACTS, by=BEN).ok
        assert not any(each.done() for each in hostile)
        slow.set()
        assert not any(each.result().ok for each in hostile)


def state_of(pid):
    """The state of a process, as one letter; "" once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def below(pid):
    """All descendants of a process."""
    children = [int(each) for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]
    return children + [each for child in children for each in below(child)]


def test_a_worker_whose_zygote_was_killed_checks_with_the_next_one(checks, checking_worker):
    zygote = checking_worker._sandbox.zygote_pid
    spares = below(zygote)
    os.kill(zygote, signal.SIGKILL)
    assert eventually(
        lambda: all(state_of(pid) in ("Z", "") for pid in [zygote, *spares])
    )  # they die with it, a little later
    assert checks.review(GOOD, FACTS, by=ANN).ok


# Looks at texts that never change.


@pytest.fixture
def checked(checks, monkeypatch):
    """The texts that were sent to a worker."""
    found = []
    order = checks._checked

    def noted(source, *more):
        found.append(source)
        return order(source, *more)

    monkeypatch.setattr(checks, "_checked", noted)
    return found


@pytest.mark.usefixtures("checking_worker")
def test_a_second_look_at_a_text_costs_no_check_and_shows_what_the_implementation_lacks_today(checks, checked):
    source = GOOD.replace('"Claim "', 'api.settings["greeting"]')
    first = checks.look(source, FACTS, by=ANN)
    assert [one.rule for one in first.findings] == ["missing-setting"]
    assert checks.look(source, FACTS, by=BEN) == ScriptReviewWithoutCode(first)
    has_it = ImplementationFacts("demo", {}, frozenset({"greeting"}), ())
    assert checks.look(source, has_it, by=ANN).findings == ()
    assert checked == [source]


class ScriptReviewWithoutCode:
    """Equal to a review with the same findings and no code."""

    def __init__(self, review):
        self.review = review

    def __eq__(self, other):
        mine, its = self.review.checked, other.checked
        same = (mine.sha256, mine.literals, mine.calls, mine.settings, mine.setting_places, mine.api_level)
        return (
            other.findings == self.review.findings
            and same == (its.sha256, its.literals, its.calls, its.settings, its.setting_places, its.api_level)
            and its.code is None
        )

    __hash__ = None


@pytest.mark.usefixtures("checking_worker")
def test_a_look_of_another_implementation_is_a_check_of_its_own(checks, checked):
    for facts in (FACTS, OTHERS, FACTS, OTHERS):
        checks.look(GOOD, facts, by=ANN)
    assert checked == [GOOD, GOOD]


@pytest.mark.usefixtures("checking_worker")
def test_few_checks_are_kept_the_newest_and_a_refused_text_only_for_a_minute(checks, checked, redis, monkeypatch):
    monkeypatch.setattr(kept_checks, "MOST", 2)
    texts = [GOOD + f"# {number}\n" for number in range(2)]
    for text in (*texts, BROKEN, *texts[:1]):
        checks.look(text, FACTS, by=ANN)
    assert checked == [*texts, BROKEN, texts[0]]
    lives = sorted(redis.ttl(key) for key in redis.keys("ck:kept:demo:*"))
    assert len(lives) == 2
    assert 0 < lives[0] <= kept_checks.KEPT_REFUSED_S < lives[1] <= kept_checks.KEPT_S


@pytest.mark.usefixtures("checking_worker")
def test_a_kept_check_that_somebody_else_wrote_is_not_used(checks, checked, redis):
    checks.look(BROKEN, FACTS, by=ANN)
    (key,) = redis.keys("ck:kept:demo:*")
    forged = CheckSealer(SecretBox(["f" * 40])).sealed_kept("demo", key.decode().rpartition(":")[2], CheckReply(None))
    for wrong in (forged, b"", b"\xff"):
        redis.set(key, wrong)
        assert checks.look(BROKEN, FACTS, by=ANN).findings
    assert checked == [BROKEN] * 4


@pytest.mark.usefixtures("checking_worker")
def test_what_a_worker_of_another_release_found_is_not_kept(checks, checked, monkeypatch):
    monkeypatch.setattr(script_checks, "RUNTIME_KEY", "the next release")
    assert checks.look(GOOD, FACTS, by=ANN).runtime_key == RUNTIME_KEY
    checks.look(GOOD, FACTS, by=ANN)
    assert checked == [GOOD, GOOD]


def test_the_text_and_its_findings_are_unreadable_in_the_store(checks, redis, checking_worker):
    held, release = threading.Event(), threading.Event()
    check = checking_worker._sandbox.check

    def slow(source):
        held.set()
        release.wait(10)
        return check(source)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setattr(checking_worker._sandbox, "check", slow)
        sealed = []
        write = CheckSealer.sealed_order
        patch.setattr(CheckSealer, "sealed_order", lambda *of: sealed.append(write(*of)) or sealed[-1])
        asked = pool.submit(checks.look, GOOD, FACTS, by=ANN)
        assert held.wait(5)
        release.set()
        asked.result()
    kept = [redis.get(key) for key in redis.keys("ck:kept:demo:*")]
    assert len(sealed) == len(kept) == 1
    assert not any(b"status" in each or KEY.encode() in each for each in (*sealed, *kept))
