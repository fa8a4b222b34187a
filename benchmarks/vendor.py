"""A vendor that answers after a fixed time and costs as little as possible: one asyncio process.

It knows who has claimed their credit, so that an answer tells each user something else, and it counts what it is asked:

    /credits?uid=u17&nid=S1     {"list": [], "number": 17}; the list has an entry once the user has claimed
    /claim?uid=u17              the user claims, at once and uncounted
    /attendance?page=0          the same for 1,000 users at a time, as a vendor's bulk list
    /counts                     how often each of the others was asked, at once
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from urllib.parse import parse_qs

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
PAGE = 1000


class Vendor:
    """What the vendor knows of its `people`, and what it was asked."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._claimed: set[str] = set()
        self.asked: Counter[str] = Counter()

    def answer(self, path: str, query: dict[str, list[str]]) -> object:
        """The JSON value for one request."""
        if path.endswith("/counts"):
            return dict(self.asked)
        if path.endswith("/claim"):
            self._claimed.add(query["uid"][0])
            return {}
        self.asked[path.rpartition("/")[2]] += 1
        if path.endswith("/attendance"):
            first = int(query["page"][0]) * PAGE
            numbers = range(first, min(first + PAGE, self._people))
            return {"people": {f"u{number}": self._credits(f"u{number}") for number in numbers}}
        return self._credits(query["uid"][0] if "uid" in query else "")

    def _credits(self, user: str) -> dict[str, object]:
        return {"list": ["claimed"] if user in self._claimed else [], "number": int(user[1:] or 0)}


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, vendor: Vendor, delay_s: float) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path, _, query = head.split(b" ", 2)[1].decode().partition("?")
            if not path.endswith(("/counts", "/claim")):
                await asyncio.sleep(delay_s)
            body = json.dumps(vendor.answer(path, parse_qs(query))).encode()
            writer.write(HEAD % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionResetError):
        writer.close()


async def main(delay_s: float, people: int) -> None:
    vendor = Vendor(people)
    server = await asyncio.start_server(lambda r, w: serve_one(r, w, vendor, delay_s), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2])))
