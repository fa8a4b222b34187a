"""The body of a response: in memory if it is small, as every page is, else in a temporary file that is sent piece by piece.

The application has ended before the first byte is sent. So no thread and no database connection waits for a client, memory
does not grow with the body, and a body that could not be made completely is an error and never half a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from granian.rsgi import HTTPProtocol, ProtocolClosed  # type: ignore[attr-defined]  # its types do not export them

#: Bytes of a body that stay in memory.
IN_MEMORY: Final = 1024 * 1024
#: Bytes that are sent at once.
PIECE: Final = 64 * 1024


def collected(parts: Iterable[bytes]) -> bytes | BinaryIO:
    """Return the whole body: as bytes, or as a file at its beginning, which the caller closes."""
    kept, size, rest = [], 0, iter(parts)
    for part in rest:
        kept.append(part)
        size += len(part)
        if size > IN_MEMORY:
            return _in_file(kept, rest)
    return b"".join(kept)


async def send(file: BinaryIO, protocol: HTTPProtocol, status: int, headers: list[tuple[str, str]]) -> None:
    """Send a response with this file as its body, each piece when the client has taken the one before; then close the file."""
    with file:
        transport = protocol.response_stream(status, headers)
        try:
            while piece := file.read(PIECE):
                await transport.send_bytes(piece)
        except ProtocolClosed:
            return  # the client has gone


def _in_file(kept: list[bytes], rest: Iterator[bytes]) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        file.writelines(kept)
        file.writelines(rest)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
