"""A request that waits for a first answer: it claims once, and is never given the answer of somebody else, or of before a return."""

import asyncio
import threading
import time

import pytest

from runner.logins import LoginEnded, LoginStore
from runner.status.asking.thread_access import completed
from runner.status.cache import DONE, ClaimResult
from runner.status.change_events import answer_told
from runner.status.service import StatusRequest
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")
LOGGED_IN = StatusRequest("acme", "ann", "s1", "login-1", int(time.time()) + 3600)
BODY = b'{"message":{"text":"x","color":null,"action":null},"as_of":null,"run":null}'


@pytest.fixture
def claims(house, monkeypatch):
    """The claims that are made."""
    made, claim = [], house.service._cache.claim

    def counted(*given, **named):
        made.append(given)
        return claim(*given, **named)

    monkeypatch.setattr(house.service._cache, "claim", counted)
    return made


@pytest.fixture
def waiting(house):
    """Start a request that waits; afterwards, what it was answered."""
    threads, found = [], []
    house.service._asking._longest_wait_s = 10.0  # the machine may be busy

    listener, heard = house.service._change_listener, []
    listener._on_changed = heard.append
    listener.ensure_started()
    assert eventually(lambda: len(heard) == 3)  # its subscriptions, each of which makes those who wait look again

    def ask(request=ANN, wait_s=10.0):
        def one():
            try:
                found.append(house.service.ask(request, wait_s=wait_s))
            except LoginEnded as error:
                found.append(error)

        threads.append(threading.Thread(target=one))
        threads[-1].start()
        assert eventually(lambda: house.redis.llen("st:orders:{acme}"))

    def answers():
        for thread in threads:
            thread.join()
        return found

    return ask, answers


def test_a_waiting_request_costs_one_claim(house, work_off, claims, waiting):
    ask, answers = waiting
    house.add()
    ask()
    work_off()
    (status,) = answers()
    assert (status.state, status.message.text, status.stale) == ("ready", "Claim 1.0 CE credit", False)
    assert 50 <= status.refresh_after <= 70
    assert len(claims) == 1


def test_a_waiting_request_that_hears_nothing_claims_again_at_the_end(house, work_off, claims, waiting, monkeypatch):
    ask, answers = waiting
    house.add()
    monkeypatch.setattr(house.service._change_listener, "_wake", lambda *_: None)
    ask(wait_s=2)
    work_off()
    (status,) = answers()
    assert status.message.text == "Claim 1.0 CE credit"
    assert len(claims) == 2


@pytest.mark.parametrize("what", ["outdated", "taken back"])
def test_a_request_whose_run_no_longer_counts_waits_for_the_next_one(house, work_off, waiting, what):
    """A badge that is scanned at the door while its user looks moves the generation, and no run under way counts."""
    ask, answers = waiting
    house.add()
    ask()
    if what == "outdated":
        house.service.outdate("acme", [("ann", "s1")])
    else:
        house.service._cache.take_back(house.service._resolve(ANN).key)
    assert eventually(lambda: house.redis.llen("st:orders:{acme}") == 2)
    work_off()
    (status,) = answers()
    assert status.message.text == "Claim 1.0 CE credit"


def test_a_message_that_is_no_answer_only_makes_the_request_look(house, claims, waiting):
    ask, answers = waiting
    house.add()
    ask(wait_s=1.5)
    (key,) = house.redis.keys("st:{acme:*")
    house.redis.publish(DONE, key + b"\n0\nevil\n1\n" + BODY)
    (status,) = answers()
    assert (status.state, status.message) == ("checking", None)
    assert len(claims) >= 2


def test_the_answer_of_another_user_is_not_given(house, waiting, work_off):
    ask, answers = waiting
    house.add(source="def status(user, session, api):\n    return message('Hello ' + user.id)\n")
    ask()
    ask(StatusRequest("acme", "bob", "s1"))
    work_off()
    assert sorted(status.message.text for status in answers()) == ["Hello ann", "Hello bob"]


GOOD = b"7\nready\n60000\n" + BODY


def test_an_answer_of_the_same_or_a_later_generation_counts():
    for generation in (0, 6, 7):
        found = answer_told(GOOD, ClaimResult("pending", generation=generation))
        assert (found.what, found.body, found.state, found.left_ms) == ("hit", BODY, "ready", 60_000)


@pytest.mark.parametrize(
    "told",
    [
        None,
        b"",
        b"x",
        GOOD.replace(b"7\n", b"-7\n"),
        GOOD.replace(b"7\n", b"9" * 5000 + b"\n"),
        GOOD[:-80],
        b"0\nready\n1",
        b"0\nready\n1\n[]",
        b"\xff\n" * 9,
        b"0\nevil\n1\n" + BODY,
        b"\n\n\n\n",
    ],
)
def test_what_is_not_exactly_an_answer_is_none(told):
    assert answer_told(told, ClaimResult("pending")) is None


def test_the_answer_of_a_run_from_before_the_return_is_not_given_after_it(house):
    house.add()
    house.service.returned(ANN)
    claimed = house.claim(ANN)
    assert (claimed.what, claimed.generation) == ("checking", 1)
    assert answer_told(GOOD.replace(b"7\n", b"0\n"), claimed) is None


def test_a_login_that_ends_during_the_wait_gets_this_answer_and_no_other(house, work_off, waiting):
    """The check was made in the claim of this request, at most as long ago as a request may wait."""
    ask, answers = waiting
    house.add()
    ask(LOGGED_IN)
    LoginStore(house.redis).ended_logins.end(LOGGED_IN.login)
    work_off()
    (status,) = answers()
    assert status.message.text == "Claim 1.0 CE credit"
    with pytest.raises(LoginEnded):
        house.service.ask(LOGGED_IN)


def test_a_login_that_ends_during_a_wait_for_nothing_is_refused_at_the_end(house, waiting):
    ask, answers = waiting
    house.add()
    ask(LOGGED_IN, wait_s=0.5)
    LoginStore(house.redis).ended_logins.end(LOGGED_IN.login)
    assert isinstance(answers()[0], LoginEnded)


def test_a_return_that_waits_is_answered_by_its_run(house, work_off, waiting):
    _, answers = waiting
    house.add()
    house.service.ask(ANN)
    work_off()
    found = []
    asking = threading.Thread(target=lambda: found.append(house.service.returned(ANN, wait_s=10.0)))
    asking.start()
    assert eventually(lambda: house.redis.llen("st:orders:{acme}:back"))
    work_off()
    asking.join()
    assert (found[0].state, found[0].message.text) == (
        "checking",
        "Claim 1.0 CE credit",
    )  # the vendor lags: it is the old one
    assert found[0].refresh_after == 2
    assert answers() == []


def test_a_coroutine_that_would_pause_in_a_thread_is_a_mistake_that_is_noticed():
    async def pauses():
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="paused in a thread"):
        completed(pauses())
