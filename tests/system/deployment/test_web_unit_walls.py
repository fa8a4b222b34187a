"""The web server below the filter of system calls that its unit has: every page of authors works, and no process is started."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from records import Database, UserProfile
from records.audit import AuditContext
from records.changes.scripts import author_tokens as token_changes
from records.columns import utc_now
from records.people import grants, users
from records.scripts.author_tokens import PERMISSIONS, AuthorTokenDraft
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support import unit_filter
from tests.support.author_house import ANOTHER, GOOD
from tests.support.people import visitor
from tests.support.real_server import KEY, closing_engine, running
from tests.system.deployment.test_units import WEB
from web.auth.logins import Logins

BELOW = (sys.executable, "-m", "tests.support.unit_filter", str(WEB))
SCRIPTS = "/console/implementations/demo/scripts"
API = "/api/v1/implementations/demo"

#: What an administrator looks at once the author has submitted version 2, and what an author asks for.
PAGES = (
    "/console/reviews",
    SCRIPTS,
    f"{SCRIPTS}/draft",
    f"{SCRIPTS}/versions/2",
    f"{SCRIPTS}/compare?old=1&new=2",
    f"{SCRIPTS}/submissions/1",
    f"{SCRIPTS}/tokens",
    f"{SCRIPTS}/live/stop",
    f"{SCRIPTS}/submissions/1/trial",
)
ENDPOINTS = (
    "/scripts/submissions",
    "/scripts/submissions/2",
    "/scripts/versions",
    "/scripts/versions/2",
    "/scripts/versions/3/diff",
    "/scripts/token",
    "/runs",
)

pytestmark = pytest.mark.slow

#: A jail is tried, and then a namespace by itself.
JAIL = """
import ctypes, os, sandbox
print(sandbox.examine()[1])
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x10000000):
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""


class Page:
    """A browser without scripts: keeps cookies, and sends the token of the page that it read last."""

    def __init__(self, server, **headers):
        self.base = f"http://127.0.0.1:{server.port}"
        self.headers = {"Origin": self.base} | headers
        self.cookies = headers.get("Cookie", "")
        self.opener = urllib.request.build_opener(Stay)
        self.token = ""

    def get(self, path):
        return self._ask(urllib.request.Request(self.base + path))

    def send(self, path, **fields):
        fields |= {"csrf_token": self.token}
        return self._ask(urllib.request.Request(self.base + path, data=urllib.parse.urlencode(fields).encode()))

    def post_json(self, path, value):
        asked = urllib.request.Request(self.base + path, data=json.dumps(value).encode())
        asked.add_header("Content-Type", "application/json")
        return self._ask(asked)

    def _ask(self, asked):
        for name, value in (self.headers | {"Cookie": self.cookies}).items():
            asked.add_header(name, value)
        try:
            answer = self.opener.open(asked, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            self.cookies += "; " + line.partition(";")[0]
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        self.token = unescape(found[1]) if found else self.token
        return answer.status, text


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_):
        return None


@pytest.fixture(scope="module")
def server(tmp_path_factory, valkey_url, check_worker):
    if not shutil.which("systemd-analyze") or not unit_filter.HEADERS[platform.machine()].exists():
        missing = "no systemd-analyze, or no headers of the kernel (Debian: systemd, linux-libc-dev)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    folder = tmp_path_factory.mktemp("web")
    with closing(connect(valkey_url)) as redis:
        redis.flushall()
    with running(folder, valkey_url, below=BELOW) as server, check_worker.present():
        server.folder = folder
        yield server


@pytest.fixture(scope="module")
def token(server):
    """People with roles, and the author token of one."""
    database = Database(f"sqlite:///{server.folder / 'records.db'}", environment="development")
    with closing_engine(database), database.session() as db:
        demo, staff = implementations.find(db, "demo"), implementations.staff(db)
        for home, name, role in (
            (demo, "ann", "author"),
            (demo, "ann", "organizer"),
            (staff, "rita", "reviewer"),
            (staff, "adam", "administrator"),
        ):
            users.remember(db, home, name, UserProfile(name, "member", name.title(), "Smith"))
            grants.add(db, home, kind="username", value=name, role=role, by="tests")
        draft = AuthorTokenDraft("ci", PERMISSIONS, utc_now() + timedelta(days=1))
        return token_changes.make(db, demo, draft, AuditContext("demo/ann"), person="demo/ann").value.text


@pytest.fixture
def page_of(server, token, valkey_url):
    """Return the pages of somebody who is logged in."""

    def make(home, name):
        with closing(connect(valkey_url)) as redis:
            logins = Logins(secret_keys=(KEY,), secure=False, store=LoginStore(redis))
            return Page(server, Cookie=f"{logins.cookie}={logins.sign(visitor(home, name))}")

    return make


def descendants(pid):
    """All processes that a process has started, and that live."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    own = {int(child) for file in found for child in file.read_text().split()}
    return own.union(*(descendants(child) for child in own))


def test_the_filter_is_there_and_below_it_no_jail_could_be_made(server):
    for pid in (server.process.pid, *descendants(server.process.pid)):
        assert re.search(r"^Seccomp:\s+2$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    done = subprocess.run([*BELOW, sys.executable, "-c", JAIL], capture_output=True, text=True, check=False)
    assert "The jail could not be started" in done.stdout, done.stdout + done.stderr
    assert "PermissionError: [Errno 1] Operation not permitted" in done.stderr


def test_below_the_filter_authors_write_check_submit_and_reviewers_decide_and_no_process_is_started(
    server, page_of, token, check_worker
):
    check_worker.note_presence()
    before = descendants(server.process.pid)
    author, reviewer, admin = page_of("demo", "ann"), page_of("staff", "rita"), page_of("staff", "adam")
    assert author.get(f"{SCRIPTS}/draft")[0] == 200
    status, found = author.send(f"{SCRIPTS}/draft/findings", source=GOOD, revision=0, note="")
    assert (status, json.loads(found)["summary"]) == (200, "Checked: nothing was found.")
    assert "nothing was found" in author.send(f"{SCRIPTS}/draft", source=GOOD, revision=0, note="", do="check")[1]
    assert author.send(f"{SCRIPTS}/draft", source=GOOD, revision=1, note="", do="submit")[0] == 303
    status, text = reviewer.get(f"{SCRIPTS}/submissions/1")
    assert (status, "The check finds no error today" in text) == (200, True)
    for page in PAGES:
        assert (page, admin.get(page)[0]) == (page, 200)
    assert admin.send(f"{SCRIPTS}/submissions/1/trial", runs=500)[0] == 303

    api = Page(server, Authorization=f"Bearer {token}")
    status, handed_in = api.post_json(f"{API}/scripts/submissions", {"source": ANOTHER})
    assert (status, json.loads(handed_in)["number"]) == (201, 2)
    for path in ENDPOINTS:
        assert (path, api.get(API + path)[0]) == (path, 200)
    assert descendants(server.process.pid) == before
