"""Traces tell whether a vendor answered as before, by a keyed digest that tells nothing of the answer."""

from runner.powers import digest_key
from runner.powers.call_record import CallProgress
from sandbox import Answer, Call

CALL = Call("GET", "ethosce", "/credits")


def digest(text, *, status=200, key="k" * 40):
    progress = CallProgress(digest_key=digest_key(key))
    return progress.record(CALL, Answer(status, {}, text, len(text)), None).digest


def test_the_same_answer_has_the_same_digest_and_another_one_another():
    assert digest("[]") == digest("[]")
    assert len({digest("[]"), digest("[1]"), digest("[]", status=404), digest("[]", key="x" * 40)}) == 4
    assert len(digest("\ud800" * 100_000)) == 16


def test_a_call_without_an_answer_or_a_process_without_a_key_has_no_digest():
    assert CallProgress(digest_key=digest_key("k" * 40)).record(CALL, None, None).digest == ""
    assert CallProgress().record(CALL, Answer(200, {}, "[]", 2), None).digest == ""
