"""Chromium for tests: one browser and one server in a run; each test gets a page which collects what went wrong on it."""

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.stub_status_service import StubStatusService

#: Without the windows of a desktop browser, which take two thirds of the processor time. Drawing needs neither a process nor
#: several threads of its own.
CHROMIUM = Path("/usr/bin/chromium-headless-shell")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--in-process-gpu",
    "--no-first-run",
    "--no-sandbox",
    "--num-raster-threads=1",
]


@dataclass
class Site:
    """A served application, and its stub status service."""

    address: str
    status_service: StubStatusService
    app: Flask


def vendor(environ, start_response):
    """The vendor's site: a page which says that one is there."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<!doctype html><html lang=en><title>Vendor</title><link rel=icon href=data:,><h1>Claim here</h1>"]


def widest(page):
    """How many CSS pixels the page is wide, also what is scrolled; a page that is about to come is waited for."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth")


def require_chromium():
    """Skip loudly on a laptop, fail where the parts are promised."""
    if CHROMIUM.exists():
        return
    words = f"browser tests need {CHROMIUM}: apt-get install chromium-headless-shell"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@contextmanager
def serving(make_app):
    """Serve an application on a free port of this machine; `make_app` is given its address."""
    server = make_server("127.0.0.1", 0, _nothing, threaded=True, request_handler=Quiet)
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


class Quiet(WSGIRequestHandler):
    def log_request(self, *args):
        """Log nothing."""


def _nothing(environ, start_response):
    start_response("503 Service Unavailable", [])
    return []
