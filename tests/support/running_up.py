"""`up` as a process under test: started, asked, stopped, and looked after whether anything of it is left."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.eventually import eventually

START_S = 60
#: What Linux keeps of the name of a process.
NAME_BYTES = 15


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@dataclass
class Up:
    """One `up`. `mark` stands in the environment of all its processes, so that they can be found without their parents."""

    folder: Path
    port: int
    demo_port: int
    idp_port: int
    process: subprocess.Popen
    mark: str

    @property
    def service(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def demo(self):
        return f"http://127.0.0.1:{self.demo_port}"

    @property
    def idp(self):
        return f"http://127.0.0.1:{self.idp_port}"

    def output(self):
        return (self.folder / "up.out").read_text()

    def family(self):
        """The ids of all living processes which this `up` brought about, itself included."""
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and mentions(entry, self.mark):
                found.add(int(entry.name))
        return found

    def children(self, name):
        """Those which `up` started itself, and which have this name in lists of processes."""
        return {
            pid for pid in self.family() if name_of(pid) == name[:NAME_BYTES] and parent_of(pid) == self.process.pid
        }

    def stop(self, number=signal.SIGINT, patience_s=30):
        self.process.send_signal(number)
        return self.process.wait(patience_s)

    def gone(self, patience_s=15):
        """Whether the whole family ends within the time."""
        return eventually(lambda: not self.family(), patience_s)

    def get(self, path, *, demo=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.demo_port if demo else self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def mentions(entry, mark):
    """Whether a living process has the mark in its environment, or in its command line."""
    try:
        if (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        return mark.encode() in (entry / "environ").read_bytes() or mark.encode() in (entry / "cmdline").read_bytes()
    except OSError:
        return False


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def start_up(folder, *, ports=None, env=None):
    """Start `up` and wait until it says that it runs."""
    port, demo_port, idp_port = ports or free_ports(3)
    folder.mkdir(exist_ok=True)
    options = ("--port", port, "--demo-port", demo_port, "--idp-port", idp_port, "--data-folder", folder)
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SESSION_STATUS_", "DATABASE_URL", "REDIS_URL"))
    }
    with (folder / "up.out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "web.cli", "up", *map(str, options)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**own, "SESSION_STATUS_WEB_ASKS": "100000", **(env or {}), "TEST_FAMILY": str(folder)},
        )
    up = Up(folder, port, demo_port, idp_port, process, str(folder))
    eventually(lambda: "is running" in up.output() or process.poll() is not None, START_S)
    return up
