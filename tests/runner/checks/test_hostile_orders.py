"""Somebody who can write to the store orders checks, replays orders, and answers in the worker's place."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import SecretBox
from runner.checks.check_orders import (
    WAITING,
    CheckOrder,
    CheckReply,
    CheckSealer,
    ReplyUnreadable,
    order_key,
)
from runner.checks.script_checks import LOST, ChecksUnavailable
from runner.queues.job_arguments import OrderRefused
from runner.trials.fact_review import ImplementationFacts
from sandbox import CallLiteral, CheckResult, Finding, MessageLiteral, Severity
from tests.support.application import KEY
from tests.support.author_house import GOOD
from tests.support.eventually import eventually

FACTS = ImplementationFacts("demo", {}, frozenset(), ())
HARMLESS = CheckResult("0" * 64, (), code=b"harmful code")


def order(**changes):
    return replace(CheckOrder("a" * 32, "demo", GOOD, int(time.time())), **changes)


@pytest.fixture
def sealer(box):
    return CheckSealer(box)


FORGED = {
    "of another key": lambda made, _: CheckSealer(SecretBox(["f" * 40])).sealed_reply(made, CheckReply(HARMLESS)),
    "to another order": lambda made, own: own.sealed_reply(replace(made, id="b" * 32), CheckReply(HARMLESS)),
    "to another text": lambda made, own: own.sealed_reply(replace(made, source="#"), CheckReply(HARMLESS)),
    "of another implementation": lambda made, own: own.sealed_reply(
        replace(made, implementation="other"), CheckReply(HARMLESS)
    ),
    "the order itself": lambda made, own: own.sealed_order(made),
    "a secret of a connection": lambda _, own: own._box.seal('{"result": null}', place="1/ethosce"),
    "nothing": lambda *_: b"",
    "no text": lambda *_: b"\xff\x00",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_reply_that_is_not_ours_to_this_very_order_is_refused_and_its_code_never_stored(
    unserved, idle_store, sealer, forged
):
    def ask():
        with pytest.raises(ChecksUnavailable) as refused:
            unserved.review(GOOD, FACTS, by="demo/ann")
        return str(refused.value)

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        _, order_id = idle_store.blpop([WAITING], 5)
        made = sealer.order_of(order_id.decode(), idle_store.get(order_key(order_id.decode())))
        idle_store.rpush(made.reply_key, forged(made, sealer))
        assert asked.result() == LOST


HOSTILE_ORDERS = {
    "of another key": lambda own: (order().id, CheckSealer(SecretBox(["f" * 40])).sealed_order(order())),
    "of another id": lambda own: ("b" * 32, own.sealed_order(order())),
    "replayed after an hour": lambda own: (order().id, own.sealed_order(order(ordered_at=int(time.time()) - 3600))),
    "of tomorrow": lambda own: (order().id, own.sealed_order(order(ordered_at=int(time.time()) + 86400))),
    "at no time": lambda own: (order().id, own.sealed_order(order(ordered_at="now"))),
    "a reply": lambda own: (order().id, own.sealed_reply(order(), CheckReply(HARMLESS))),
    "no order": lambda own: (order().id, b"\xff"),
}


@pytest.mark.parametrize("hostile", HOSTILE_ORDERS.values(), ids=HOSTILE_ORDERS)
def test_an_order_that_is_not_ours_is_not_checked(sealer, hostile):
    with pytest.raises(OrderRefused):
        sealer.order_of(*hostile(sealer))


def test_a_worker_goes_on_after_orders_that_nobody_sane_wrote(redis, checks, sealer, checking_worker, caplog):
    for hostile in HOSTILE_ORDERS.values():
        order_id, sealed = hostile(sealer)
        redis.set(order_key(order_id), sealed)
        redis.rpush(WAITING, order_id)
    redis.hset(order_key("c" * 32), "a", "hash")
    redis.rpush(WAITING, "c" * 32, b"\xff\xfe", "gone")
    eventually(lambda: redis.llen(WAITING) == 0 and not checking_worker._in_flight)
    assert checks.review(GOOD, FACTS, by="demo/ann").ok
    assert not redis.keys("ck:reply:*")
    assert "def status" not in caplog.text


def test_a_queue_key_of_another_type_does_not_end_the_worker(redis, checks, checking_worker):
    redis.set(WAITING, "text")
    time.sleep(0.2)
    redis.delete(WAITING)
    checking_worker.note_presence()
    assert checks.review(GOOD, FACTS, by="demo/ann").ok


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
LINES = st.integers(1, 10**6)
FINDINGS = st.builds(Finding, TEXTS, LINES, LINES, TEXTS, TEXTS, TEXTS, st.sampled_from(Severity))
RESULTS = st.builds(
    CheckResult,
    TEXTS,
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(st.builds(MessageLiteral, LINES, LINES, *[st.none() | TEXTS] * 3), max_size=2).map(tuple),
    st.integers(1, 3),
    st.none() | st.binary(max_size=40),
    st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(st.tuples(LINES, LINES), max_size=2).map(tuple),
    st.lists(st.builds(CallLiteral, LINES, LINES, TEXTS, TEXTS, st.none() | TEXTS), max_size=2).map(tuple),
)


@given(result=RESULTS, runtime=TEXTS)
def test_a_result_crosses_the_store_unchanged_and_is_kept_without_its_code(result, runtime):
    sealer, made = CheckSealer(SecretBox([KEY])), order()
    reply = CheckReply(result, runtime)
    assert sealer.reply_of(made, sealer.sealed_reply(made, reply)) == reply
    kept = sealer.kept_of("demo", "name", sealer.sealed_kept("demo", "name", reply))
    assert kept == CheckReply(replace(result, code=None), runtime)


@pytest.mark.parametrize(
    "text", ['{"runtime_key": "x"}', '{"runtime_key": "x", "result": {"findings": 1}}', "[]", "3", '"x"', "{"]
)
def test_a_kept_check_of_another_release_is_unreadable_and_no_error(box, sealer, text):
    with pytest.raises(ReplyUnreadable):
        sealer.kept_of("demo", "name", box.seal(text, place="kept check demo name"))
