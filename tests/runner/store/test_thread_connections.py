"""The short way to the store: what is answered, and that errors, outages and other threads do as with the client."""

import os
import socket
import threading
import time
from contextlib import closing

import pytest
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from runner.store.clients import connect, connect_brief
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import StoreEnvironmentMismatch
from runner.store.error_replies import StoreRefuses
from runner.store.mark_administration import replace_mark
from runner.store.thread_connections import RESTED_S, ThreadConnections


@pytest.fixture
def connections(redis):
    return ThreadConnections(redis)


def own_id(connections):
    """The server's number of this thread's connection."""
    return connections.ask(("CLIENT", "ID"))[0]


def test_replies_come_in_the_order_of_the_commands(connections, redis):
    redis.set("b", b"\xff\x00")
    assert connections.ask(("SET", "a", 1), ("MGET", "a", "b", "c"), ("INCRBY", "a", 4)) == [
        b"OK",
        [b"1", b"\xff\x00", None],
        5,
    ]


def test_an_error_among_the_replies_is_raised_and_the_next_question_gets_its_own_answer(connections):
    with pytest.raises(NoScriptError):
        connections.ask(("SET", "a", "first"), ("EVALSHA", "0" * 40, 0), ("GET", "a"))
    with pytest.raises(ResponseError):
        connections.ask(("INCR", "a"), ("EVALSHA", "0" * 40, 0))
    assert connections.ask(("GET", "a")) == [b"first"]


def test_a_thread_keeps_its_connection_and_shares_it_with_no_other(connections):
    here, others = own_id(connections), []
    threads = [threading.Thread(target=lambda: others.append(own_id(connections))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own_id(connections) == here
    assert len({here, *others}) == 4


def test_the_connection_of_a_thread_that_has_ended_is_closed(connections, redis):
    ids = []
    thread = threading.Thread(target=lambda: ids.append(own_id(connections)))
    thread.start()
    thread.join()
    assert ids[0] not in {int(each["id"]) for each in redis.client_list()}


def test_a_forked_child_does_not_speak_on_its_parents_connection(connections):
    here = own_id(connections)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(own_id(connections)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 20)) != here
    assert own_id(connections) == here
    os.close(reader)
    os.close(writer)


def test_a_connection_that_the_server_has_closed_is_opened_again(connections, redis):
    here = own_id(connections)
    redis.client_kill_filter(_id=here)
    assert connections.ask(("PING",)) == [b"PONG"]
    assert own_id(connections) != here


def test_after_a_restart_of_the_store_the_same_connections_serve(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store, closing(connect(store.url)) as redis:
        connections = ThreadConnections(redis)
        connections.ask(("SET", "kept", "yes"))
        store.stop()
        with pytest.raises(NoConnection):
            connections.ask(("GET", "kept"))
        store.start()
        assert connections.ask(("GET", "kept")) == [b"yes"]


def test_a_store_made_for_another_environment_is_refused(redis, valkey_url):
    replace_mark(valkey_url, "production")
    with closing(connect(valkey_url, environment="development")) as client, pytest.raises(StoreEnvironmentMismatch):
        ThreadConnections(client).ask(("GET", "login"))


class Watch:
    """Notes what it is told."""

    def __init__(self):
        self.lost = []
        self.away = False

    def store_lost(self, error, *, silent=False):
        self.lost.append((type(error), silent))

    def store_is_away(self):
        return self.away


def test_a_store_that_is_silent_is_reported_once_and_not_waited_for_again():
    watch = Watch()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with closing(connect(url, watch=watch)) as redis:
            redis.connection_pool.connection_kwargs["socket_timeout"] = 0.1
            connections = ThreadConnections(redis)
            with pytest.raises(NoAnswer):
                connections.ask(("PING",))
            assert watch.lost
            assert set(watch.lost) == {(NoAnswer, True)}
            watch.away = True
            with pytest.raises(NoConnection, match="asked again every second"):
                connections.ask(("PING",))


def test_a_store_that_cannot_write_now_refuses(tmp_path):
    watch = Watch()
    with EmbeddedStore(tmp_path / "store") as store, closing(connect(store.url, watch=watch)) as redis:
        redis.config_set("min-replicas-to-write", 1)
        with pytest.raises(StoreRefuses):
            ThreadConnections(redis).ask(("GET", "a"), ("SET", "a", "b"))
        assert watch.lost == [(StoreRefuses, False)]


def test_a_late_answer_is_not_taken_for_that_of_the_next_question(valkey_url, redis):
    with closing(connect(valkey_url)) as impatient:
        impatient.connection_pool.connection_kwargs["socket_timeout"] = 0.1
        connections = ThreadConnections(impatient)
        connections.ask(("PING",))
        redis.client_pause(500)
        with pytest.raises(NoAnswer):
            connections.ask(("ECHO", "late"))
        redis.client_unpause()
        assert connections.ask(("ECHO", "mine")) == [b"mine"]


def test_a_connection_that_was_closed_while_it_rested_is_opened_again_by_a_client_that_tries_once(redis, valkey_url):
    """The attack: a store that closes connections which rest, so that each first call to a vendor is made without limits."""
    watch = Watch()
    with closing(connect_brief(valkey_url, watch=watch)) as client:
        connections = ThreadConnections(client)
        here = own_id(connections)
        redis.client_kill_filter(_id=here)
        time.sleep(RESTED_S + 0.05)
        assert own_id(connections) != here
        assert watch.lost == []
