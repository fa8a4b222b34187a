"""Addresses of our static files that change with their content, so that browsers may cache each file for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

#: One year, in seconds.
IMMUTABLE = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Give templates `asset(name)`, and let browsers cache a file whose address names its current version."""
    folder = Path(app.static_folder or "")

    @cache
    def version(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=version(name))

    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:  # OK
            response.headers["Cache-Control"] = IMMUTABLE
        return response
