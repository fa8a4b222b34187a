"""`docs/app-integration.md` as it is written: its commands, at a real server, give the answers that stand below them."""

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from records import Database
from records.scripts import versions
from records.tenants import implementations
from runner.logins import LoginStore
from runner.status.cache import StatusCache, StatusUpdate
from runner.status.service import StatusRequest, StatusService
from runner.status.status_body import ShownMessage, body_of
from tests.support import ROOT
from tests.support.application import copied, make_app, make_settings
from tests.support.browser import serving
from tests.support.people import visitor
from tests.support.phone import Phone

GUIDE = ROOT / "docs" / "app-integration.md"
SERVER = "https://status.example.org"
BLOCK = re.compile(r"```(sh|json|text)\n(.*?)```", re.DOTALL)


def steps():
    """Each command of the section, with the answer which stands below it."""
    section = GUIDE.read_text().split("## 12. Try it with curl")[1].split("\n## ")[0]
    found = BLOCK.findall(section)
    return [
        (text, found[at + 1][1] if at + 1 < len(found) and found[at + 1][0] != "sh" else None)
        for at, (kind, text) in enumerate(found)
        if kind == "sh"
    ]


class Shell:
    """One shell for the whole section: what a command sets, the next has."""

    def __init__(self, folder):
        self._process = subprocess.Popen(
            ["bash"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, command):
        self._process.stdin.write(f"{command}\necho; echo __END__\n")
        self._process.stdin.flush()
        lines = []
        while (line := self._process.stdout.readline()) not in {"__END__\n", ""}:
            lines.append(line)
        return "".join(lines).strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@contextmanager
def served(seeded, valkey_url, folder):
    """The application with the real status service at a real address; ada's status is cached, so no run is needed."""
    database = Database(f"sqlite:///{copied(seeded, folder / 'app.db')}")
    with database.session() as db:
        demo = implementations.find(db, "demo")
        version = versions.add_version(db, demo, "def status(user, session, api):\n    return hidden()\n", by="tests")
        versions.activate(db, demo, version, "tests")
    parts = []

    def make(address):
        settings = make_settings(address, redis_url=valkey_url)
        parts.extend((StatusService.open(settings, database), LoginStore.open(settings)))
        status_service, store = parts
        return make_app(database, store, settings, status_service=status_service)

    with serving(make) as (address, app):
        yield address, app
    for part in parts:
        part.close()
    database.dispose()


def remember(app, redis):
    key = app.extensions["status services"].status_service._resolve(StatusRequest("demo", "ada", "CE-1")).key
    cache = StatusCache(redis)
    body = body_of(ShownMessage("Claim 1.0 CE credit"), as_of=datetime.now(UTC), run="01RUN")
    assert cache.claim(key, "t").mine
    assert cache.begin(key, "t", 0, wall_s=1)
    assert cache.store(key, "t", 0, StatusUpdate("ready", body, "d", ok=True, fresh_s=600, stale_s=60))


def log_in_by_browser(app, address):
    """What a person does who opens the address: the way in, whose other end is the app's address."""
    start = urlsplit(address)
    answer = Client(app).get(f"{start.path}?{start.query}", base_url=f"{start.scheme}://{start.netloc}")
    assert answer.status_code == 303
    return Phone(app).finish(parse_qs(urlsplit(answer.headers["Location"]).query)["m"][0], visitor())


def as_written(answer, got):
    """Whether what came is what the guide says; "…" stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in answer.strip().split("…"))
    return re.fullmatch(pattern, got, re.DOTALL)


def test_every_command_of_the_guide_gives_the_answer_below_it(seeded, valkey_url, redis, tmp_path):
    if not (shutil.which("curl") and shutil.which("openssl")):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs curl and openssl")
    with Shell(tmp_path) as shell, served(seeded, valkey_url, tmp_path) as (address, app):
        remember(app, redis)
        ended = ""
        for command, answer in steps():
            now = re.sub(r"ANSWER='[^']*'", lambda _, given=ended: f"ANSWER='{given}'", command)
            got = shell.run(now.replace(SERVER, address))
            if got.startswith(f"{address}/m/demo/start?"):
                ended = log_in_by_browser(app, got)
            elif answer is not None:
                assert as_written(answer.replace(SERVER, address), got), (command, answer, got)
        assert ended


def test_the_guide_has_every_grant_error_and_address(app):
    text = GUIDE.read_text()
    with app.test_client() as http:
        document = http.get("/api/openapi.json").json
    schemas = document["components"]["schemas"]
    names = [*schemas["TokenRequest"]["properties"]["grant_type"]["enum"], *schemas["TokenRequest"]["properties"]]
    names += schemas["OAuthError"]["properties"]["error"]["enum"]
    for name in names:
        assert name in text, name
    for path in document["paths"]:
        if "/auth/" in path or path.startswith("/m/"):
            assert path.rpartition("/")[2] in text, path
