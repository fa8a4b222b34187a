"""The files of the decoder, which finds codes in the pictures of the scanner's camera.

They are below `/scan/`, so that the scanner's service worker answers for them when there is no network. A worker has the
policy of its own script: this one may compile a program, and the page that starts it may not.
"""

from __future__ import annotations

import gzip
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, current_app, request, url_for

from web.assets import IMMUTABLE, version
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

#: The worker loads its program from us, and nothing else from anywhere.
WORKER_POLICY: Final = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

blueprint = Blueprint("decoder", __name__, url_prefix="/scan/decoder")


def worker_address() -> str:
    """Return the address of the worker in its current version."""
    return url_for("decoder.worker", v=version(_folder() / "worker.js"))


def addresses() -> list[str]:
    """Return the addresses of all files of the current version, for what the phone keeps."""
    releases = [file.name.split(".")[0].removeprefix("reader-") for file in _folder().glob("reader-*.wasm.gz")]
    return [worker_address(), *(url_for("decoder.program", release=each) for each in releases)]


@blueprint.get("/worker.js")
@needs(Permission.ANYONE)
def worker() -> Response:
    """Return the script of the worker."""
    response = Response((_folder() / "worker.js").read_bytes(), mimetype="text/javascript")
    response.headers["Content-Security-Policy"] = WORKER_POLICY
    if "v" in request.args:
        response.headers["Cache-Control"] = IMMUTABLE
    return _unless_known(response)


@blueprint.get("/reader-<release>.wasm")
@needs(Permission.ANYONE)
def program(release: str) -> Response:
    """Return the program that the worker compiles: compressed beforehand, as the client prefers."""
    name = f"reader-{release}.wasm"
    kept = {file.name: file for file in _folder().glob("reader-*.wasm.*")}
    if f"{name}.gz" not in kept:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such program.")
    if request.accept_encodings["br"]:
        content, encoding = kept[f"{name}.br"].read_bytes(), "br"
    elif request.accept_encodings["gzip"]:
        content, encoding = kept[f"{name}.gz"].read_bytes(), "gzip"
    else:
        content, encoding = gzip.decompress(kept[f"{name}.gz"].read_bytes()), ""
    response = Response(content, mimetype="application/wasm")
    response.headers.update({"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"})
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return _unless_known(response)


def _unless_known(response: Response) -> Response:
    """Leave the content out if the browser has it: the service worker asks once more for what the page has just loaded."""
    response.add_etag()
    response.make_conditional(request)
    return response


def _folder() -> Path:
    return Path(current_app.static_folder or "") / "decoder"
