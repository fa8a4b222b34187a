"""The messages of HTTP/1.1 (RFC 9112): a request as it is sent, and an answer as a vendor's bytes give it.

Every call of every run passes here. The standard library reads headers with its parser for mails, and urllib3 wraps that once
more; both together cost ten times as much as this, which reads only what an answer to a GET or a POST can be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from .counted_socket import PIECE, AnswerTooLarge, BrokenAnswer, CountedReader, ExchangeBudget

MAX_HEADER_BYTES: Final = 64 * 1024  #: status lines and headers of one answer together
MAX_FIELDS: Final = 100  #: header fields of one answer

_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})([ \t].*)?")
_NAME = re.compile(rb"[!-9;-~]+")
_CHUNK_SIZE = re.compile(rb"[ \t]*(-?)([0-9A-Fa-f]+)[ \t]*(;.*)?")
_CONTINUE: Final = 100
_FIRST_FINAL: Final = 200
_WITHOUT_BODY: Final = frozenset({204, 304})
#: The fields that say where a body ends.
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})

#: What a request may consist of: without control characters, so that no text can begin a field or end the head.
_TARGET = re.compile(r"[!-~]+")
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_FIELD_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


@dataclass(frozen=True)
class OutgoingRequest:
    """A request, complete with credentials, so its `repr` shows only the method."""

    method: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)

    def as_bytes(self) -> bytes:
        """Return the bytes to send. Raises ValueError for characters that a head cannot have."""
        if not _TARGET.fullmatch(self.target):
            raise ValueError("the target has characters that are not allowed")
        headers = dict(self.headers)
        if self.body is not None or self.method == "POST":
            headers["Content-Length"] = str(len(self.body or b""))
        for name, value in headers.items():
            if not (_FIELD_NAME.fullmatch(name) and _FIELD_VALUE.fullmatch(value)):
                raise ValueError("a header has characters that are not allowed")
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1") + (self.body or b"")


@dataclass(frozen=True)
class IncomingResponse:
    """An answer as it came: header fields in order, with names in lower case; the body still in its content coding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Return the first field of this (lower case) name; "" if there is none."""
        return next((value for key, value in self.headers if key == name), "")


class _Head:
    """The head of an answer, as far as it decides where the answer ends."""

    def __init__(self, minor_version: int, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        self.minor_version = minor_version  #: of HTTP/1
        self.status = status
        self.headers = headers
        self._first = dict(reversed(headers))  #: the first field of each name

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this answer (RFC 9112, 9.3)."""
        connection = self._first.get("connection", "").lower()
        if self.minor_version:
            return "close" in connection
        return "keep-alive" not in connection

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        coding = self._first.get("transfer-encoding", "")
        return coding.lower() == "chunked" and self.status not in _WITHOUT_BODY

    @property
    def length(self) -> int | None:
        """The length of a body that does not come in chunks; None if it ends with the connection. Raises `BrokenAnswer` for two."""
        if self.status in _WITHOUT_BODY:
            return 0
        if "content-length" not in self._first:
            return None
        stated = {each.strip() for name, value in self.headers if name == "content-length" for each in value.split(",")}
        length, *others = stated
        if others:
            raise BrokenAnswer("two lengths")
        return int(length) if length.isascii() and length.isdigit() else None

    @property
    def is_framed_once(self) -> bool:
        """Whether it says only once where the body ends. Otherwise it could be read in two ways."""
        return sum(name in _FRAMING for name, _ in self.headers) <= 1


def read_response(reader: CountedReader, budget: ExchangeBudget, max_body: int) -> tuple[IncomingResponse, bool]:
    """Read an answer; return also whether another one may follow on this connection.

    `budget.room` must allow for `MAX_HEADER_BYTES`; for the body it is set here. Raises `BrokenAnswer` (or another ValueError),
    `AnswerTooLarge`, TimeoutError and OSError.
    """
    head = _read_head(reader)
    budget.room = max_body + max_body // 4 + MAX_HEADER_BYTES  # a quarter more for the frames of chunks
    body = _Body(reader, budget, max_body)
    length = None
    if head.is_chunked:
        body.read_chunks()
    else:
        length = head.length
        body.read(length)
    ends_by_itself = head.is_chunked or length is not None
    # Bytes after the answer would be read as the beginning of the next answer.
    keep = ends_by_itself and head.is_framed_once and not head.closes and not reader.has_surplus
    return IncomingResponse(head.status, head.headers, bytes(body.content)), keep


def _read_head(reader: CountedReader) -> _Head:
    """Read the head of the final answer: one or more `100 Continue` may come before it."""
    while True:
        line = _STATUS_LINE.fullmatch(reader.line())
        if line is None:
            raise BrokenAnswer("the status line")
        head = _Head(int(line[1]), int(line[2]), _read_fields(reader))
        if head.status >= _FIRST_FINAL:
            return head
        if head.status != _CONTINUE:
            raise BrokenAnswer("not a final answer")


def _read_fields(reader: CountedReader) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, str]] = []
    while line := reader.line():
        if line[0] in b" \t" and fields:  # the line before goes on (RFC 9112, 5.2)
            name, value = fields.pop()
            fields.append((name, f"{value} {line.strip(_BLANKS).decode('latin-1')}"))
            continue
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or not _NAME.fullmatch(raw_name):
            raise BrokenAnswer("a header field")
        fields.append((raw_name.decode("ascii").lower(), raw_value.strip(_BLANKS).decode("latin-1")))
        if len(fields) > MAX_FIELDS:
            raise AnswerTooLarge("more header fields than allowed")
    return tuple(fields)


_BLANKS: Final = b" \t"


class _Body:
    """The body of an answer, as far as it was read: at most one byte more than `most`, and then no more is read."""

    def __init__(self, reader: CountedReader, budget: ExchangeBudget, most: int) -> None:
        self._reader = reader
        self._budget = budget
        self._most = most
        self.content = bytearray()

    def read(self, length: int | None) -> None:
        """Read so many bytes, or until the connection ends."""
        while length is None or length > 0:
            room = min(PIECE, self._most + 1 - len(self.content))
            piece = self._reader.some(room if length is None else min(room, length))
            if not piece:
                if length is None:
                    return
                raise BrokenAnswer("an incomplete body")
            self.content += piece
            self._budget.body_bytes = len(self.content)
            if len(self.content) > self._most:
                raise AnswerTooLarge("a body that is larger than allowed")
            length = None if length is None else length - len(piece)

    def read_chunks(self) -> None:
        """Read a chunked body (RFC 9112, 7.1) with its trailers, which are dropped."""
        while size := _size_of_chunk(self._reader.line()):
            self.read(size)
            if self._reader.line():
                raise BrokenAnswer("the end of a chunk")
        while not self._reader.at_end() and self._reader.line():
            pass


def _size_of_chunk(line: bytes) -> int:
    found = _CHUNK_SIZE.fullmatch(line)
    if found is None:
        raise BrokenAnswer("the size of a chunk")
    if found[1]:  # without a sign, it is an enormous number
        raise AnswerTooLarge("a chunk of negative size")
    return int(found[2], 16)
