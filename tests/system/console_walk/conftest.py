"""Fixtures: records in which everything is set up, put back before each form, and walkers of every role."""

import hashlib
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace

import pytest

from records import Database, SecretBox, UserProfile
from records.people import administrators
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.queues.background_jobs import MOST, MOST_IN_TOTAL, rq_background_queue
from runner.queues.job_orders import (
    AGENDA_IMPORT,
    ATTENDANCE_REPORT,
    BADGE_IMAGE,
    REHEARSAL,
    SUBMISSION_TRIAL,
    JobOrder,
    OrderSigner,
)
from runner.queues.job_states import JobStates
from runner.queues.trial_orders import EARLIER_RUNS
from runner.store.clients import connect
from runner.store.environment_mark import adopt
from tests.support.application import KEY, make_app, make_settings, small_keys
from tests.support.people import visitor
from tests.support.records import new_records
from tests.support.vendor_health import open_breaker
from tests.support.vendors import Vendor
from tests.system.console_walk.implementations import PEOPLE, STAFF, fill, handed_in_source, vendor_answer
from tests.system.console_walk.walk import Walker
from web.auth.login_steps import login_test

#: Seconds for which a vendor is not called: for as long as a walk takes.
HELD_S = 3600


def order_jobs(redis):
    """Let an import, an image and a report of olga's, a trial and a rehearsal of arno's wait, always by the same ids, as if no worker were there."""
    upload = {"upload": "0" * 64, "dates": "auto", "retire": False, "as_of": None}
    sha256 = hashlib.sha256(handed_in_source(3).encode()).hexdigest()
    trial = {"submission": 2, "version": sha256, "runs": EARLIER_RUNS}
    rehearsal = {"version": sha256, "moments": ["before"], "minutes": 10, "runs": 5}
    report = {"kind": "scans", "session": "", "badge": "", "columns": ["session"], "as_of": None}
    now = int(time.time())
    orders = (
        JobOrder("0" * 32, AGENDA_IMPORT, "demo", "demo/olga", now, upload),
        JobOrder("1" * 32, SUBMISSION_TRIAL, "demo", "demo/arno", now, trial),
        JobOrder("2" * 32, REHEARSAL, "demo", "demo/arno", now, rehearsal),
        JobOrder("4" * 32, ATTENDANCE_REPORT, "demo", "demo/olga", now, report),
        JobOrder("3" * 32, BADGE_IMAGE, "demo", "demo/olga", now, {"image": "e" * 64}),
    )
    for order in orders:
        JobStates(redis).add(order, most=MOST, most_in_total=MOST_IN_TOTAL)
        fields = OrderSigner([KEY]).fields_of(order)
        rq_background_queue(redis).enqueue_call(order.kind, kwargs=fields, job_id=order.id, timeout=60)


@dataclass(frozen=True)
class Walked:
    """What somebody reached: the answers and where their links were found, by address; the routes; their browser's cookies."""

    answers: dict
    found_on: dict
    reached: frozenset
    cookies: dict


@dataclass
class Stage:
    """The application on the records, with what puts everything back to the start."""

    app: object
    seed: Database
    database: Database
    redis: object
    link: str  #: of the first administrator
    check_worker: object
    parts: ExitStack  #: closes what is opened here
    stored: list = field(default_factory=list)  #: what is in the store at the start: key, milliseconds it lasts, value

    def __post_init__(self):
        opened = (sqlite3.connect(each.engine.url.database) for each in (self.seed, self.database))
        self.whole, self.own = (self.parts.enter_context(closing(each)) for each in opened)
        self.own.execute("PRAGMA synchronous = OFF")  # nothing needs to last
        self.start = rows_of(self.whole)  # what `rewind` puts back, read once

    def rewind(self):
        """Records and store as at the start: one refused login, one person who came by a test login, five waiting jobs, one open breaker."""
        if not self.stored:
            self._fill_store()
        with self.redis.pipeline() as all_at_once:
            all_at_once.flushall()
            for key, lasts_ms, value in self.stored:
                all_at_once.restore(key, lasts_ms, value)
            all_at_once.execute()
        self.check_worker.note_presence()
        self.whole.backup(self.own)

    def _fill_store(self):
        """Fill the store once, and keep what is in it then."""
        self.redis.flushall()
        adopt(self.redis, "development")
        store = LoginStore(self.redis)
        store.refused_logins.note("demo", "audience", "0123abcd")
        made = self.visitor("administrator")
        order_jobs(self.redis)
        open_breaker(self.redis, "demo", "c-none", seconds=HELD_S)
        login_test.keep_result(store, "demo", made.login, {"subject": "ada", **asdict(UserProfile("ada@example.org"))})
        self.stored = [(key, max(self.redis.pttl(key), 0), self.redis.dump(key)) for key in self.redis.scan_iter()]

    @staticmethod
    def visitor(name, *, age_s=0):
        home, subject = PEOPLE[name]
        source = name if name == "first administrator" else "saml"
        made = visitor(home, subject, source=source, since=int(time.time()) - age_s)
        return replace(made, login=f"login of {name}", proved=made.since)

    def walker(self, name=None, **more):
        return Walker(self.app, self.visitor(name, **more) if name else None)

    def browser_of(self, walked):
        """The browser which has read the pages, and so can send their forms, as it was then."""
        made = Walker(self.app)
        made.cookies = walked.cookies
        return made

    def rows(self):
        return rows_of(self.own)

    def entries(self):
        """Actor, action, target, reason and detail of the audit entries."""
        columns = "actor, action, target, implementation, reason, detail"
        return self.own.execute(f"SELECT {columns} FROM audit_entries ORDER BY number").fetchall()


def rows_of(records):
    """All rows of all tables, by table, but the audit, and what shows nobody anything: drafts, and which notices are read."""
    names = [name for (name,) in records.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        name: records.execute(f"SELECT * FROM {name}").fetchall()
        for name in names
        if name not in ("drafts", "notices") and not name.startswith(("audit_", "sqlite_"))
    }


@pytest.fixture(scope="session")
def walk_vendor():
    vendor = Vendor(vendor_answer)
    yield vendor.url
    vendor.close()


@pytest.fixture(scope="session")
def walk_seed(tmp_path_factory, walk_vendor):
    with small_keys():
        database = new_records(f"sqlite:///{tmp_path_factory.mktemp('walk') / 'seed.db'}")
        with database.session() as db:
            fill(db, SecretBox([KEY]), walk_vendor)
            link = administrators.new_link(db)
        yield database, link
        database.dispose()


@contextmanager
def staged(walk_seed, valkey_url, folder, check_worker):
    """Build the application on records and a store that `rewind` puts back."""
    seed, link = walk_seed
    database = Database(f"sqlite:///{folder / 'walked.db'}")
    redis = connect(valkey_url)
    outbound = OutboundRequests(redis=redis, allow_loopback=True, ca_file=None)
    settings = make_settings(redis_url=valkey_url)
    try:
        with small_keys(), check_worker.present(), pytest.MonkeyPatch.context() as patch, ExitStack() as parts:
            patch.setattr("web.console.people.views.ROWS", 3)  # a few people and entries are several pages
            patch.setattr("web.console.audit.ROWS", 20)
            # The forms of one walk are sent for as long as the tests run.
            patch.setattr("web.auth.staff.staff_member.FRESH_S", 3600)
            patch.setattr("runner.powers.connection_health.LONGEST_HOLD_MS", 1000 * HELD_S)
            made = Stage(
                make_app(database, LoginStore(redis), settings, outbound=outbound),
                *(seed, database, redis, link, check_worker, parts),
            )
            made.rewind()
            yield made
    finally:
        outbound.close()
        redis.close()
        database.dispose()


@pytest.fixture(scope="module")
def stage(walk_seed, valkey_url, tmp_path_factory, check_worker):
    """The application for the tests of one module."""
    with staged(walk_seed, valkey_url, tmp_path_factory.mktemp("stage"), check_worker) as made:
        yield made


@pytest.fixture(scope="session")
def walked(walk_seed, valkey_url, tmp_path_factory, check_worker):
    """What each role reaches by links alone, walked once for the whole run."""
    found = {}
    with staged(walk_seed, valkey_url, tmp_path_factory.mktemp("walked"), check_worker) as stage:
        for name in STAFF:
            stage.rewind()
            walker = stage.walker(name)
            answers, found_on = walker.all_pages(only=("demo", "staff") if name == "first administrator" else ())
            found[name] = Walked(answers, found_on, frozenset(walker.reached), walker.cookies)
    return found
