"""Fixtures: vendors on loopback, over real sockets. They answer byte by byte what a test tells them to.

`start_vendor(answer)` starts one; `answer` is bytes, a list of bytes (one for each request, the last again and again),
or a function of the `ReceivedRequest` which gives bytes, or which writes to `request.sock` itself and gives None (the connection
is closed after that).
"""

import contextlib
import json
import socket
import ssl
import threading
from dataclasses import dataclass, field

import pytest
import trustme


@dataclass
class Request:
    """A request as it came over the wire."""

    head: bytes
    body: bytes
    sock: socket.socket
    connection: int
    sni: str | None = None

    @property
    def method(self):
        return self.head.split(b" ", 2)[0].decode()

    @property
    def target(self):
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def headers(self):
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


def reply(body=b"", status=200, headers=(), *, content_type="application/json", length=True):
    """A well-formed answer; a body that is not a text is written as JSON."""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in (headers.items() if isinstance(headers, dict) else headers)]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Vendor:
    """A server on loopback. `requests` grows as they come; `connections` counts what was accepted."""

    answer: object
    tls: ssl.SSLContext | None = None
    family: int = socket.AF_INET
    address: str = "127.0.0.1"
    name: str = ""
    requests: list = field(default_factory=list)
    connections: int = 0

    def __post_init__(self):
        self.listener = socket.socket(self.family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.address, 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open = set()
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.name or self.address}:{self.port}"

    def close(self):
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for sock in self.open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)

    def _accept(self):
        while not self.closing.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock, number):
        with self.lock:
            self.open.add(sock)
        raw = sock
        try:
            # One small answer in two segments would otherwise wait for the other side's delayed acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with self.lock:
                self.open.discard(raw)
                self.open.add(sock)
            while self._one(sock, number):
                pass
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(raw)
                self.open.discard(sock)
            sock.close()

    def _one(self, sock, number):
        request = self._read(sock, number)
        if request is None:
            return False
        with self.lock:
            self.requests.append(request)
            count = len(self.requests)
        answer = self.answer
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, list):
            answer = answer[min(count, len(answer)) - 1]
        if answer is None:
            return False
        sock.sendall(answer)
        return b"connection: close" not in answer.lower()

    @staticmethod
    def _read(sock, number):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        request = Request(head, body, sock, number, getattr(sock, "sni", None))
        length = int(request.headers.get("content-length", 0))
        while len(request.body) < length:
            piece = sock.recv(65536)
            if not piece:
                return None
            request.body += piece
        return request


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def server_context(authority, *names):
    """The TLS side of a vendor whose certificate is for these names; what SNI asked for stands on the socket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)

    def note(sock, sni, _):
        sock.sni = sni

    context.sni_callback = note
    return context


@pytest.fixture
def start_vendor(authority):
    """Start a vendor; `tls` names the host of its certificate."""
    started = []

    def start(answer=b"", *, tls=None, **options):
        context = server_context(authority, tls) if tls else None
        started.append(Vendor(answer, tls=context, name=options.pop("name", tls or ""), **options))
        return started[-1]

    yield start
    for vendor in started:
        vendor.close()
