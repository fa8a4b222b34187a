"""A Flask hello world on gunicorn with the service's own options: what any answer costs before it says something."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from runner.settings import Settings
from web.server import options

app = Flask("hello")


@app.get("/")
def hello() -> str:
    return "Hello, world"


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with the service's options."""

    def load_config(self) -> None:
        bind = f"127.0.0.1:{os.environ['BENCH_PORT']}"
        settings = Settings(web_bind=bind, web_processes=1, web_threads=64, log_level="WARNING")
        values: dict[str, Any] = options(settings)
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return app


if __name__ == "__main__":
    Server().run()
