"""Chromium for tests: one browser and one server in a run; each test gets a page which collects what went wrong on it."""

import os
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]


def require_chromium():
    """Skip loudly on a laptop, fail where the parts are promised."""
    if CHROMIUM.exists():
        return
    words = f"browser tests need {CHROMIUM}: apt-get install chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@contextmanager
def serving(make_app):
    """Serve an application on a free port of this machine; `make_app` is given its address."""
    server = make_server("127.0.0.1", 0, _nothing, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    server.app = make_app(address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield address, server.app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _nothing(environ, start_response):
    start_response("503 Service Unavailable", [])
    return []
