"""The web server as it is run: how it answers, stops, and ends with the process that started it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runner.store.worker_heartbeat import NAMES
from tests.support.real_server import PATH, PROGRAM, free_port, head, running
from tests.support.valkey import redis, valkey_url  # noqa: F401 - fixtures

#: The warnings while there is no background worker, which these tests do not start.
NO_BACKGROUND_WORKER = [
    "no background worker is running: imports of large agenda files have to wait",
    "no background worker checks scripts: authors can write and save, but hand nothing in",
]


@pytest.mark.slow
def test_the_server_answers_waits_says_what_is_missing_and_stops_gracefully(tmp_path, redis, valkey_url):  # noqa: F811 - a fixture, imported from beside
    with running(tmp_path, valkey_url, web_processes="2") as server:
        # Without a worker there is no answer: a new status is 202, after the requested wait.
        login = server.login
        began = time.monotonic()
        code, cold = server.get(PATH, login | {"Prefer": "wait=0.5"})
        assert (code, cold["state"]) == (202, "checking")
        assert 0.4 < time.monotonic() - began < 4
        assert server.get(PATH, login, method="POST")[0] == 405
        assert server.get(f"{PATH}/returned", login, method="POST")[1]["state"] == "checking"
        assert server.get(PATH.replace("CE-1", "NONE"), login)[0] == 404
        assert server.get(PATH)[1]["state"] == "login"

        code, told = server.get("/readyz")
        assert (code, told["warnings"]) == (200, ["no worker is running", *NO_BACKGROUND_WORKER])
        note = {"name": "w", "pid": 1, "places": 1, "in_flight": 0, "runtime": "r", "jail": {}}
        redis.sadd(NAMES, "w")
        redis.set(f"{NAMES}:w", json.dumps(note), ex=15)
        parts = {**dict.fromkeys(told["parts"], True), "background_workers": False, "check_workers": False}
        assert server.get("/readyz") == (200, {**told, "parts": parts, "warnings": NO_BACKGROUND_WORKER})

        # A stop lets the request which is under way end, and waits for no client which sends nothing more.
        lingering = [server.connect(), server.connect(b"GET /healthz HTTP/1.1\r\nHost"), server.connect(head())]
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.get(PATH, login | {"Prefer": "wait=0.8"})))
        asking.start()
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        asking.join()
        assert server.process.wait(15) == 0
        assert answers[0][0] == 202
        for client in lingering:
            client.close()


@pytest.mark.slow
def test_worker_processes_end_with_a_parent_that_is_killed_and_hold_no_more_connections_than_they_may(
    tmp_path,
    valkey_url,  # noqa: F811 - a fixture, imported from beside
):
    with running(tmp_path, valkey_url, web_connections="64") as server:
        assert refused_to_start(server, tmp_path, valkey_url)

        pids = [
            int(pid)
            for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        ]
        clients = [server.connect() for _ in range(200)]
        time.sleep(1)
        assert max(open_sockets(pid) for pid in pids) < 64 + 20
        for client in clients:
            client.close()

        server.process.kill()
        server.process.wait(10)
        end = time.monotonic() + 30
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            assert time.monotonic() < end, "worker processes outlive their parent"
            time.sleep(0.2)


@pytest.mark.parametrize("limit", [200, 256, 319])
def test_a_limit_of_open_files_without_room_for_connections_refuses_the_start(tmp_path, limit):
    """Less than no room would be one connection at a time; none would be the server's own number, without a bound."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit})); {PROGRAM}"
    environment = os.environ | {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{free_port()}",
    }
    ended = subprocess.run(
        [sys.executable, "-c", limited], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert f"The limit on open files is {limit}" in ended.stderr


def refused_to_start(server, folder, redis_url):
    """Whether a second server at the same address ends with a reason."""
    environment = os.environ | {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(folder),
        "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{server.port}",
        "REDIS_URL": redis_url,
    }
    second = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    return second.returncode != 0 and "Address already in use" in second.stderr


def open_sockets(pid):
    return sum(str(file.readlink()).startswith("socket:") for file in Path(f"/proc/{pid}/fd").iterdir())
