"""How long an author waits for the findings of the editor, and whether anybody's status waits for checks."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from records import Database
from records.people import grants
from records.tenants import implementations
from runner.logins import Visitor
from web.auth.logins import Logins

from .house import SLUG, House, house
from .measure import Times
from .miss import VENDOR_S, open_loop

DRAFT = f"/console/implementations/{SLUG}/scripts/draft"
PAUSE_S = 0.1
#: Misses a second while the statuses are measured.
RATE = 15
FUNCTION = '''

def credit_{number}(user, session, api):
    """Say whether credit {number} was claimed."""
    answer = api.get("vendor", "/credits", params={{"uid": user.id, "nid": session.id, "kind": "{number}"}})
    if not answer.ok:
        api.log("the vendor answered", answer.status)
        return None
    rows = [row for row in answer.json()["list"] if row.get("kind") == "{number}"]
    return rows[0] if rows else None
'''
STATUS = '''

def status(user, session, api):
    """Show the first credit that was not claimed."""
    if credit_0(user, session, api):
        return message("Credit claimed", color="#006109")
    return message("Claim 1.0 CE credit")
'''


def script(lines: int) -> str:
    """A script of so many lines that passes the check."""
    functions = (lines - STATUS.count("\n") - 1) // FUNCTION.count("\n")
    text = '"""CE credit."""\n' + "".join(FUNCTION.format(number=number) for number in range(functions)) + STATUS
    return text + "# more\n" * (lines - text.count("\n"))


class Editor:
    """One author with the editor open; sends what the editor sends while somebody types."""

    def __init__(self, ours: House, user: str) -> None:
        visitor = Visitor(SLUG, user, f"login of {user}", int(time.time()), "saml", int(time.time()))
        logins = Logins(secret_keys=ours.settings.keys, secure=False, store=ours.logins)
        self._host = f"127.0.0.1:{ours.port}"
        self._connection = HTTPConnection(self._host, timeout=30)
        self._headers = {"Cookie": f"{logins.cookie}={logins.sign(visitor)}", "Origin": f"http://{self._host}"}
        status, page, cookie = self._ask("GET", "")
        assert status == 200, page[:500]
        self._headers["Cookie"] += f"; {cookie.partition(';')[0]}"
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found
        self._token = unescape(found[1])
        self._typed = itertools.count()

    def check(self, text: str) -> float:
        """Have a text checked that nobody has checked before; return how long that took, in ms."""
        fields = {"csrf_token": self._token, "source": f"{text}# {next(self._typed)}\n", "revision": 0}
        start = time.perf_counter()
        status, told, _ = self._ask("POST", "/findings", urlencode(fields))
        taken = (time.perf_counter() - start) * 1000
        assert (status, json.loads(told)["fault"]) == (200, ""), told[:500]
        return taken

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str, str]:
        headers = self._headers | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        self._connection.request(method, DRAFT + path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie", "")

    def close(self) -> None:
        self._connection.close()


def let_write(ours: House, *users: str) -> None:
    """Let these users write scripts."""
    database = Database(ours.settings.database_url, environment=ours.settings.environment)
    with database.session() as db:
        demo = implementations.find(db, SLUG)
        assert demo
        for user in users:
            grants.add(db, demo, kind="username", value=user, role="author", by="benchmark")
    database.dispose()


@contextmanager
def others_checking(ours: House, *users: str) -> Iterator[None]:
    """Within the block, each of these authors has one long script checked after the other, as often as one may."""
    ended = threading.Event()

    def work(user: str) -> None:
        editor, long_one = Editor(ours, user), script(800)
        while not ended.wait(0.25):  # four a second is what one person may
            editor.check(long_one)
        editor.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def checked(editor: Editor, text: str, count: int) -> Times:
    taken = []
    for _ in range(count):
        time.sleep(PAUSE_S)
        taken.append(editor.check(text))
    return Times(tuple(taken))


def measure(folder: Path, *, checks: int, misses: int) -> dict[str, object]:
    """The first check, checks beside an idle and beside a busy worker, and misses without and beside checks, in turns."""
    text, numbers = script(500), itertools.count()
    idle: list[float] = []
    busy: list[float] = []
    alone: list[float] = []
    beside: list[float] = []
    with house(folder, vendor_s=VENDOR_S, people=4 * misses + 500) as ours:
        let_write(ours, "u0", "u1", "u2")
        editor = Editor(ours, "u0")
        first = editor.check(text)

        def missed(count: int) -> list[float]:
            start = 10 + next(numbers) * count
            return [ms - VENDOR_S * 1000 for ms in open_loop(ours, first=start, count=count, rate=RATE).all_ms]

        checked(editor, text, 10)
        missed(misses // 2)
        for _ in range(2):
            idle += checked(editor, text, checks // 2).all_ms
            alone += missed(misses // 2)
            with others_checking(ours, "u1", "u2"):
                busy += checked(editor, text, checks // 4).all_ms
                beside += missed(misses // 2)
        editor.close()
    warm, crowded, quiet, loaded = (Times(tuple(values)) for values in (idle, busy, alone, beside))
    worst = round(warm.percentile(0.95), 1)
    ratio = round(loaded.median / quiet.median, 2)
    return {
        "ms": {
            "the first check": round(first, 1),
            "median, idle worker": round(warm.median, 1),
            "95 %, idle worker": worst,
            "median, two others check 800 lines without pause": round(crowded.median, 1),
            "95 %, two others check 800 lines without pause": round(crowded.percentile(0.95), 1),
            "a miss adds, median": round(quiet.median, 1),
            "a miss adds, median, beside these checks": round(loaded.median, 1),
            "a miss adds, 95 %": round(quiet.percentile(0.95), 1),
            "a miss adds, 95 %, beside these checks": round(loaded.percentile(0.95), 1),
        },
        "targets": {
            "findings of a 500-line script in the editor, ms, 95 % (at most 150)": [worst, worst <= 150],
            "what a miss adds beside two authors who check without pause, times alone (at most 2)": [ratio, ratio <= 2],
        },
    }
