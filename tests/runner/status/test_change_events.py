import os
import signal
import time

import pytest

from runner.status.asking.thread_access import completed
from runner.status.change_events import ChangeListener, StatusWaiter
from runner.store.clients import connect
from tests.support.eventually import eventually


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listener(redis, valkey_url, heard):
    client = connect(valkey_url)
    listener = ChangeListener(client, on_changed=heard.append)
    yield listener
    listener.close()
    client.close()


def test_a_change_in_one_process_is_heard_in_another(listener, redis, heard):
    listener.ensure_started()
    assert eventually(lambda: None in heard)
    redis.publish("st:changed", "acme")
    assert eventually(lambda: "acme" in heard)


def test_who_waits_is_woken_by_the_end_of_their_run_only(listener, redis, heard):
    listener.ensure_started()
    assert eventually(lambda: heard.count(None) >= 3)  # all its subscriptions stand
    mine, other = StatusWaiter(), StatusWaiter()
    with listener.waiting_for("mine", mine), listener.waiting_for("other", other):
        redis.publish("st:done", "mine")
        assert completed(mine.ended(2)) is not None
        assert completed(other.ended(0)) is None


def test_after_a_lost_connection_everything_is_dropped_and_everybody_woken(listener, redis, heard):
    listener.ensure_started()
    assert eventually(lambda: heard.count(None) >= 3)
    heard.clear()
    waiter = StatusWaiter()
    with listener.waiting_for("mine", waiter):
        redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert completed(waiter.ended(5)) is not None
        assert None in heard
    heard.clear()
    redis.publish("st:changed", "acme")
    assert eventually(lambda: "acme" in heard)


def test_an_error_that_is_not_expected_does_not_end_the_listener(listener, redis, heard, caplog):
    listener.ensure_started()
    assert eventually(lambda: heard.count(None) >= 3)
    heard.clear()
    take, listener._take = listener._take, lambda _: 1 / 0
    redis.publish("st:changed", "acme")
    assert eventually(lambda: "listener failed" in caplog.text)
    listener._take = take
    assert eventually(lambda: None in heard), "after a gap, anything may have changed"
    redis.publish("st:changed", "acme")
    assert eventually(lambda: "acme" in heard)


def test_a_listener_that_fails_again_and_again_pauses_longer_and_can_still_be_closed(listener, monkeypatch):
    pauses = []
    monkeypatch.setattr(listener, "_follow", lambda: 1 / 0)
    monkeypatch.setattr(listener._closed, "wait", lambda seconds: len(pauses) == 8 or pauses.append(seconds))
    monkeypatch.setattr(listener._closed, "is_set", lambda: len(pauses) == 8)
    listener._listen()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # the situation which is tested
def test_a_forked_process_listens_for_itself(listener, redis, heard):
    """As in a server that forks after it has loaded: the parent has started, the child starts for itself."""
    listener.ensure_started()
    assert eventually(lambda: heard.count(None) >= 3)
    child = os.fork()
    if not child:
        heard.clear()
        listener.ensure_started()
        listens = eventually(lambda: None in heard, seconds=5)
        redis.connection_pool.disconnect()
        os._exit(0 if listens else 1)
    end = time.monotonic() + 10
    pid, status = 0, 0
    while not pid and time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    if not pid:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert pid
    assert os.waitstatus_to_exitcode(status) == 0


def test_closing_wakes_who_waits_and_is_quick(listener, heard):
    listener.ensure_started()
    assert eventually(lambda: heard.count(None) >= 3)
    waiter = StatusWaiter()
    with listener.waiting_for("mine", waiter):
        began = time.monotonic()
        listener.close()
        assert completed(waiter.ended(0)) is not None
    assert time.monotonic() - began < 0.5
