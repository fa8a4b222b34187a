"""Setup for hostile vendors: a raw TCP server with a scripted behaviour, and the powers that must handle it.

No HTTP library is on the vendor's side: what is attacked are the places where HTTP libraries disagree.
"""

import contextlib
import json
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field

from runner.powers import VendorConnection, VendorServices
from sandbox import Answer, Call, CallNotMade

#: What an honest vendor answers, on any connection, to a request for /clean/<word>.
CLEAN = "/clean/"


class Line:
    """One connection of a vendor: requests come in, anything goes out."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def request(self):
        """The next request as (head, body); None when the other side has gone."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        length = 0
        for row in head.split(b"\r\n")[1:]:
            name, _, value = row.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.buffer = rest
        while len(self.buffer) < length:
            if not self._more():
                return None
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return head, body

    def _more(self):
        try:
            piece = self.sock.recv(65536)
        except OSError:
            return False
        self.buffer += piece
        return bool(piece)

    def send(self, data):
        self.sock.sendall(data)

    def drip(self, data, pause=0.05, piece=1):
        for at in range(0, len(data), piece):
            self.send(data[at : at + piece])
            time.sleep(pause)


def ok(body=b"ok", *extra):
    """A plain, correct answer."""
    body = body.encode() if isinstance(body, str) else body
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *extra]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


class Vendor:
    """Listens on loopback; each connection is served by `part(line, head, body)` for each request.

    A part given as bytes is sent as it stands, and then the connection is closed when `close` says so.
    """

    def __init__(self, part, *, close=False, first=None, clean=True):
        self.part = part
        self.close_after = close
        self.first = first
        self.clean = clean
        self.heads = []
        self.connections = 0
        self._socks = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._socks.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        line = Line(sock)
        with contextlib.suppress(OSError):
            if self.first:
                self.first(line)
            while True:
                asked = line.request()
                if asked is None:
                    break
                head, body = asked
                self.heads.append(head)
                path = head.split(b" ")[1].decode("latin-1")
                if self.clean and path.startswith(CLEAN):
                    line.send(ok(path.removeprefix(CLEAN)))
                    continue
                if callable(self.part):
                    if self.part(line, head, body) is False:
                        break
                else:
                    line.send(self.part)
                    if self.close_after:
                        break
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@dataclass
class Result:
    """How one call ended, and what it cost."""

    answer: Answer | None
    fault: str | None
    text: str
    seconds: float
    record: dict
    calls: list = field(default_factory=list)

    @property
    def everything(self):
        """All that a script, a trace or a log could see of it."""
        shown = [self.text, json.dumps(self.record), repr(self.calls)]
        if self.answer:
            shown += [repr(self.answer), self.answer.text, *self.answer.headers, *self.answer.headers.values()]
        return "\n".join(shown)


def connection(base, **changes):
    """A connection of an implementation that no other test uses, so that no circuit breaker remembers another test."""
    plain = {"implementation": "t" + secrets.token_hex(6), "name": "vendor", "base_url": base, "timeout_s": 1.0}
    return VendorConnection(**(plain | changes))


def call(vendors, conn, path="/x", *, method="GET", seconds=3.0, **more):
    """Make one call as a run of its own."""
    powers = vendors.powers({conn.name: conn})
    began = time.monotonic()
    answer = fault = None
    text = ""
    try:
        asked = Call(method, conn.name, path, **more)
        answer = powers.call(asked, deadline=began + seconds, read_bytes_left=1024 * 1024)
    except CallNotMade as failed:
        fault, text = failed.fault.value, failed.text
    spent = time.monotonic() - began
    return Result(answer, fault, text, spent, powers.calls[-1].as_json(), powers.calls)


def make_vendors(redis, **more):
    more.setdefault("allow_loopback", True)
    return VendorServices(redis=redis, **more)
