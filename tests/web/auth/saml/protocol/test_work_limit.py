"""The work limit: all posted messages together take at most a share of a process, and genuine ones never wait long."""

import threading

import pytest

from web.auth import saml_work_limit
from web.auth.saml_work_limit import LONGEST_REST_S, MOST_WAITING, REST, TooMuchWork, WorkLimit


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def judged(limit, clock, seconds, *, accepted):
    with limit.checking() as work:
        clock.now += seconds
        work.accepted = accepted


@pytest.fixture
def impatient(monkeypatch):
    """A message that would have to wait is refused."""
    monkeypatch.setattr(saml_work_limit, "LONGEST_WAIT_S", 0)


def test_honest_messages_follow_each_other_without_a_pause(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)
    for _ in range(100):
        judged(limit, clock, 0.02, accepted=True)


def test_after_a_refused_message_the_process_has_time_for_everything_else(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)
    judged(limit, clock, 0.02, accepted=False)
    clock.now += 0.02 * REST - 0.001
    with pytest.raises(TooMuchWork):
        judged(limit, clock, 0, accepted=True)
    clock.now += 0.002
    judged(limit, clock, 0, accepted=True)


def test_a_flood_of_refused_messages_takes_a_quarter_of_the_time(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)
    began, worked = clock.now, 0.0
    while clock.now < began + 60:
        try:
            judged(limit, clock, 0.015, accepted=False)
            worked += 0.015
        except TooMuchWork:
            clock.now += 0.001
    assert 0.2 < worked / 60 < 0.251


def test_a_store_that_stood_still_keeps_nobody_out_for_long_afterwards(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)
    judged(limit, clock, 20, accepted=False)
    clock.now += LONGEST_REST_S + 0.001
    judged(limit, clock, 0, accepted=True)


def test_whatever_a_judgement_raises_it_counts_as_refused(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)

    def fails():
        with limit.checking():
            clock.now += 1
            raise LookupError

    with pytest.raises(LookupError):
        fails()
    with pytest.raises(TooMuchWork):
        judged(limit, clock, 0, accepted=True)


def test_one_is_judged_at_a_time_and_a_few_wait_and_more_are_refused_at_once():
    limit, held, enough = WorkLimit(), threading.Event(), threading.Event()
    at_once, most, done, refused = 0, 0, [], []
    counted = threading.Lock()

    def hold():
        with limit.checking() as work:
            held.set()
            enough.wait(10)
            work.accepted = True

    def one():
        nonlocal at_once, most
        try:
            with limit.checking() as work:
                with counted:
                    at_once += 1
                    most = max(most, at_once)
                with counted:
                    at_once -= 1
                work.accepted = True
                done.append(1)
        except TooMuchWork:
            refused.append(1)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    waiting = [threading.Thread(target=one) for _ in range(MOST_WAITING)]
    for thread in waiting:
        thread.start()
    while limit._waiting < MOST_WAITING:
        threading.Event().wait(0.001)
    one()
    assert (len(refused), done) == (1, []), "the queue is full: an answer at once"
    enough.set()
    for thread in [holder, *waiting]:
        thread.join()
    assert most == 1
    assert len(done) + len(refused) == MOST_WAITING + 1


def test_who_waited_in_vain_leaves_the_queue(impatient):
    clock = Clock()
    limit = WorkLimit(clock=clock)
    with limit.checking():
        for _ in range(MOST_WAITING * 3):
            with pytest.raises(TooMuchWork):
                limit._enter()
    assert limit._waiting == 0
