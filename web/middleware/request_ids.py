"""Gives every request an id, which all its log entries contain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from runner.logs import line_ids

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class RequestIds:
    """WSGI middleware. The id is made here; an id in the request is ignored."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application within the id."""
        with line_ids.of_request(line_ids.new_request_id()):
            return self._application(environ, start_response)
