"""A Flask hello world on gunicorn, with a thread for each request: what the same answer costs where most services run."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from .hello import hello_app


class HelloServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """One process with the threads of the others. Its own threads keep connections alive."""

    def load_config(self) -> None:
        values: dict[str, Any] = {
            "bind": f"127.0.0.1:{os.environ['BENCH_PORT']}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": 64,
            "keepalive": 5,
            "loglevel": "warning",
        }
        for name, value in values.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return hello_app()


if __name__ == "__main__":
    HelloServer().run()
