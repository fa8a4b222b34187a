"""A web server that does what ours must not: it hangs up, answers with a huge head, and notes what nginx sends it."""

import http.server
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stub:
    """What came in, and what to do about it: a status to answer with, or None to hang up."""

    port: int = 0
    status: int | None = 200
    head: dict[str, str] = field(default_factory=dict)
    asked: list = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@contextmanager
def upstream():
    """Serve on a free port until the end."""
    stub = Stub()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stub.asked.append((self.command, self.path, dict(self.headers), body))
            stub.arrived.set()
            if stub.status is None:
                self.close_connection = True
                return
            self.send_response(stub.status)
            for name, value in stub.head.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = answer  # noqa: N815 - the names of http.server

        def log_message(self, *_):
            """The tests look at what arrived."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """A proxy that ends resets its connections."""

    server = Server(("127.0.0.1", 0), Handler)
    stub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
