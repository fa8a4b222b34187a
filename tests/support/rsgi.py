"""What granian hands to our event loop, made by a test: the fields of a request, and what takes the response."""

import asyncio
from types import SimpleNamespace

from granian.rsgi import ProtocolClosed


class Fields(list):
    """The fields of a request: pairs, names in lower case."""

    def items(self):
        return self

    def get(self, name):
        return dict(self).get(name)

    def __contains__(self, name):
        return name in dict(self)


class Protocol:
    """Takes the answer."""

    def __init__(self, *pieces):
        self._pieces = pieces
        self.answer = None
        self.pieces = []
        self.closes = False

    async def __aiter__(self):
        for piece in self._pieces:
            yield piece

    async def client_disconnect(self):
        await asyncio.Event().wait()

    def response_bytes(self, status, headers, body):
        self.answer = (status, headers, body)

    def response_empty(self, status, headers):
        self.answer = (status, headers, b"")

    def response_stream(self, status, headers):
        self.answer = (status, headers, b"")
        return self

    async def send_bytes(self, piece):
        if self.closes:
            raise ProtocolClosed
        self.pieces.append(len(piece))
        self.answer = (*self.answer[:2], self.answer[2] + piece)


def scope(*fields, **more):
    """The head of a request, a GET of / unless something else is said."""
    known = {"method": "GET", "path": "/", "query_string": "", "http_version": "1.1", "authority": None}
    return SimpleNamespace(**known | {"client": "192.0.2.7:4711", "headers": Fields(fields)} | more)
