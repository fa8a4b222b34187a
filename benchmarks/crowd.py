"""A crowd of attendees, as the app asks for them: each waits as long as it was told to, and knows what it must see.

One asyncio loop with keep-alive connections, as the proxy before the service has them. It costs the machine little.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

ASK = "/api/v1/implementations/{}/sessions/{}/status"
#: Seconds after which a person who has not seen the right message is counted as one who never did.
GIVES_UP_S = 60.0


@dataclass(frozen=True)
class Reply:
    """What came back to one request."""

    status: int
    fields: dict[str, str]
    body: bytes


class Wire(asyncio.Protocol):
    """One keep-alive connection: one request at a time."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, rest = bytes(self._got).partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(rest) < int(fields.get("content-length", 0)):
            return
        self._got.clear()
        assert self._waiting
        if not self._waiting.done():
            self._waiting.set_result(Reply(int(first[9:12]), fields, rest))

    async def ask(self, words: bytes) -> Reply:
        """Send one request and return its reply. Raises `OSError` if the connection ends."""
        assert self._transport
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(words)
        return await self._waiting


class Line:
    """As many connections to one port as there are requests on their way."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Wire] = []

    async def ask(self, method: str, path: str, *fields: str) -> Reply:
        """Send one request on an idle connection; on a new one if there is none, or if it has just been closed. Raises `OSError`."""
        length = ("Content-Length: 0",) if method == "POST" else ()
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *fields, *length, "", ""]
        words = "\r\n".join(lines).encode()
        while self._idle:
            wire = self._idle.pop()
            if wire.open:
                with suppress(
                    ConnectionResetError
                ):  # the server closed an idle connection, as every client must expect
                    return await self._asked(wire, words)
        _, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", self._port)
        return await self._asked(wire, words)

    async def _asked(self, wire: Wire, words: bytes) -> Reply:
        reply = await asyncio.wait_for(wire.ask(words), GIVES_UP_S)
        self._idle.append(wire)
        return reply


@dataclass
class Seen:
    """What a crowd saw: how long each of its people waited for the right message, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  #: messages that are not this person's, or not of this moment
    errors: list[str] = field(default_factory=list)

    def within(self, seconds: float) -> float:
        """The share of all people who saw the right message within so many seconds, in percent."""
        everyone = len(self.seconds) + len(self.errors)
        return 100 * sum(taken <= seconds for taken in self.seconds) / max(1, everyone)

    def percentile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("inf")

    @property
    def requests_each(self) -> float:
        return sum(self.requests) / max(1, len(self.requests))


@dataclass(frozen=True)
class Person:
    """One attendee at one session. `before` and `after` are what the message says until they have claimed, and then."""

    number: int
    login: str
    implementation: str = "bench"
    session: str = "S1"

    @property
    def before(self) -> str:
        return f"Claim 1.0 CE credit {self.number}"

    @property
    def after(self) -> str:
        return f"Credit claimed {self.number}"

    @property
    def path(self) -> str:
        return ASK.format(self.implementation, self.session)


class Crowd:
    """People who ask the service at `port`, and claim at the vendor at `vendor_port`."""

    def __init__(self, port: int, vendor_port: int) -> None:
        self._service, self._vendor = Line(port), Line(vendor_port)

    async def look(self, person: Person, seen: Seen) -> None:
        """Open the session's detail view and stay until the message is there."""
        await self._until_right(person, person.before, (), 0, seen)

    async def come_back(self, person: Person, seen: Seen) -> None:
        """Claim, return from the vendor's site, and stay until the message has changed."""
        await self._vendor.ask("GET", f"/claim?uid=u{person.number}")
        await self._until_right(person, person.after, (person.before,), 1, seen)

    async def look_again(self, person: Person, seen: Seen) -> None:
        """Ask once for a message that is cached."""
        began = time.perf_counter()
        reply = await self._service.ask("GET", person.path, f"Authorization: {person.login}")
        seen.seconds.append(time.perf_counter() - began)
        if reply.status != 200:
            seen.errors.append(f"{reply.status} for a cached status")

    async def _until_right(self, person: Person, right: str, earlier: Sequence[str], returns: int, seen: Seen) -> None:
        began, asked = time.perf_counter(), 0
        method, path = ("POST", f"{person.path}/returned") if returns else ("GET", person.path)
        while time.perf_counter() - began < GIVES_UP_S:
            try:
                reply = await self._service.ask(method, path, f"Authorization: {person.login}", "Prefer: wait=2")
            except OSError as error:
                seen.errors.append(type(error).__name__)
                return
            asked += 1
            if reply.status not in (200, 202):
                seen.errors.append(f"{reply.status} {reply.body[:80]!r}")
                return
            said = json.loads(reply.body)
            text = (said["message"] or {}).get("text", "")
            if said["state"] == "ready" and text == right:
                seen.seconds.append(time.perf_counter() - began)
                seen.requests.append(asked)
                return
            if text not in ("", right, *earlier) or (said["state"] == "ready" and text in earlier):
                seen.wrong.append(f"{text!r} for {right!r}")
            method, path = "GET", person.path
            await asyncio.sleep(float(reply.fields.get("retry-after") or said.get("refresh_after") or 1))
        seen.errors.append("gave up")


async def spread(people: Sequence[Person], seconds: float, does: Callable[[Person], Awaitable[None]]) -> None:
    """Let each person begin at a random moment of these seconds, and wait for the last to end."""
    chance = random.Random(2026)
    begun = time.perf_counter()

    async def one(person: Person, at: float) -> None:
        await asyncio.sleep(max(0.0, begun + at - time.perf_counter()))
        await does(person)

    await asyncio.gather(*(one(person, chance.uniform(0, seconds)) for person in people))
