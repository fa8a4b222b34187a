"""The status service and ended logins: a login that has ended gets no answer, and costs no run."""

import threading
import time

import pytest

from runner.logins import LoginEnded, LoginStore
from runner.status.service import StatusRequest
from tests.support.people import visitor

#: Later than the implementation, which each test makes.
ANN = visitor("acme", "ann", since=int(time.time()) + 3600)
ASKER = StatusRequest("acme", "ann", "s1", ANN.login, ANN.since)
NEXT = StatusRequest("acme", "ann", "s1", visitor().login, ANN.since)


@pytest.fixture
def end(house):
    """End ann's login."""
    store = LoginStore(house.redis)
    return lambda: store.ended_logins.end(ANN.login)


def test_a_login_from_before_the_implementation_is_of_a_removed_one_with_the_same_slug(house):
    house.add()
    early = visitor("acme", "ann", since=int(time.time()) - 60)
    for act in (house.service.ask, house.service.returned):
        with pytest.raises(LoginEnded):
            act(StatusRequest("acme", "ann", "s1", early.login, early.since))
    assert house.redis.llen("rq:queue:status") == 0


def test_two_logins_of_a_user_are_the_same_asker():
    assert ASKER == NEXT == StatusRequest("acme", "ann", "s1")
    assert hash(ASKER) == hash(NEXT)


def test_a_cached_status_is_not_shown_to_a_login_that_has_ended(house, work_off, end):
    house.add()
    house.service.ask(ASKER)
    work_off()
    assert house.service.ask(ASKER).state == "ready"
    end()
    with pytest.raises(LoginEnded):
        house.service.ask(ASKER)
    with pytest.raises(LoginEnded):
        house.service.returned(ASKER)
    assert house.service.ask(NEXT).state == "ready"


def test_a_login_that_has_ended_starts_no_run_and_holds_none_up(house, end):
    house.add()
    end()
    for act in (house.service.ask, house.service.returned):
        with pytest.raises(LoginEnded):
            act(ASKER)
    assert house.redis.llen("rq:queue:status") == 0
    house.service.ask(NEXT)
    assert house.redis.llen("rq:queue:status") == 1


def test_a_login_that_has_ended_does_not_even_learn_that_nothing_is_shown(house, end):
    house.add(source=None)
    assert house.service.ask(ASKER).state == "hidden"
    end()
    with pytest.raises(LoginEnded):
        house.service.ask(ASKER)


def test_a_login_that_ends_while_its_request_waits_gets_no_answer(house, end):
    house.add()
    got = []

    def wait():
        try:
            got.append(house.service.ask(ASKER, 0.8))
        except LoginEnded as ended:
            got.append(ended)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    end()
    waiting.join()
    assert isinstance(got[0], LoginEnded)


def test_who_comes_by_a_return_address_needs_no_login(house):
    house.add()
    assert house.service.returned(StatusRequest("acme", "ann", "s1")).state == "checking"
