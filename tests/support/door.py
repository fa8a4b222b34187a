"""A door of the event: the real web server, phones with the queue of scans in Chromium, and what the server has at the end."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from records import AgendaSession, Database, UserProfile
from records.attendance.ledger.tables import LedgerEntry
from records.audit import AuditContext
from records.changes import grants
from records.changes.grants import GrantDraft
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support.people import visitor
from tests.support.real_server import KEY, running
from web.auth.logins import Logins

BY = AuditContext("demo/olga")
SCANS = "/api/v1/implementations/demo/scans"
PAGE = "/scan/demo/sessions/CE-1"
#: Opens the queue on a page, as the scanner does, and puts it where a test finds it.
OPEN = """async ([files, sends]) => {
  const { openQueue, NotSaved } = await import(`${files}scan_queue.mjs`);
  const { startSync } = await import(`${files}scan_sync.mjs`);
  Object.assign(window, { files, NotSaved, queue: openQueue("demo", { repeatSeconds: 120 }) });
  window.states = [];
  if (!sends) return;
  window.sync = startSync(queue, { scans: "/api/v1/implementations/demo/scans" });
  sync.addEventListener("state", () => states.push({ ...sync.state }));
}"""
ADD = """(scan) => queue.add({ session: "CE-1", badge_id: "B-1", last_name: "Chen", first_name: "Mei", direction: null,
  entry: "camera", session_ends: null, ...scan }).then(({ scan, first }) => ({ ...scan, first: first?.id ?? null }))"""
#: Waits until nothing is left to send.
SETTLED = """() => new Promise((resolve, reject) => {
  const look = async () => (await queue.toSend()) === 0 && resolve();
  setTimeout(() => reject(new Error(`still waiting: ${JSON.stringify(sync.state)}`)), 20_000);
  queue.addEventListener("change", look);
  look();
})"""


@contextmanager
def open_door(folder, redis_url, **settings):
    """Start the server with a scanner, sam, and sessions CE-1 and CE-2 that are held now."""
    with running(folder, redis_url, **settings) as server:
        database = Database(f"sqlite:///{folder / 'records.db'}")
        with database.session() as db:
            demo = implementations.find(db, "demo")
            now = datetime.now(UTC)
            times = {"starts_at": now, "ends_at": now + timedelta(hours=1)}
            db.add(AgendaSession(implementation_id=demo.id, session_id="CE-2", title="Shock", **times))
            users.remember(db, demo, "sam", UserProfile("sam", "Staff"))
            grants.add(db, demo, [GrantDraft("scanner", "username", "sam")], BY)
        store = LoginStore(connect(redis_url))
        yield Door(server, database, store)
        store.close()
        database.dispose()


class Door:
    def __init__(self, server, database, store):
        self.server, self.database, self.store = server, database, store
        self.address = f"http://127.0.0.1:{server.port}"

    def cookie(self, subject="sam"):
        """The cookie of a new login."""
        logins = Logins(secret_keys=(KEY,), secure=False, store=self.store)
        return {"name": logins.cookie, "value": logins.sign(visitor("demo", subject)), "url": self.address}

    @property
    def shell(self):
        """What the service worker keeps."""
        _, text = self.server.get("/scan/service_worker.js")
        return json.loads(text.decode().partition(";\n")[0].removeprefix("const shell = "))

    @property
    def files(self):
        """The folder of the scanner's modules, as an address."""
        return next(each for each in self.shell["files"] if each.endswith("scan_queue.mjs")).removesuffix(
            "scan_queue.mjs"
        )

    def stored(self, kind="scan"):
        """Ids and badges in the ledger, in its order."""
        with self.database.reading() as db:
            rows = db.query(LedgerEntry).filter_by(kind=kind).order_by(LedgerEntry.number)
            return [(row.scan_id, row.badge_id) for row in rows]


class Phone:
    """A page with the queue on it."""

    def __init__(self, page, files, *, sends=True):
        self.page, self._files, self._sends = page, files, sends

    def open(self):
        self.page.goto(PAGE)
        self.take_up()
        return self

    def take_up(self):
        """Load the modules on the page that is there."""
        self.page.evaluate(OPEN, [self._files, self._sends])

    def add(self, badge="B-1", **more):
        return self.page.evaluate(ADD, {"badge_id": badge, **more})

    def settled(self):
        """Wait until the server has everything."""
        self.page.evaluate(SETTLED)

    def counts(self, session="CE-1"):
        return self.page.evaluate("(session) => queue.counts(session)", session)

    def newest(self, session="CE-1"):
        return self.page.evaluate("(session) => queue.newest(session)", session)
