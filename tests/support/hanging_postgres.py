"""A relay in front of PostgreSQL on a unix socket, which hangs on request, like a frozen server or lost packets."""

import contextlib
import selectors
import socket
import threading

NAME = ".s.PGSQL.5432"


class Relay:
    """Listens in `folder` and leads to the server in `target`. While it hangs it takes connections and moves no byte."""

    def __init__(self, folder, target):
        self._target = f"{target}/{NAME}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/{NAME}")
        self._listener.listen(100)
        self._moving = threading.Event()
        self._moving.set()
        self._closed = threading.Event()
        self.accepted = 0
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def hang(self):
        self._moving.clear()

    def move(self):
        self._moving.set()

    def close(self):
        self._closed.set()
        self.move()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self):
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._threads.append(threading.Thread(target=self._serve, args=(client,)))
            self._threads[-1].start()

    def _serve(self, client):
        self._moving.wait()
        server = socket.socket(socket.AF_UNIX)
        with client, server, selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
            server.connect(self._target)
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while not self._closed.is_set():
                for key, _ in ready.select(0.05):
                    data = key.fileobj.recv(65536)
                    self._moving.wait()
                    if not data:
                        return
                    key.data.sendall(data)
