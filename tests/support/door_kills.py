"""A door at which everything dies by SIGKILL in the middle of its work: the phone's browser, the web server, the store.

`scan_through_kills` scans badges, each one once, and says in the end what the ledger has of those that the phone confirmed.
Where and when something dies follows from a seed.
"""

import os
import random
import signal
import socket
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.store.clients import connect
from runner.store.embedded import find_server
from runner.store.environment_mark import change_mark
from tests.support import warm_start
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.door import Phone, door_of
from tests.support.eventually import eventually
from tests.support.real_server import Server, environment_of, free_port, furnish

KINDS = ("browser", "web", "store")
#: Scans that are still to be made when a part dies.
MORE = 25
#: Scans the badges from one number to another, and tells each that is safe on the phone. One that is not saved is scanned again.
SCAN = """([first, last]) => {
  window.scanned = first;
  const scan = (number) => queue.add({ session: "CE-1", badge_id: `B-${number}`, entry: "camera" })
    .catch((fault) => (fault instanceof NotSaved ? scan(number) : Promise.reject(fault)));
  (async () => {
    for (let number = first; number < last; number += 1) {
      const stored = await scan(number);
      confirmed(stored.scan.id, number);
      window.scanned = number + 1;
    }
  })();
}"""
REACHED = "(number) => window.scanned >= number"


@dataclass(frozen=True)
class KillResult:
    """How many scans the phone has confirmed, and which of them the ledger lacks, or has twice."""

    confirmed: int
    kills: int
    lost: int
    doubled: int


class DyingDoor:
    """The parts, each of which can be killed and started again where it was."""

    def __init__(self, folder, browser_type):
        self._folder, self._browser_type = folder, browser_type
        self._ports = {"store": free_port(), "web": free_port()}
        self.redis_url = f"redis://127.0.0.1:{self._ports['store']}/0"
        self.confirmed = {}  # number of the badge by id of the scan
        self.phone = self._store = self._web = self._context = None

    def start(self):
        furnish(f"sqlite:///{self._folder / 'records.db'}")
        self.start_store()
        with closing(connect(self.redis_url)) as store:
            change_mark(store, "development")
        self.start_web()

    def start_store(self):
        options = ("--dir", str(self._folder), "--appendonly", "yes", "--save", "", "--logfile", "store.log")
        self._store = _start(
            [find_server(), "--port", str(self._ports["store"]), "--bind", "127.0.0.1", *options],
            stderr=subprocess.DEVNULL,
        )
        assert eventually(lambda: _answers(self._ports["store"])), "the store does not answer"

    def start_web(self):
        environment = environment_of(self._folder, self.redis_url, self._ports["web"])
        with (self._folder / "web.log").open("ab") as log:
            self._web = warm_start.start("web.cli", "web", env=environment, output=log, new_session=True)
        self.server = Server(self._ports["web"], self._web, self.redis_url)
        self.server.await_answer()

    def start_browser(self, door):
        self._context = self._browser_type.launch_persistent_context(
            str(self._folder / "profile"), executable_path=str(CHROMIUM), args=FLAGS, base_url=door.address
        )
        self._context.add_cookies([door.cookie()])
        self._context.expose_function("confirmed", lambda scan_id, number: self.confirmed.update({scan_id: number}))
        page = self._context.pages[0]
        page.set_default_timeout(180_000)
        self.phone = Phone(page, door.files).open()

    def kill(self, kind):
        """Kill a part."""
        if kind != "browser":
            _kill(self._web if kind == "web" else self._store)
            return
        with self._context.expect_event("close"):
            for pid in self._browser_pids():
                os.kill(pid, signal.SIGKILL)
        self._context = None

    def start_again(self, kind, door):
        """Start a part that was killed."""
        if kind == "browser":
            self.start_browser(door)
            return
        self.start_web() if kind == "web" else self.start_store()
        self.phone.try_now()

    def close(self):
        if self._context:
            self._context.close()
        _kill(self._web)
        _kill(self._store)

    def _browser_pids(self):
        """The processes of our browser, by its profile; its first process is the parent of the others."""
        mark = f"--user-data-dir={self._folder / 'profile'}".encode()
        found = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if mark in _read(path)]
        return [int(path.name) for path in found]


@contextmanager
def dying_door(folder, browser_type):
    """Start everything; in the end, nothing of it is left."""
    parts = DyingDoor(folder, browser_type)
    try:
        parts.start()
        with door_of(parts.server, folder, parts.redis_url) as door:
            parts.start_browser(door)
            yield parts, door
    finally:
        parts.close()


def scan_through_kills(parts, door, *, scans, kills, seed):
    """Scan so many badges while parts die at so many places."""
    chance = random.Random(seed)
    kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
    chance.shuffle(kinds)
    scanned = 0
    for place, kind in zip(sorted(chance.sample(range(1, scans - MORE), kills)), kinds, strict=True):
        last = max(scanned, place) + MORE
        parts.phone.page.evaluate(SCAN, [scanned, last])
        parts.phone.page.wait_for_function(REACHED, arg=place)
        parts.kill(kind)
        parts.start_again(kind, door)
        if kind == "browser":
            (newest,) = parts.phone.newest(n=1)
            scanned = int(newest["badge_id"].removeprefix("B-")) + 1
        else:
            parts.phone.page.wait_for_function(REACHED, arg=last)
            scanned = last
    parts.phone.page.evaluate(SCAN, [scanned, scans])
    parts.phone.page.wait_for_function(REACHED, arg=scans)
    parts.phone.try_now()
    parts.phone.settled(patience=300_000)
    return _result(parts, door, kills)


def _result(parts, door, kills):
    stored = door.stored()
    badges = [badge for _, badge in stored]
    lost = set(parts.confirmed) - {scan_id for scan_id, _ in stored}
    return KillResult(len(parts.confirmed), kills, len(lost), len(badges) - len(set(badges)))


def _start(command, **more):
    """Start a process in a group of its own, so that its children die with it."""
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, **more)


def _kill(process):
    if process and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _read(path):
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile
        return b""
