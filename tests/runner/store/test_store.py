import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from runner.store.clients import connect, connect_queue
from runner.store.embedded import EmbeddedStore, StoreError

PARENT = """
import sys, time
from pathlib import Path
from runner.store.embedded import EmbeddedStore
store = EmbeddedStore(Path(sys.argv[1]))
print(store.start(), store._process.pid, flush=True)
time.sleep(60)
"""


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


def start_in_a_process(folder):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)
    url, pid = parent.stdout.readline().split()
    return parent, url, int(pid)


def test_what_was_written_is_there_after_a_restart(tmp_path):
    for turn in range(2):
        with EmbeddedStore(tmp_path / "store") as store:
            client = connect(store.url)
            assert client.incr("starts") == turn + 1
            client.close()


def test_a_store_without_a_folder_leaves_nothing_behind():
    with EmbeddedStore() as store:
        folder = store.folder
        client = connect(store.url)
        assert client.config_get("appendonly") == {"appendonly": "no"}
        client.close()
    assert not folder.exists()


def test_only_the_owner_reaches_the_store_and_there_is_no_port(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store:
        assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "store" / "store.sock").stat().st_mode) == 0o700
        client = connect(store.url)
        assert client.config_get("port") == {"port": "0"}
        client.close()
        with socket.socket() as probe:
            probe.settimeout(0.2)
            assert probe.connect_ex(("127.0.0.1", 6379)) != 0 or os.environ.get("TEST_REDIS_URL")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_store_dies_with_its_parent_however_that_ends(tmp_path, how):
    parent, _, pid = start_in_a_process(tmp_path / "store")
    assert alive(pid)
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    assert gone_within(pid, 5)


def test_data_survives_the_parent_being_killed(tmp_path):
    parent, url, pid = start_in_a_process(tmp_path / "store")
    client = connect(url)
    client.set("kept", "yes")
    client.close()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone_within(pid, 5)
    with EmbeddedStore(tmp_path / "store") as store:
        client = connect(store.url)
        assert client.get("kept") == b"yes"
        client.close()


def test_ctrl_c_in_the_terminal_does_not_reach_the_store(tmp_path):
    with EmbeddedStore(tmp_path / "store") as store:
        assert os.getpgid(store._process.pid) != os.getpgid(0)


def test_a_second_process_on_the_same_folder_is_told_so(tmp_path):
    with EmbeddedStore(tmp_path / "store"), pytest.raises(StoreError, match="Another process"):
        EmbeddedStore(tmp_path / "store").start()


def test_a_socket_left_by_a_killed_store_does_not_hinder_the_next(tmp_path):
    store = EmbeddedStore(tmp_path / "store")
    store.start()
    store._process.kill()
    store._process.wait()
    assert (tmp_path / "store" / "store.sock").exists()
    store.stop()
    with EmbeddedStore(tmp_path / "store") as again:
        client = connect(again.url)
        assert client.ping()
        client.close()


def test_a_folder_with_a_long_path_works_too(tmp_path):
    with EmbeddedStore(tmp_path / ("long" * 30)) as store:
        client = connect(store.url)
        assert client.ping()
        client.close()


def test_a_server_that_cannot_start_is_an_error_with_its_log(tmp_path):
    with pytest.raises(StoreError, match="did not start"):
        EmbeddedStore(tmp_path / "store", server="/bin/false").start()


def test_no_server_anywhere_says_what_to_do(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StoreError, match="Set REDIS_URL"):
        EmbeddedStore().start()


def test_the_store_must_be_started_from_the_main_thread(tmp_path):
    caught = []

    def start():
        try:
            EmbeddedStore(tmp_path / "store").start()
        except StoreError as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def test_the_two_kinds_of_clients_share_no_pool_and_have_their_own_patience(valkey_url):
    web, queue = connect(valkey_url), connect_queue(valkey_url)
    assert web.connection_pool is not queue.connection_pool
    assert web.connection_pool.connection_kwargs["socket_timeout"] <= 5
    assert queue.connection_pool.connection_kwargs["socket_timeout"] > 5
    web.close()
    queue.close()


def test_in_a_folder_with_a_blank_in_its_name_workers_can_ask_who_they_are(tmp_path):
    with EmbeddedStore(tmp_path / "my data") as store, closing(connect(store.url)) as redis:
        redis.set("a", 1)
        assert redis.client_info()["id"] > 0
    assert any((tmp_path / "my data").iterdir())
