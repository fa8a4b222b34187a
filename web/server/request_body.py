"""Collects the body of a request in the event loop, before any thread is taken for it: within a size, a time and a sum.

A thread that waits for bytes is a thread that a slow client holds. So the views get bodies that are complete, and the
refusal of any other is only carried to them: `web.middleware.request_checks` answers it, after it has looked at the Host header.

The steps, in this order:

1. A request which announces no body has none.
2. An announced length above what the view takes is refused before a byte is read (413).
3. The whole body arrives within the deadline (408).
4. Nothing beyond what the view takes is kept (413), nor beyond the sum for all requests of the process (503).
5. It does not come in crumbs: each costs a turn of the loop, and one packet may hold hundreds of chunks (400).
6. It is complete: a broken chunk or a client that has gone away is no end of a body (400).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from granian.rsgi import Headers, HTTPProtocol, Scope  # type: ignore[attr-defined]  # its types do not export the one

#: Seconds from the end of the head to the end of the body.
BODY_S = 10.0

#: Bytes of all bodies which one process holds at a time: seven of the largest forms. A part of it is kept for small
#: bodies, such as those of logins, so that a few large ones cannot shut these out.
MOST_IN_ALL = 64 * 1024 * 1024
KEPT_FOR_SMALL = 16 * 1024 * 1024
SMALL = 64 * 1024

#: Pieces in which any body may arrive, and the bytes each further one has to hold on average: less than a packet does.
PIECES = 64
PIECE_BYTES = 512


@dataclass(frozen=True, slots=True)
class RequestBody:
    """A complete body, or why there is none."""

    data: bytes = b""
    refused: HTTPStatus | None = None


EMPTY = RequestBody()


class RequestBodies:
    """The bodies that one process holds. For one event loop; `limit_for(method, path)` is in bytes."""

    def __init__(
        self,
        limit_for: Callable[[str, str], int],
        *,
        deadline_s: float = BODY_S,
        most_in_all: int = MOST_IN_ALL,
    ) -> None:
        self._limit_for = limit_for
        self._deadline_s = deadline_s
        self._left = most_in_all

    async def collect(self, scope: Scope, headers: Headers, protocol: HTTPProtocol) -> RequestBody:
        """Read the body. Whoever gets it gives it back with `release` when the request is answered."""
        announced = headers.get("content-length")
        chunked = "transfer-encoding" in headers
        if not chunked and announced in {None, "0"}:  # 1.
            return EMPTY
        limit = self._limit_for(scope.method, scope.path)
        if not chunked and int(announced) > limit:  # 2. the server has seen that it is a number
            return RequestBody(refused=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        pieces: list[bytes] = []
        try:
            async with asyncio.timeout(self._deadline_s):  # 3.
                refused = await self._read(protocol, pieces, limit)
        except TimeoutError:
            refused = HTTPStatus.REQUEST_TIMEOUT
        except BaseException:
            self._left += _size(pieces)
            raise
        body = RequestBody(b"".join(pieces))
        if not refused and not chunked and len(body.data) != int(announced):  # 6.
            refused = HTTPStatus.BAD_REQUEST
        if refused:
            self.release(body)
            return RequestBody(refused=refused)
        return body

    def release(self, body: RequestBody) -> None:
        """Give back what a body held."""
        self._left += len(body.data)

    async def _read(self, protocol: HTTPProtocol, pieces: list[bytes], limit: int) -> HTTPStatus | None:
        """Append to `pieces`; return why to stop, if there is a reason."""
        size, ended = 0, False
        async for piece in protocol:
            if ended:  # 6. the server tells an error by an empty piece, too, but only the end is the last one
                return HTTPStatus.BAD_REQUEST
            ended = not piece
            if size + len(piece) > limit:  # 4.
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            size += len(piece)
            if len(piece) > self._left - (KEPT_FOR_SMALL if size > SMALL else 0):
                return HTTPStatus.SERVICE_UNAVAILABLE
            self._left -= len(piece)
            pieces.append(piece)
            if len(pieces) > PIECES + size // PIECE_BYTES:  # 5.
                return HTTPStatus.BAD_REQUEST
        return None


def _size(pieces: list[bytes]) -> int:
    return sum(len(piece) for piece in pieces)
