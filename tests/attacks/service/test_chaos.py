"""Chaos: worker, zygote, children, web server and store are killed at random; afterwards every status is right."""

import contextlib
import json
import os
import random
import signal
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.store.embedded import EmbeddedStore
from tests.attacks.service.site_stage import Site, statuses, stop
from tests.attacks.service.vendor_stage import Vendor, ok

#: `CHAOS_S=30` asks for it; it takes half a minute more until the locks of the dead have ended.
SECONDS = float(os.environ.get("CHAOS_S", "0"))


def say(line, head, body):
    time.sleep(0.05)
    query = parse_qs(urlsplit(head.split(b" ")[1].decode()).query)
    line.send(ok(json.dumps({"user": query["user"][0], "session": query["session"][0]})))


def children_of(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


def descendants_of(pid):
    found = children_of(pid)
    return found + [deeper for child in found for deeper in descendants_of(child)]


class Parts:
    """The processes, each started again when it was killed, as a supervisor would."""

    def __init__(self, site, store):
        self.site, self.store = site, store
        self.worker, self.web = site.start("worker"), site.start_web()
        self.killed = []
        self.ended = []

    def kill(self, what):
        target = {
            "worker": lambda: self.worker.pid,
            "web": lambda: self.web.pid,
            "web child": lambda: random.choice(children_of(self.web.pid)),
            "zygote": lambda: random.choice(children_of(self.worker.pid)),
            "child": lambda: random.choice(descendants_of(self.worker.pid)[1:]),
            "store": lambda: (descendants_of(self.store._process.pid) or [self.store._process.pid])[-1],
        }[what]
        with contextlib.suppress(OSError, IndexError):
            os.kill(target(), signal.SIGKILL)
            self.killed.append(what)
        if what == "worker":
            self.worker.wait()
            self.worker = self.site.start("worker")
        elif what == "web":
            with contextlib.suppress(OSError):
                os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
            self.web = self.site.start("web.cli", "web")
        elif what == "store":
            time.sleep(0.2)
            self.store.start()

    def revive(self):
        """What has ended by itself is started again."""
        if self.worker.poll() is not None:
            self.ended.append(("worker", self.worker.returncode))
            self.worker = self.site.start("worker")
        if self.web.poll() is not None:
            self.ended.append(("web", self.web.returncode))
            self.web = self.site.start("web.cli", "web")

    def stop(self):
        for process in (self.web, self.worker):
            stop(process)


def ask(site, user, session, method="GET", more=""):
    path = f"/api/v1/implementations/one/sessions/s{session}/status{more}"
    try:
        got, seconds = site.ask(
            site.request(method, path, f"Authorization: Bearer {site.access(user=f'u{user}')}"), seconds=8
        )
    except OSError:
        return None, None, 0.0
    codes = statuses(got)
    if not codes or codes[0] >= 429:
        return (codes or [None])[0], None, seconds
    return codes[0], json.loads(got.partition(b"\r\n\r\n")[2] or b"null"), seconds


class Seen:
    """What attendees were shown that they should not have been."""

    def __init__(self):
        self.wrong, self.slow, self.codes = [], [], set()


def attendee(site, user, seen, over):
    """Asks, and now and then comes back from the vendor, until it is over."""
    chance = random.Random(user)
    while not over.is_set():
        session = chance.randrange(10)
        back = chance.random() < 0.2
        code, body, seconds = ask(site, user, session, *(("POST", "/returned") if back else ()))
        seen.codes.add(code)
        if seconds > 7:
            seen.slow.append((code, seconds))
        message = body and body["message"]
        if message and message["text"] not in {f"Hello u{user} at s{session}", "Ask at the desk"}:
            seen.wrong.append((user, session, message["text"]))
        time.sleep(0.05)


def is_right(body, user, session):
    shown = body and body["state"] == "ready" and not body["stale"] and body["message"]["text"]
    return shown == f"Hello u{user} at s{session}"


@pytest.mark.slow
@pytest.mark.skipif(not SECONDS, reason="takes a minute: set CHAOS_S to the seconds of killing")
def test_after_random_deaths_every_status_is_right_and_none_is_stuck(tmp_path):
    random.seed(7)
    vendor = Vendor(say)
    seen = Seen()
    with EmbeddedStore(tmp_path / "store") as store:
        site = Site(tmp_path, store.url, vendor=vendor.base)
        parts = Parts(site, store)
        over = threading.Event()

        attendees = [threading.Thread(target=attendee, args=(site, user, seen, over)) for user in range(6)]
        try:
            for each in attendees:
                each.start()
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends:
                time.sleep(random.uniform(0.2, 0.8))
                parts.revive()
                parts.kill(random.choice(["worker", "web", "web child", "zygote", "child", "child", "child", "store"]))
            over.set()
            for each in attendees:
                each.join()
            quiet = time.monotonic()
            waiting = {(user, session) for user in range(6) for session in range(10)}
            while waiting and time.monotonic() < quiet + 40:
                parts.revive()
                for user, session in sorted(waiting):
                    _, body, _ = ask(site, user, session)
                    if is_right(body, user, session):
                        waiting.discard((user, session))
                time.sleep(0.1)
        finally:
            over.set()
            parts.stop()
            site.close()
            vendor.stop()
        log = site.logs.read_text(errors="replace")
    assert not waiting, (parts.killed, parts.ended, seen.codes)
    assert not seen.wrong
    assert not seen.slow
    assert 500 not in seen.codes
    assert "V3ndorSecretOfTheSite" not in log
