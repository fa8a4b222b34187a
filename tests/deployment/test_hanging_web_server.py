"""The unit that looks for a web server that hangs: its own command is run, with what it would restart noted."""

import os
import re
import shlex
import socket
import subprocess
import threading
from contextlib import closing

import pytest

from tests.deployment.proxy import ROOT

UNIT = ROOT / "docs" / "deployment" / "systemd" / "session-status-web-watch@.service"


@pytest.fixture
def watch(tmp_path):
    """Run the unit's command for a port, with a second of patience; return its exit status and what it told systemd."""
    told = tmp_path / "told"
    told.touch()
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$*" >> {told}\n')
    program.chmod(0o755)

    def run(port):
        line = re.search(r"^ExecStart=\+(.*)$", UNIT.read_text(), re.MULTILINE)[1]
        assert "--max-time 30 " in line
        line = line.replace("--max-time 30 ", "--max-time 1 ").replace("$$", "$").replace("%i", str(port))
        env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(shlex.split(line), env=env, stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, told.read_text().splitlines()

    return run


@pytest.fixture
def listening():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server, server.getsockname()[1]


def test_one_that_takes_connections_and_answers_nothing_is_restarted(watch, listening):
    """As a stopped process does: the kernel takes its connections."""
    _, port = listening
    assert watch(port) == (0, [f"try-restart session-status-web@{port}.service"])


@pytest.mark.parametrize("answer", ["HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"])
def test_one_that_answers_is_left_alone(watch, listening, answer):
    server, port = listening

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(f"{answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    thread = threading.Thread(target=serve)
    thread.start()
    assert watch(port) == (0, [])
    thread.join()


def test_one_that_was_stopped_is_not_started(watch, listening):
    server, port = listening
    server.close()
    assert watch(port) == (0, [])


def test_without_curl_it_fails_and_does_not_look_well(watch, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert watch(9) == (127, [])
