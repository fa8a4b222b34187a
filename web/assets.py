"""Addresses of our static files that change with their content, so that browsers may cache each file for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

#: One year, in seconds.
IMMUTABLE = "public, max-age=31536000, immutable"


@cache
def version(file: Path) -> str:
    """Return what names the content of a file of ours in addresses. Our files do not change while a process runs."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def install(app: Flask) -> None:
    """Give templates `asset(name)`, and let browsers cache a file whose address names its current version."""
    folder = Path(app.static_folder or "")

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=version(folder / name))

    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200 and "v" in request.args:  # OK
            response.headers["Cache-Control"] = IMMUTABLE
        return response
