"""A load that costs little itself: raw sockets, keep-alive, threads which mostly wait."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """What came back to one request."""

    status: int
    body: bytes
    ms: float


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str, *fields: str) -> Reply:
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *fields, "", ""]
        start = time.perf_counter()
        asked = "\r\n".join(lines).encode()
        self._socket.sendall(asked)
        got = self._socket.recv(65536)
        if not got:  # the server closed an idle connection
            self._open()
            self._socket.sendall(asked)
            got = self._socket.recv(65536)
        while b"\r\n\r\n" not in got:
            got += self._socket.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:"))
        while len(body) < length:
            body += self._socket.recv(65536)
        return Reply(int(head[9:12]), body, (time.perf_counter() - start) * 1000)

    def close(self) -> None:
        self._socket.close()


def side_by_side(jobs: Sequence[Callable[[], None]]) -> None:
    """Run all at once and wait for the last."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
