"""A network between a browser and a server that has the delay and the rate of a mobile one."""

import queue
import socket
import threading
import time
from contextlib import contextmanager

#: 3G, as web performance tests have it: seconds for the way there and back, bytes a second to the phone.
ROUND_TRIP, RATE = 0.3, 200_000


@contextmanager
def slow_network(listener, port):
    """Pass everything that comes to a listening socket on to a port of this machine, slowly."""
    threading.Thread(target=_accept, args=(listener, port), daemon=True).start()
    try:
        yield
    finally:
        listener.close()


def _accept(listener, port):
    while True:
        try:
            near, _ = listener.accept()
        except OSError:  # closed: the end
            return
        threading.Thread(target=_connect, args=(near, port), daemon=True).start()


def _connect(near, port):
    time.sleep(ROUND_TRIP)  # the handshake
    far = socket.create_connection(("127.0.0.1", port))
    for source, target, rate in ((near, far, None), (far, near, RATE)):
        threading.Thread(target=_pass_on, args=(source, target, rate), daemon=True).start()


def _pass_on(source, target, rate):
    waiting = queue.Queue()
    threading.Thread(target=_deliver, args=(waiting, target, rate), daemon=True).start()
    while True:
        try:
            piece = source.recv(16_384)
        except OSError:
            piece = b""
        waiting.put((time.monotonic() + ROUND_TRIP / 2, piece))
        if not piece:
            return


def _deliver(waiting, target, rate):
    while True:
        due, piece = waiting.get()
        time.sleep(max(0, due - time.monotonic()))
        try:
            if not piece:
                target.shutdown(socket.SHUT_WR)
                return
            if rate:
                time.sleep(len(piece) / rate)
            target.sendall(piece)
        except OSError:  # the other side is gone
            return
