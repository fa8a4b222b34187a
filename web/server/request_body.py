"""Collects the body of a request in the event loop, before a thread is used, with limits on size, time and total memory.

A slow client would occupy a thread that waits for bytes. So views get complete bodies only. A refusal is passed on to
`web.middleware.request_checks`, which answers it after it has checked the Host header.

The steps, in this order:

1. A request that announces no body has none.
2. An announced length above the limit of the view is refused (413). What a client sends at once all the same is discarded
   first, unless it announces more than proxies pass on: a proxy which is still sending when the connection closes does not read our answer, and tells its client 502
   (RFC 9112, 9.6). A client that asks before it sends gets the answer at once.
3. The whole body must arrive within the deadline (408).
4. It must not exceed the limit of the view (413), nor the total for all requests of the process (503).
5. It must not arrive in very small pieces: each costs an iteration of the loop, and one packet can contain hundreds of
   chunks (400).
6. It must be complete: a broken chunk or a disconnected client is not the end of a body (400).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from granian.rsgi import Headers, HTTPProtocol, Scope  # type: ignore[attr-defined]  # its types do not export the one

#: Seconds from the end of the head to the end of the body.
BODY_S = 10.0

#: Most bytes of all bodies that one process holds at a time: seven of the largest forms. A part is reserved for small
#: bodies, for example of logins, so that a few large ones cannot block these.
MOST_IN_ALL = 64 * 1024 * 1024
RESERVED_FOR_SMALL = 16 * 1024 * 1024
SMALL = 64 * 1024

#: Most bytes and seconds for which a refused body is discarded: what proxies let through by default and a bit more.
MOST_DISCARDED = 16 * 1024 * 1024
DISCARDING_S = 1.0

#: Pieces in which any body may arrive, and the average size that further pieces must have: less than a packet.
PIECES = 64
PIECE_BYTES = 512


@dataclass(frozen=True, slots=True)
class RequestBody:
    """A complete body, or the reason why there is none."""

    data: bytes = b""
    refused: HTTPStatus | None = None


EMPTY = RequestBody()


class RequestBodies:
    """The bodies that one process holds, for one event loop. `limit_for(method, path)` returns bytes."""

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
        """Read the body. The caller must `release` it when the request is answered."""
        announced = headers.get("content-length")
        chunked = "transfer-encoding" in headers
        if not chunked and announced in {None, "0"}:  # 1.
            return EMPTY
        limit = self._limit_for(scope.method, scope.path)
        if not chunked and int(announced) > limit:  # 2. the server has checked that it is a number
            if "expect" not in headers and int(announced) <= MOST_DISCARDED:
                await self._discard(protocol)
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
        """Release the memory of a body."""
        self._left += len(body.data)

    async def _discard(self, protocol: HTTPProtocol) -> None:
        size = count = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARDING_S):
                async for piece in protocol:
                    size, count = size + len(piece), count + 1
                    if not piece or size > MOST_DISCARDED or count > PIECES + size // PIECE_BYTES:
                        return

    async def _read(self, protocol: HTTPProtocol, pieces: list[bytes], limit: int) -> HTTPStatus | None:
        """Append to `pieces`; return the reason for a refusal, if there is one."""
        size, ended = 0, False
        async for piece in protocol:
            if ended:  # 6. an empty piece means the end or an error, but only the end is the last piece
                return HTTPStatus.BAD_REQUEST
            ended = not piece
            if size + len(piece) > limit:  # 4.
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            size += len(piece)
            if len(piece) > self._left - (RESERVED_FOR_SMALL if size > SMALL else 0):
                return HTTPStatus.SERVICE_UNAVAILABLE
            self._left -= len(piece)
            pieces.append(piece)
            if len(pieces) > PIECES + size // PIECE_BYTES:  # 5.
                return HTTPStatus.BAD_REQUEST
        return None


def _size(pieces: list[bytes]) -> int:
    return sum(len(piece) for piece in pieces)
