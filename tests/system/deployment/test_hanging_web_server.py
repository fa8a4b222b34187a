"""The unit that looks for a web server that hangs: its own command is run, with what it would restart noted."""

import os
import re
import shlex
import socket
import subprocess
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.system.deployment.proxy import ROOT

pytestmark = pytest.mark.slow

UNIT = ROOT / "docs" / "deployment" / "systemd" / "session-status-web-watch@.service"


@pytest.fixture
def watch(tmp_path):
    """Run the unit's command for a port, with little patience; return its exit status and what it told systemd."""
    told = tmp_path / "told"
    told.touch()
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$*" >> {told}\n')
    program.chmod(0o755)

    def run(port):
        line = re.search(r"^ExecStart=\+(.*)$", UNIT.read_text(), re.MULTILINE)[1]
        patient = "--max-time 30 --retry 1 --retry-delay 5 "
        assert patient in line
        line = line.replace(patient, "--max-time 0.2 --retry 1 ").replace("$$", "$").replace("%i", str(port))
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


@pytest.mark.parametrize("status", [200, 503])
def test_one_that_answers_is_left_alone(watch, status):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert watch(server.server_port) == (0, [])
        finally:
            server.shutdown()
            thread.join()


def test_one_that_answers_the_second_time_was_only_busy(watch, listening):
    server, port = listening

    def serve():
        with server.accept()[0], server.accept()[0] as second:
            second.recv(4096)
            second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

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
