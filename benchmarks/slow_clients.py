"""Clients that send nothing, half a head, or a byte a second; as many as were asked for, for as long as it runs.

`python -m benchmarks.slow_clients PORT silent=1000 half=500 drip=500 body=100` says "ready" when all are there, and
takes the place of each one that the server ends. One thread and one selector, so that it costs the machine little.
"""

from __future__ import annotations

import resource
import selectors
import socket
import sys
import time
from contextlib import suppress

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BEGINNINGS = {
    "silent": b"",
    "half": HEAD,
    "drip": HEAD + b"X-Drip: ",
    "body": b"POST /login/nobody HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000\r\n\r\n",
}
DRIPPING = ("drip", "body")


class Crowd:
    """The slow clients of one port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._kinds: dict[socket.socket, str] = {}

    def add(self, kind: str) -> None:
        client = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        client.sendall(BEGINNINGS[kind])
        client.setblocking(False)
        self._kinds[client] = kind
        self._selector.register(client, selectors.EVENT_READ)

    def replace_ended(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            with suppress(OSError):
                if client.recv(65536):
                    continue
            self._selector.unregister(client)
            client.close()
            self.add(self._kinds.pop(client))

    def drip(self) -> None:
        for client, kind in self._kinds.items():
            if kind in DRIPPING:
                with suppress(OSError):  # the server has just ended it
                    client.send(b"x")


def main(port: int, numbers: dict[str, int]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, sum(numbers.values()) + 100)), hard))
    crowd = Crowd(port)
    for kind, number in numbers.items():
        for _ in range(number):
            crowd.add(kind)
    print("ready", flush=True)
    last = time.monotonic()
    while True:
        crowd.replace_ended(0.1)
        if time.monotonic() - last > 1:
            last = time.monotonic()
            crowd.drip()


if __name__ == "__main__":
    main(int(sys.argv[1]), {kind: int(number) for kind, _, number in (word.partition("=") for word in sys.argv[2:])})
