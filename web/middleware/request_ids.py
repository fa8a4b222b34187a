"""Gives every request an id of its own, which the lines of the log carry that its answer leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.logs import line_ids

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class RequestIds:
    """A WSGI application around another. The id is made here; what a request says of itself is not read."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand on."""
        with line_ids.of_request(line_ids.new_request_id()):
            return self._application(environ, start_response)
