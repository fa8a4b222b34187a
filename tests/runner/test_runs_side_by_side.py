"""Many users of two implementations in one drained batch, in spares of one zygote: nothing of one run is visible in another.

Both implementations have the same script, users with the same ids, and a vendor with the same paths. What belongs to a user of an
implementation has a mark: attributes, settings, facts, the vendor's answers. The script keeps what it gets wherever it can.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest

from records import SecretBox
from records.facts import fact_storage
from records.facts.fact_storage import FactBatch, FactSource
from records.people import users
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.status.service import StatusRequest
from tests.support.eventually import eventually
from tests.support.vendors import Vendor, reply

pytestmark = pytest.mark.slow

SLUGS, USERS = ("acme", "beta"), [f"user-{number:02}" for number in range(24)]
FAILING = set(USERS[3::4])
MARK = re.compile(r"(?:acme|beta)~[\w-]+")
SCRIPT = """
import re
from collections import Counter, deque

KEPT = []
NAMES = {"all": []}
COUNTED = Counter()
QUEUE = deque()


def keep(value, kept=KEPT):
    kept.append(value)
    return kept


def spoil(value, name):
    try:
        value[name] = "spoiled"
    except Exception as error:
        NAMES["all"].append(str(error))


def status(user, session, api):
    api.log("before", KEPT, NAMES, COUNTED, QUEUE)
    answer = api.get("vendor", "/mark", params={"user": user.id})
    mine = answer.json()["mark"]
    for value in (user, session, api, answer, api.facts, api.settings, user.attributes):
        keep(value)
        QUEUE.append(value)
    COUNTED.update([mine])
    for value in (api.facts, api.settings, user.attributes):
        spoil(value, "mark")
    NAMES["all"].append(re.compile(mine).pattern)
    api.log("after", mine, api.facts, [user.attributes["mark"], api.settings["mark"]], sorted(COUNTED))
    if user.attributes["fails"]:
        raise ValueError("the fault of " + mine)
    return message(" ".join([mine, api.facts["mark"], user.attributes["mark"], str(len(KEPT)), api.facts["round"]]))
"""


def mark(slug, user):
    return f"{slug}~{user}"


def vendor_of(request):
    """The answer with the mark of the user who is asked about, at the system of the implementation whose path it is."""
    slug, user = re.fullmatch(r"/(\w+)/mark\?user=([\w-]+)", request.target).groups()
    return reply({"mark": mark(slug, user)})


@pytest.fixture
def vendor():
    started = Vendor(vendor_of)
    yield started
    started.close()


def tell(house, slug, number):
    """Let the facts of everybody be those of this round."""
    at = datetime.now(UTC) - timedelta(minutes=5 - number)
    facts = {user: {"mark": mark(slug, user), "round": f"round {number}"} for user in USERS}
    with house.database.session() as db:
        batch = FactBatch("s1", at, FactSource.PUSHED, facts)
        assert len(fact_storage.store(db, implementations.find(db, slug), batch).changed) == len(USERS)


def settle(house, slug, vendor):
    house.add(slug, SCRIPT, concurrency=1, script_settings={"mark": f"{slug}~all"}, keep_answers_days=1)
    with house.database.session() as db:
        owner = implementations.find(db, slug)
        draft = ConnectionDraft("vendor", f"{vendor.url}/{slug}", development=True, cache_s=600)
        connections.save(db, SecretBox(house.settings.keys), owner, draft)
        for user in USERS:
            known = {"mark": mark(slug, user), "fails": user in FAILING}
            users.remember(db, owner, user, users.UserProfile(username=user, user_type="attendee", attributes=known))
    house.service.changed(slug)
    tell(house, slug, 1)


def shown(house, slug):
    """What each user sees; "hidden" for whom the script fails, None without an answer."""
    found = {user: house.service.ask(StatusRequest(slug, user, "s1")) for user in USERS}
    texts = {user: status.message.text if status.message else status.state for user, status in found.items()}
    return {user: None if text == "checking" else text for user, text in texts.items()}


def right(slug, number):
    return {
        user: "hidden" if user in FAILING else f"{' '.join([mark(slug, user)] * 3)} 7 round {number}" for user in USERS
    }


def marks_in(run):
    """All marks in the record of a run, whatever the column."""
    return set(MARK.findall(repr([getattr(run, each.key) for each in type(run).__table__.columns])))


def test_no_run_of_a_drained_batch_sees_anything_of_another(house, start_worker, vendor, tmp_path):
    for slug in SLUGS:
        settle(house, slug, vendor)
        assert set(shown(house, slug).values()) == {None}
        assert house.redis.llen(f"st:orders:{{{slug}}}") == len(USERS)
    start_worker()
    for number in (1, 2):  # in the second round, in spares that were forked after runs
        for slug in SLUGS:
            assert eventually(lambda s=slug, n=number: shown(house, s) == right(s, n), seconds=40, every=0.2)
            tell(house, slug, number + 1)
            assert house.service.outdate(slug, [(user, "s1") for user in USERS])
    assert len(vendor.requests) == len(SLUGS) * len(USERS), (
        "the second round is answered from the cache of each connection"
    )
    for slug in SLUGS:
        assert eventually(lambda s=slug: len(house.runs(s)) >= 2 * len(USERS), seconds=5)
        for run in house.runs(slug):
            assert marks_in(run) == {mark(slug, run.user), f"{slug}~all"}
            assert run.log[0] == "before [] {'all': []} Counter() deque([])", run.log
    assert not MARK.search((tmp_path / "worker.log").read_text())
