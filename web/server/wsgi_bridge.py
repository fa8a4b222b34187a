"""Runs a WSGI application on requests that granian's event loop has received completely.

The loop collects head and body, one of our threads runs the application, and the server's own thread writes the response;
a large one is handed to it by the loop. No Python thread waits for a client. The server's name, scheme and port in `environ` are those of the public address, never
what a client sends.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]  # its types do not export the one

from web.middleware.request_checks import REFUSED
from web.server import response_body
from web.server.request_body import RequestBodies, RequestBody
from web.server.request_head import fault_of
from web.server.thread_slots import ThreadSlots
from web.status.loop_responses import LoopResponses

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

USUAL_PORTS = {"http": 80, "https": 443}

#: The liveness check. It has its own thread: otherwise, while all others wait for a store that does not answer, a
#: supervisor would restart the process for no reason.
ALIVE = "/healthz"


@dataclass(frozen=True, slots=True)
class LargeResponse:
    """A response that is sent by the loop, because its body is in a file."""

    status: int
    headers: list[tuple[str, str]]
    body: BinaryIO


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that was received completely."""

    scope: Scope
    fields: list[tuple[str, str]]
    body: RequestBody


class WsgiBridge:
    """A granian (RSGI) application around a WSGI application. `close` is called after the last response.

    `in_loop` answers some requests in the loop; the others, and all without it, are for the application.
    """

    def __init__(  # noqa: PLR0913 - the parts of the bridge, each named once
        self,
        application: WSGIApplication,
        *,
        bodies: RequestBodies,
        threads: int,
        public_url: str,
        in_loop: LoopResponses | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._application = application
        self._in_loop = in_loop
        self._bodies = bodies
        self._threads = ThreadPoolExecutor(threads + 1, thread_name_prefix="request")
        self._free = ThreadSlots(threads)
        self._free_for_alive = ThreadSlots(1)
        self._always = _of_every_request(public_url)
        self._close = close

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server before the first request."""
        self._loop = loop

    def __rsgi_del__(self, _: asyncio.AbstractEventLoop) -> None:
        """Called by the server after the last response."""
        self._threads.shutdown()
        if self._in_loop:
            self._in_loop.close()
        self._close()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        headers = scope.headers  # each access makes a copy
        fields = headers.items()
        fault = fault_of(scope, headers, fields)
        if not fault and await self._answered_in_loop(scope, fields, protocol):
            return
        body = RequestBody(refused=fault) if fault else await self._bodies.collect(scope, headers, protocol)
        free = self._free_for_alive if scope.path == ALIVE else self._free
        try:
            if await free.take(protocol.client_disconnect):
                await self._in_thread(ReceivedRequest(scope, fields, body), protocol, free)
        finally:
            self._bodies.release(body)

    async def _answered_in_loop(self, scope: Scope, fields: list[tuple[str, str]], protocol: HTTPProtocol) -> bool:
        if self._in_loop is None:
            return False
        try:
            found = await self._in_loop.response(scope, fields)
        except Exception:  # the outermost handler of the loop: the application can still answer
            log.exception("the response in the loop failed")
            return False
        if found is None:
            return False
        protocol.response_bytes(found.code, found.headers, found.body)
        return True

    async def _in_thread(self, request: ReceivedRequest, protocol: HTTPProtocol, free: ThreadSlots) -> None:
        answered: asyncio.Future[LargeResponse | None] = self._loop.create_future()
        try:
            self._threads.submit(self._answer, request, protocol, answered)
            large = await answered
        finally:
            free.give_back()
        if large is not None:
            await response_body.send(large.body, protocol, large.status, large.headers)

    def _answer(
        self, request: ReceivedRequest, protocol: HTTPProtocol, answered: asyncio.Future[LargeResponse | None]
    ) -> None:
        """Run the application and send the response, in a thread. The loop is only notified, and sends a large response."""
        large = None
        try:
            status, headers, sent = _run(self._application, self._environ(request))
            if request.body.refused:  # the next bytes on the connection may belong to this request
                headers = [*headers, ("Connection", "close")]
            if isinstance(sent, bytes):
                protocol.response_bytes(status, headers, sent)
            else:
                large = LargeResponse(status, headers, sent)
        except BaseException:  # the outermost handler: otherwise an exception in a thread, even SystemExit, is lost
            log.exception("the application failed")
            protocol.response_empty(HTTPStatus.INTERNAL_SERVER_ERROR, [])
        finally:
            self._loop.call_soon_threadsafe(_settle, answered, large)

    def _environ(self, request: ReceivedRequest) -> WSGIEnvironment:
        scope, body = request.scope, request.body
        environ = self._always | {
            "REQUEST_METHOD": scope.method,
            "PATH_INFO": scope.path.encode().decode("latin-1"),
            "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
            "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else "HTTP/1.1",
            "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
            "wsgi.input": io.BytesIO(body.data),
        }
        for name, value in request.fields:
            if "_" in name:  # it could replace the header with a hyphen, which a proxy may have removed
                continue
            key = _variable(name)
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
        if scope.authority:  # an address in the request line overrules the Host header (RFC 9112, 3.2.2)
            environ["HTTP_HOST"] = scope.authority
        if "HTTP_CONTENT_TYPE" in environ:
            environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
        announced = environ.pop("HTTP_CONTENT_LENGTH", None), environ.pop("HTTP_TRANSFER_ENCODING", None)
        if any(announced):
            environ["CONTENT_LENGTH"] = str(len(body.data))
        if body.refused:
            environ[REFUSED] = body.refused
        return environ


@lru_cache(maxsize=256)
def _variable(name: str) -> str:
    """Return the name of a header in `environ`."""
    return "HTTP_" + name.upper().replace("-", "_")


def _of_every_request(public_url: str) -> WSGIEnvironment:
    public = urlsplit(public_url)
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": public.hostname or "",
        "SERVER_PORT": str(public.port or USUAL_PORTS[public.scheme]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": public.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _run(application: WSGIApplication, environ: WSGIEnvironment) -> tuple[int, list[tuple[str, str]], bytes | BinaryIO]:
    """Return status, headers and the whole body, which is a file if it is large."""
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((int(status[:3]), headers))
        return _refuse_to_write

    parts: Iterable[bytes] = application(environ, start_response)
    try:
        body = response_body.collected(parts)
    finally:
        close = getattr(parts, "close", None)
        if close:
            close()
    code, headers = started[-1]
    return code, headers, body


def _refuse_to_write(_: bytes) -> object:
    raise NotImplementedError("the response must be returned, not written")


def _settle(answered: asyncio.Future[LargeResponse | None], large: LargeResponse | None) -> None:
    if not answered.done():  # the server cancels it if the client has disconnected
        answered.set_result(large)
    elif large is not None:
        large.body.close()
