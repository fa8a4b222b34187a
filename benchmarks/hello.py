"""A Flask hello world on the service's own server with its options: what any answer of a thread costs before it says something."""

from __future__ import annotations

import os
from functools import partial

from flask import Flask

from runner.settings.operator_settings import Settings
from web.server.granian_server import run
from web.server.served_app import bridge
from web.server.wsgi_bridge import WsgiBridge


def hello_app() -> Flask:
    app = Flask("hello")

    @app.get("/")
    def hello() -> str:
        return "Hello, world"

    return app


def load(settings: Settings) -> WsgiBridge:
    return bridge(settings, hello_app(), lambda: None)


if __name__ == "__main__":
    bind = f"127.0.0.1:{os.environ['BENCH_PORT']}"
    ours = Settings(web_bind=bind, public_url=f"http://{bind}", web_processes=1, web_threads=64, log_level="WARNING")
    run(ours, partial(load, ours))
