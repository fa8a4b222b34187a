"""What the phone keeps of the scanner: its files, below an address that names their version, and the service worker that keeps them.

Modules import each other by relative addresses, so that all files of a page are of one version.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, current_app, send_from_directory, url_for

from web.assets import IMMUTABLE
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.scanner import decoder_files

#: The folder in `web/static/`, and the service worker in it, which is not a file of the page.
FOLDER: Final = "scanner"
SERVICE_WORKER: Final = "service_worker.js"
#: Kinds of files that the page loads. Others in the folder are notices, and copies that are compressed.
LOADED: Final = frozenset({".mjs", ".js", ".css", ".wasm"})
#: Files of the page that lie elsewhere.
SHARED: Final = ("icon.svg", "site.css", "scanner.css")
#: On a page: the version that it belongs to. On a request for one: the phone is going to keep the page.
SHELL_HEADER: Final = "Scanner-Shell"
#: A service worker needs a policy of its own: it fetches pages and files.
WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"

blueprint = Blueprint("scanner_shell", __name__)


@dataclass(frozen=True)
class ScannerShell:
    """The files of one version of the scanner, as addresses of this service."""

    version: str  #: of all files, and of the service worker
    files: tuple[str, ...]


def install(app: Flask) -> None:
    """Give templates `scanner_asset(name)`, the address of a file of the scanner."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["scanner_asset"] = lambda name: url_for(
        "scanner_shell.file", version=_files_version(_folder()), name=name
    )


@blueprint.get("/scan-files/<version>/<path:name>")
@needs(Permission.ANYONE)
def file(version: str, name: str) -> Response:
    """Return a file of the scanner, which never changes below this address. Files of other versions are not there."""
    if version != _files_version(_folder()):
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such file of this version.")
    response = send_from_directory(_folder(), name)
    response.headers["Cache-Control"] = IMMUTABLE
    return response


@blueprint.get("/scan/service_worker.js")
@needs(Permission.ANYONE)
def service_worker() -> Response:
    """Return the service worker. From this address it can control the scanner's pages and no others."""
    shell = current_shell()
    known = json.dumps({"version": shell.version, "files": shell.files})
    text = (_folder() / SERVICE_WORKER).read_text("utf-8")
    response = Response(f"const shell = {known};\n{text}", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = WORKER_POLICY
    return response


def current_shell() -> ScannerShell:
    """Return the version that this process serves."""
    version = _files_version(_folder())
    asset = current_app.jinja_env.globals["asset"]
    files = [url_for("scanner_shell.file", version=version, name=name) for name in _loaded(_folder())]
    files += decoder_files.addresses()
    files += [asset(name) for name in SHARED]  # type: ignore[operator]  # `web.assets` has put a function there
    whole = hashlib.sha256("\n".join([version, *files]).encode()).hexdigest()[:12]
    return ScannerShell(whole, tuple(files))


def _folder() -> Path:
    return Path(current_app.static_folder or "") / FOLDER


@cache
def _loaded(folder: Path) -> tuple[str, ...]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in LOADED)
    return tuple(sorted(name for name in found if name != SERVICE_WORKER))


@cache
def _files_version(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in (SERVICE_WORKER, *_loaded(folder)):
        whole.update(f"{name}\0{hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()[:12]
