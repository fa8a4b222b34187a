"""`docs/tutorial.md`, followed command by command: from `script new` to an approved and active script, over HTTP.

Lines after `$` are typed by the author, on a machine that knows the service only by its address; lines after `server$` by
whoever runs the service. Each line of output that the page shows must begin a line of what is printed. What a reviewer does
is done by the same functions as in the console.
"""

import json
import re
import shlex

import pytest

from records import Database, SecretBox, UserProfile
from records.audit import AuditContext
from records.changes.scripts import submissions as changes
from records.people import grants, users
from records.scripts import submissions
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.versions import Version
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.logins import LoginStore
from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from tests.support import ROOT
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.stub_status_service import StubStatusService

PAGE = (ROOT / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)
FILE = re.compile(r"(?:Replace|Save this as) `([\w/.]+)`")
REVIEWER = AuditContext("staff/rita")


class Service:
    """The service, its operator's command line, and its reviewer."""

    def __init__(self, env, database):
        self.env = env
        self.database = database

    def prepare(self):
        """An implementation with what the page says that the organizer has set up, and an author."""
        settings = Settings.from_environment(self.env)
        with self.database.session() as db:
            demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin")
            demo.link_hosts, demo.script_settings = ["cme.example.org"], {"claim_url": "https://cme.example.org/claim"}
            connections.save(db, SecretBox(settings.keys), demo, ConnectionDraft("cme", "https://cme.example.org"))
            user = users.remember(db, demo, "ann", UserProfile("ann@example.org", "member", "Ann", "Author"))
            for role in ("author", "organizer"):
                grants.add(db, demo, kind="username", value=user.username, role=role, by="tests")

    def request_changes(self):
        with self.database.session() as db:
            demo = implementations.find(db, "demo")
            changes.comment(db, demo, 1, CommentDraft("Is this too early for the lunch symposia?", line=16), REVIEWER)
        self._decide(1, "changes_requested", "Please say that the credit can be claimed here.")

    def approve(self):
        self._decide(2, "approved", "")

    def _decide(self, number, decision, note):
        with self.database.session() as db:
            demo = implementations.find(db, "demo")
            found = submissions.find(db, demo, number)
            sha256 = db.get_one(Version, found.version_id).sha256
            changes.decide(
                db,
                demo,
                number,
                ReviewDecision(decision, sha256, public_note=note, untried_reason="tests try nothing"),
                REVIEWER,
            )


@pytest.fixture
def service(records, cli, valkey_url, check_worker, tmp_path):
    """A running service on an upgraded database of its own; its address."""
    database = Database(Settings.from_environment(records).database_url)
    made = Service(records, database)
    made.prepare()
    old = tmp_path / "old.py"
    old.write_text('def status(user, session, api):\n    return message("See the app")\n')
    assert cli("script", "activate", "demo", old, env=records).exit_code == 0
    store = LoginStore(connect(valkey_url))

    def make(address):
        return make_app(database, store, make_settings(address), status_service=StubStatusService())

    with check_worker.present(), serving(make) as (address, _):
        made.address = address
        yield made
    store.close()
    database.dispose()


class Reader:
    """Does what the page says, in a folder of their own."""

    def __init__(self, cli, service):
        self.cli = cli
        self.service = service
        self.env = {}
        self.token = ""

    def follow(self, block):
        """Type a block of commands, or save a file."""
        if block["kind"] == "console":
            for command, output in steps(block["text"]):
                self.prepare(output)
                self.type(command, output)
        elif file := FILE.search(block["before"]):
            path = self.folder / file[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(block["text"])
        elif "last line" in PAGE[: PAGE.index(block["text"])].rpartition("\n\n```text")[0].rpartition("\n\n")[2]:
            self.change_last_line(block["text"].strip())

    def prepare(self, output):
        """Let the reviewer do what the output is about."""
        if any("changes requested" in line for line in output):
            self.service.request_changes()
        if any(line.endswith(": approved") for line in output):
            self.service.approve()

    def change_last_line(self, line):
        script, expected = self.folder / "my_script" / "script.py", self.folder / "my_script" / "expected.json"
        lines = script.read_text().splitlines()
        script.write_text("\n".join([*lines[:-1], f"    {line}"]) + "\n")
        told = json.loads(expected.read_text())
        told["message"]["text"] += " here"
        expected.write_text(json.dumps(told))

    def type(self, command, output):
        who, words = command.partition("$ ")[::2]
        if words.startswith("export "):
            name, value = words.removeprefix("export ").split("=")
            self.env[name] = self.token if value == "sst_…" else self.service.address
            return
        program, *arguments = shlex.split(words)
        assert program == "session-status"
        if arguments[:2] == ["script", "dev"]:
            arguments.append("--once")  # a person would press Ctrl-C
        done = self.cli(*arguments, env=self.service.env if who else self.env)
        assert done.exit_code == 0, f"{words}\n{done.output}"
        if arguments[:3] == ["script", "token", "make"]:
            self.token = done.stdout.splitlines()[0]
        printed = done.output.splitlines()
        for line in output:
            assert any(one.rstrip().startswith(line.rstrip()) for one in printed), f"{words}\n{line}\n{done.output}"


def steps(text):
    """Each command with the lines that follow it."""
    found = []
    for line in text.splitlines():
        if line.startswith(("$ ", "server$ ")):
            found.append((line, []))
        elif line:
            found[-1][1].append(line)
    return found


def test_an_author_gets_from_an_empty_folder_to_an_active_script_and_it_is_taken_back(
    cli, service, tmp_path, monkeypatch
):
    reader = Reader(cli, service)
    reader.folder = tmp_path / "author"
    reader.folder.mkdir()
    monkeypatch.chdir(reader.folder)
    blocks = [*BLOCK.finditer(PAGE)]
    assert len(blocks) == PAGE.count("```") // 2
    for block in blocks:
        reader.follow(block)
    assert reader.token.startswith("sst_")
    assert reader.token not in PAGE
    told = json.loads(cli("script", "versions", "demo", "--json", env=reader.env).output)
    assert [(one["version"], one["state"]) for one in told] == [(3, "approved"), (2, "not approved"), (1, "active")]
