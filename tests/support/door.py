"""A door of the event: the real web server, phones with the queue of scans in Chromium, and what the server has at the end."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from records import AgendaSession, Database, UserProfile
from records.attendance.ledger.tables import LedgerEntry
from records.audit import AuditContext
from records.changes import grants
from records.changes.attendance import phone_scans
from records.changes.grants import GrantDraft
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect
from runner.store.environment_mark import adopt
from tests.support.people import visitor
from tests.support.real_server import KEY, running
from web.auth.logins import Logins
from web.phone_file import read_phone_file

BY = AuditContext("demo/olga")
SCANS = "/api/v1/implementations/demo/scans"
PAGE = "/scan/demo/sessions/CE-1"
#: Opens the queue on a page, as the scanner does, and puts it where a test finds it.
OPEN = """async ([files, sends]) => {
  const { openQueue, NotSaved } = await import(`${files}scan_queue.mjs`);
  const { startSync } = await import(`${files}scan_sync.mjs`);
  const { saveWaiting, waitingContent } = await import(`${files}saved_file.mjs`);
  Object.assign(window, { saveWaiting, waitingContent, NotSaved, queue: openQueue("demo", { repeatSeconds: 120 }) });
  window.states = [];
  if (!sends) return;
  window.sync = startSync(queue, { scans: "/api/v1/implementations/demo/scans" });
  sync.addEventListener("state", () => states.push({ ...sync.state }));
}"""
ADD = """(scan) => queue.add({ session: "CE-1", badge_id: "B-1", last_name: "Chen", first_name: "Mei", direction: null,
  entry: "camera", session_ends: null, ...scan }).then(({ scan, first }) => ({ ...scan, first: first?.id ?? null }))"""
ADD_MANY = f"""async (scans) => {{
  const add = {ADD};
  const ids = [];
  for (const scan of scans) ids.push((await add(scan)).id);
  return ids;
}}"""
#: Waits until nothing is left to send.
SETTLED = """(patience) => new Promise((resolve, reject) => {
  const look = async () => (await queue.toSend()) === 0 && resolve();
  setTimeout(() => reject(new Error(`still waiting: ${JSON.stringify(sync.state)}`)), patience);
  queue.addEventListener("change", look);
  look();
})"""


TOLD = """([net, waiting]) => new Promise((resolve, reject) => {
  const look = () => sync.state.net === net && [null, sync.state.waiting].includes(waiting) && resolve({ ...sync.state });
  setTimeout(() => reject(new Error(`told otherwise: ${JSON.stringify(sync.state)}`)), 20_000);
  sync.addEventListener("state", look);
  look();
})"""


@contextmanager
def open_door(folder, redis_url, **settings):
    """Start the server with a scanner, sam, and sessions CE-1 and CE-2 that are held now."""
    with running(folder, redis_url, **settings) as server, door_of(server, folder, redis_url) as door:
        yield door


@contextmanager
def door_of(server, folder, redis_url):
    """Give a server, whose database lies in the folder, its scanner and sessions."""
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
        self._before = 0
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

    def begin(self):
        """Forget what is in the ledger by now."""
        with self.database.reading() as db:
            self._before = db.query(LedgerEntry).count()
        adopt(self.store.redis, "development")

    def rows(self, kind="scan"):
        """The rows of the ledger since `begin`."""
        with self.database.reading() as db:
            mine = db.query(LedgerEntry).filter(LedgerEntry.kind == kind, LedgerEntry.number > self._before)
            return mine.order_by(LedgerEntry.number).all()

    def stored(self, kind="scan"):
        """Ids and badges of these rows."""
        return [(row.scan_id, row.badge_id) for row in self.rows(kind)]

    def change(self, function, *arguments):
        """Make a change of an organizer."""
        with self.database.session() as db:
            return function(db, implementations.find(db, "demo"), *arguments, BY).value

    def give_role(self, subject):
        self.change(grants.add, [GrantDraft("scanner", "username", subject)])

    def take_role(self, subject):
        with self.database.reading() as db:
            mine = grants.grants.every(db, implementations.find(db, "demo"))
            number = next(each.id for each in mine if each.value == subject)
        self.change(grants.remove, number)

    def import_file(self, content):
        """Import what a phone has saved; return the counts."""
        saved = read_phone_file(self._demo(), json.dumps(content).encode())
        return self.change(phone_scans.import_scans, saved).counts

    def forget_ends(self):
        """Forget which logins were ended."""
        self.store.redis.flushall()
        adopt(self.store.redis, "development")

    def _demo(self):
        with self.database.reading() as db:
            return implementations.find(db, "demo")


class Phone:
    """A page with the queue on it. `faults` are what becomes of its next requests, in their order; later ones pass."""

    def __init__(self, page, files, *, sends=True):
        self.page, self._files, self._sends = page, files, sends
        self.faults, self.sent = [], []
        page.context.route(f"**{SCANS}**", self._pass_on)
        # The page has no scripts of its own: it would send, too.
        page.context.route("**/page.mjs", lambda route: route.fulfill(content_type="text/javascript", body=""))

    def open(self, path=PAGE):
        self.page.goto(path)
        self.take_up()
        return self

    def take_up(self):
        """Load the modules on the page that is there."""
        self.page.evaluate(OPEN, [self._files, self._sends])

    def add(self, badge="B-1", **more):
        return self.page.evaluate(ADD, {"badge_id": badge, **more})

    def add_many(self, badges, **more):
        """Scan one after the other; return the ids."""
        return self.page.evaluate(ADD_MANY, [{"badge_id": badge, **more} for badge in badges])

    def undo(self, scan_id):
        return self.page.evaluate("(id) => queue.undo(id)", scan_id)

    def settled(self, patience=20_000):
        """Wait until the server has everything, at most so many milliseconds."""
        self.page.evaluate(SETTLED, patience)

    def told(self, net, waiting=None):
        """Wait until the page is told so of the network, and of so many waiting scans; return the whole state."""
        return self.page.evaluate(TOLD, [net, waiting])

    def try_now(self):
        self.page.evaluate("() => sync.kick()")

    def counts(self, session="CE-1"):
        return self.page.evaluate("(session) => queue.counts(session)", session)

    def newest(self, session="CE-1", n=20):
        return self.page.evaluate("([session, n]) => queue.newest(session, n)", [session, n])

    def saved_file(self):
        """What a saved file has."""
        return self.page.evaluate("() => waitingContent(queue)")

    def _pass_on(self, route):
        self.sent.append(route.request.post_data_json)
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            route.continue_()
        else:
            fault(route)


def problem(status, **headers):
    """An answer of ours without results."""
    return lambda route: route.fulfill(
        status=status, content_type="application/problem+json", body=json.dumps({"status": status}), headers=headers
    )


def page_of_a_proxy(status):
    return lambda route: route.fulfill(status=status, content_type="text/html", body="<h1>Sign in to the Wi-Fi</h1>")


def lost(route):
    """The server gets it, and its answer does not arrive."""
    route.fetch()
    route.abort("connectionreset")


def results(change):
    """The server's answer with other results."""

    def answer(route):
        whole = route.fetch()
        said = whole.json()
        said["results"] = change(said["results"])
        route.fulfill(response=whole, json=said)

    return answer


def no_network(route):
    route.abort("internetdisconnected")
