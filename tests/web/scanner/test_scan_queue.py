"""The queue at the door, in Chromium, against the real web server: whatever goes wrong, nothing is lost and nothing counts twice."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from records.attendance.minutes import BadgeScan, SessionRules, in_order, repeats_of
from tests.support.door import Phone, lost, no_network, open_door, page_of_a_proxy, problem, results

pytestmark = pytest.mark.browser
TRY = """() => queue.add({ session: "CE-1", badge_id: "LOST", entry: "camera" })
  .then(() => "saved", (fault) => (fault instanceof NotSaved ? "not saved" : String(fault)))"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory, valkey_url):
    with open_door(tmp_path_factory.mktemp("door"), valkey_url) as door:
        yield door


@pytest.fixture
def door(opened, redis):
    """The door of the module, with what this test adds to its ledger; the store counts no earlier requests."""
    opened.begin()
    return opened


@pytest.fixture
def phone(chromium, door):
    contexts = []

    def make(*, subject="sam", sends=True, **options):
        context = chromium.new_context(base_url=door.address, **({"service_workers": "block"} | options))
        contexts.append(context)
        context.add_cookies([door.cookie(subject)])
        page = context.new_page()
        page.set_default_timeout(15_000)
        return Phone(page, door.files, sends=sends).open()

    yield make
    for context in contexts:
        context.close()


def test_a_scan_is_sent_and_stored_once_and_a_repeat_is_told_at_once(phone, door):
    sam = phone()
    added = sam.add("B-1")
    assert (added["state"], added["first"]) == ("waiting", None)
    sam.settled()
    assert door.stored() == [(added["id"], "B-1")]
    again = sam.add("B-1")
    assert again["first"] == added["id"]
    sam.settled()
    assert sam.counts() == {"people": 1, "scans": 2, "repeats": 1, "waiting": 0, "refused": 0}
    assert [row["id"] for row in sam.newest()] == [again["id"], added["id"]]
    assert sam.newest()[0]["first_at"] is not None


def test_offline_scans_are_kept_and_sent_when_the_network_is_back(phone, door):
    sam = phone()
    sam.told("online")
    sam.page.context.set_offline(offline=True)
    ids = sam.add_many(["B-1", "B-2", "B-1"])
    assert sam.told("offline", waiting=3)["retryAt"] is not None
    assert door.stored() == []
    sam.page.context.set_offline(offline=False)
    sam.settled()
    assert [scan_id for scan_id, _ in door.stored()] == ids


def test_hours_offline_are_sent_in_batches_the_oldest_first_with_their_own_times(phone, door):
    sam = phone()
    sam.told("online")
    sam.page.context.set_offline(offline=True)
    then = datetime.now(UTC) - timedelta(hours=5)
    sam.page.clock.set_fixed_time(then)
    ids = sam.add_many([f"B-{number}" for number in range(120)])
    sam.page.clock.set_fixed_time(datetime.now(UTC))
    sam.page.context.set_offline(offline=False)
    sam.sent.clear()
    sam.settled()
    assert [len(batch["scans"]) for batch in sam.sent if batch["scans"]] == [50, 50, 20]
    assert [scan_id for scan_id, _ in door.stored()] == ids
    assert all(abs(row.corrected_at - then) < timedelta(seconds=10) for row in door.rows())


def test_two_tabs_share_one_queue_and_one_of_them_sends(phone, door):
    one = phone()
    two = Phone(one.page.context.new_page(), door.files).open()
    first = one.add("B-1")
    assert two.add("B-1")["first"] == first["id"], "the other tab knows what this phone has scanned"
    for number in range(10):
        one.add(f"B-{number}")
        two.add(f"B-{number + 20}")
    one.settled()
    two.settled()
    stored = [scan_id for scan_id, _ in door.stored()]
    assert len(stored) == len(set(stored)) == 22
    assert one.counts() == two.counts()


def test_a_login_that_ended_keeps_scans_and_they_are_sent_after_the_next_one(phone, door):
    sam = phone()
    sam.told("online")
    door.store.ended_logins.end_everybody("demo", ["sam"])
    ids = sam.add_many(["B-1", "B-2"])
    sam.told("signed out", waiting=2)
    door.forget_ends()
    sam.page.context.add_cookies([door.cookie()])
    sam.try_now()
    sam.settled()
    assert [scan_id for scan_id, _ in door.stored()] == ids
    sam.told("online", waiting=0)


def test_a_person_without_the_role_keeps_what_they_scanned(phone, door):
    ada = phone(subject="ada")
    added = ada.add("B-1")
    assert ada.told("not allowed")["waiting"] == 1
    assert door.stored() == []
    door.give_role("ada")
    ada.try_now()
    ada.settled()
    door.take_role("ada")
    assert door.stored() == [(added["id"], "B-1")]


BROKEN = {
    "500": problem(500),
    "503 of the store": problem(503),
    "502 of a proxy": page_of_a_proxy(502),
    "200 of the Wi-Fi's login page": page_of_a_proxy(200),
    "401 of a proxy": page_of_a_proxy(401),
    "400 of a proxy": page_of_a_proxy(400),
    "404 of an archived implementation": problem(404),
    "a redirect": lambda route: route.fulfill(status=302, headers={"Location": "/login/demo"}),
    "a lost answer": lost,
    "no network": no_network,
    "no JSON": lambda route: route.fulfill(status=200, content_type="application/json", body='{"results": ['),
    "null": lambda route: route.fulfill(status=200, content_type="application/json", body="null"),
    "no results": lambda route: route.fulfill(status=200, content_type="application/json", body='{"results": {}}'),
    "too few results": results(lambda whole: whole[:1]),
    "results of other scans": results(lambda whole: [each | {"id": "x"} for each in whole]),
    "results in unknown states": results(lambda whole: [each | {"state": "lost"} for each in whole]),
    "results that are none": results(lambda whole: [None, 7, "stored", []]),
}


#: Six phones at once: each waits for a second before it sends again.
TOGETHER = [list(BROKEN)[start : start + 6] for start in range(0, len(BROKEN), 6)]


@pytest.mark.parametrize("names", TOGETHER, ids=", ".join)
def test_an_answer_that_says_nothing_loses_nothing_and_doubles_nothing(phone, door, names):
    phones, added = {name: phone() for name in names}, {}
    for name, sam in phones.items():
        sam.told("online")
        sam.faults += [BROKEN[name]]
        added[name] = sam.add_many([f"{name} {number}" for number in range(3)])
        sam.told("offline")
        assert {row["state"] for row in sam.newest()} <= {"waiting", "sent"}, name
    for sam in phones.values():
        sam.settled()
    stored = door.stored()
    for name, sam in phones.items():
        assert sorted(scan_id for scan_id, badge in stored if badge.startswith(f"{name} ")) == sorted(added[name]), name
        assert sam.counts() == {"people": 3, "scans": 3, "repeats": 0, "waiting": 0, "refused": 0}, name
    assert len(stored) == 3 * len(names)


def test_an_answer_that_is_slow_is_given_up_after_eight_seconds(phone, door):
    sam = phone()
    sam.told("online")
    held = []
    sam.faults += [held.append]
    added = sam.add()
    state = sam.told("offline")
    assert (state["detail"], len(held)) == ("TimeoutError", 1)
    sam.settled()
    assert door.stored() == [(added["id"], "B-1")]


def test_failures_back_off_and_are_forgotten_by_a_success(phone, door):
    sam = phone()
    sam.told("online")
    sam.faults += [no_network] * 4
    sam.add()
    delays = []
    for _ in range(4):
        state = sam.told("offline")
        delays.append(state["retryAt"].timestamp() - datetime.now(UTC).timestamp())
        sam.page.evaluate(NEXT_FAILURE) if len(delays) < 4 else None
    assert all(delay < 2**number * 1.1 for number, delay in enumerate(delays))
    assert delays[3] > 4
    sam.try_now()
    sam.settled()
    assert sam.told("online")["retryAt"] is None
    assert len(door.stored()) == 1


NEXT_FAILURE = """() => new Promise((done) => {
  const before = +sync.state.retryAt;
  sync.addEventListener("state", () => +sync.state.retryAt !== before && done());
  sync.kick();
})"""


def test_a_server_that_asks_to_wait_is_not_asked_earlier(phone, door):
    sam = phone()
    sam.told("online")
    sam.faults += [problem(429, **{"Retry-After": "3"})]
    sam.sent.clear()
    sam.add()
    sam.told("offline")
    asked = len(sam.sent)
    sam.page.evaluate("() => { sync.kick(); dispatchEvent(new Event('focus')); dispatchEvent(new Event('online')); }")
    sam.add("B-2")
    assert len(sam.sent) == asked == 1
    sam.settled()
    assert len(door.stored()) == 2


def test_one_poisonous_scan_holds_up_no_other_one_and_is_kept(phone, door):
    sam = phone()
    sam.told("online")

    def poisoned(route):
        batch = route.request.post_data_json["scans"]
        sam.faults.append(poisoned)
        problem(400)(route) if any(each["badge_id"] == "POISON" for each in batch) else route.continue_()

    sam.faults.append(no_network)
    sam.add_many(["B-1", "B-2", "POISON", "B-3", "B-4"])
    sam.told("offline")
    sam.faults.append(poisoned)
    sam.settled()
    assert [badge for _, badge in door.stored()] == ["B-1", "B-2", "B-3", "B-4"]
    (kept,) = sam.page.evaluate("() => queue.refused()")
    assert (kept["badge_id"], kept["state"], kept["reason"]) == ("POISON", "refused", "not_accepted")
    sam.faults.clear()
    sam.page.evaluate("(id) => queue.sendAgain(id)", kept["id"])
    sam.settled()
    assert len(door.stored()) == 5


def test_a_server_that_takes_no_batch_at_all_gets_no_scan_refused(phone, door):
    sam = phone()
    sam.told("online")
    sam.faults += [problem(400)] * 6
    sam.add_many(["B-1", "B-2", "B-3"])
    sam.told("offline", waiting=3)
    sam.faults.clear()
    sam.settled()
    assert len(door.stored()) == 3


def test_a_batch_that_is_too_large_is_halved(phone, door):
    sam = phone()
    sam.told("online")
    sam.faults += [no_network]
    ids = sam.add_many([f"B-{number}" for number in range(8)])
    sam.told("offline")
    sam.faults += [problem(413), problem(413)]
    sam.sent.clear()
    sam.settled()
    assert [len(batch["scans"]) for batch in sam.sent][:5] == [8, 4, 2, 2, 4]
    assert [scan_id for scan_id, _ in door.stored()] == ids


def test_a_wrong_clock_is_told_and_corrected(phone, door):
    sam = phone()
    here = datetime.now(UTC)
    sam.page.clock.set_fixed_time(here + timedelta(hours=3))
    sam.page.wait_for_function(f"() => Date.now() > {int(here.timestamp() * 1000) + 10_000_000}")
    sam.add()
    sam.settled()
    sam.page.wait_for_function("() => sync.state.clockOff !== 0")  # it is told after the scan was taken from the queue
    assert sam.told("online")["clockOff"] in (-180, -179)
    (row,) = door.rows()
    assert abs(row.corrected_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(row.scanned_at - datetime.now(UTC)) > timedelta(hours=2)
    assert abs(sam.saved_file()["skew_ms"] + 3 * 3600_000) < 60_000


def tried(phone):
    """Scan a badge; return what the page would say."""
    return phone.page.evaluate(TRY)


def test_a_full_phone_says_not_saved_and_saves_again_when_there_is_room(phone, door):
    sam = phone(sends=False)
    devtools = sam.page.context.new_cdp_session(sam.page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": door.address, "quotaSize": 1})
    assert [tried(sam), tried(sam)] == ["not saved"] * 2
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": door.address})
    sam.add("B-3")
    assert [row["badge_id"] for row in sam.newest()] == ["B-3"]


LOSE = """(times) => {
  const whole = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...terms) {
    if (times-- > 0) throw new DOMException("Connection to Indexed Database server lost", "UnknownError");
    return whole.apply(this, terms);
  };
}"""


def test_a_lost_connection_to_the_database_is_opened_again(phone):
    sam = phone(sends=False)
    sam.add("B-1")
    sam.page.evaluate(LOSE, 1)
    sam.add("B-2")
    assert [row["badge_id"] for row in sam.newest()] == ["B-2", "B-1"]


def test_a_database_that_stays_lost_says_not_saved_and_the_next_scan_is_saved(phone):
    sam = phone(sends=False)
    sam.page.evaluate(LOSE, 2)
    assert tried(sam) == "not saved"
    sam.add("B-2")
    assert [row["badge_id"] for row in sam.newest()] == ["B-2"]


def test_a_database_that_never_answers_says_not_saved(phone):
    sam = phone(sends=False)
    sam.page.evaluate("() => { window.whole = indexedDB.open; IDBFactory.prototype.open = () => ({}); }")
    sam.page.evaluate(LOSE, 1)
    assert tried(sam) == "not saved"
    sam.page.evaluate("() => { IDBFactory.prototype.open = whole; }")
    sam.add("B-2")
    assert [row["badge_id"] for row in sam.newest()] == ["B-2"]


def test_a_role_that_is_taken_while_30_scans_wait_counts_them_and_refuses_later_ones(phone, door):
    sam = phone()
    sam.told("online")
    sam.page.context.set_offline(offline=True)
    ids = sam.add_many([f"B-{number}" for number in range(30)])
    sam.told("offline")
    door.take_role("sam")
    late = sam.add("LATE")
    sam.page.context.set_offline(offline=False)
    sam.settled()
    door.give_role("sam")
    assert [scan_id for scan_id, _ in door.stored()] == ids
    assert all(row.late for row in door.rows())
    (kept,) = sam.page.evaluate("() => queue.refused()")
    assert (kept["id"], kept["reason"]) == (late["id"], "revoked")


def test_a_session_is_switched_without_a_page_load(phone, door):
    sam = phone()
    sam.add("B-1")
    elsewhere = sam.add("B-1", session="CE-2")
    assert elsewhere["first"] is None
    sam.add("B-2", session="CE-2")
    sam.settled()
    assert (sam.counts("CE-1")["people"], sam.counts("CE-2")["people"]) == (1, 2)
    assert [row.session_id for row in door.rows()] == ["CE-1", "CE-2", "CE-2"]


def test_300_scans_in_a_row_are_all_stored_once_in_their_order(phone, door):
    sam = phone()
    ids = sam.add_many([f"B-{number}" for number in range(300)])
    sam.settled()
    assert [scan_id for scan_id, _ in door.stored()] == ids
    assert sam.counts()["people"] == 300
    assert len(sam.sent) < 150, "scans that are made while a batch is on its way go together"


def test_an_unknown_session_is_refused_kept_shown_and_can_be_sent_again(phone, door):
    sam = phone()
    sam.add("B-1", session="NONE")
    sam.add("B-2")
    sam.settled()
    assert [badge for _, badge in door.stored()] == ["B-2"]
    (kept,) = sam.page.evaluate("() => queue.refused()")
    assert (kept["reason"], sam.counts("NONE")["refused"]) == ("unknown_session", 1)


def test_the_same_id_with_another_content_is_refused_and_shown(phone, door):
    one, two = phone(), phone(sends=False)
    added = one.add("B-1")
    one.settled()
    two.page.evaluate("(id) => { crypto.randomUUID = () => id; }", added["id"])
    two.add("B-2")
    two.page.reload()
    two = Phone(two.page, door.files)
    two.take_up()
    two.settled()
    assert [row["reason"] for row in two.newest()] == ["id_taken"]
    assert door.stored() == [(added["id"], "B-1")]


def test_two_phones_scan_the_same_badge_and_the_second_one_is_told_by_the_server(phone, door):
    one, two = phone(), phone()
    one.add("B-1")
    one.settled()
    assert two.add("B-1")["first"] is None
    two.settled()
    (row,) = two.newest()
    assert (row["state"], row["repeat_of"], row["first_at"] is not None) == ("sent", None, True)
    assert len(door.stored()) == 2


def test_in_and_out_are_no_repeats_of_each_other(phone):
    sam = phone(sends=False)
    first = sam.add("B-1", direction="in")
    assert sam.add("B-1", direction="out")["first"] is None
    assert sam.add("B-1", direction="in")["first"] is None
    assert sam.add("B-1", direction=None)["first"] is not None
    assert sam.counts()["repeats"] == 1
    assert first["first"] is None


def test_an_undone_scan_that_was_sent_is_voided(phone, door):
    sam = phone()
    added = sam.add("B-1")
    sam.settled()
    sam.undo(added["id"])
    assert sam.counts() == {"people": 0, "scans": 0, "repeats": 0, "waiting": 1, "refused": 0}
    sam.settled()
    assert door.stored("void") == [(added["id"], "B-1")]
    assert sam.newest()[0]["void"]["state"] == "sent"
    assert sam.add("B-1")["first"] is None, "what was undone is repeated by nothing"
    sam.settled()


def test_a_scan_that_is_undone_offline_is_sent_and_then_voided(phone, door):
    sam = phone()
    sam.told("online")
    sam.page.context.set_offline(offline=True)
    kept, undone = sam.add("B-1"), sam.add("B-2")
    sam.undo(undone["id"])
    assert sam.counts()["people"] == 1
    sam.told("offline", waiting=3)
    sam.page.context.set_offline(offline=False)
    sam.settled()
    assert [scan_id for scan_id, _ in door.stored()] == [kept["id"], undone["id"]]
    assert door.stored("void") == [(undone["id"], "B-2")]


def test_a_void_whose_answer_is_lost_is_made_once(phone, door):
    sam = phone()
    added = sam.add("B-1")
    sam.settled()
    sam.faults += [lost]
    sam.undo(added["id"])
    sam.told("offline")
    sam.settled()
    assert len(door.stored("void")) == 1
    assert sam.newest()[0]["void"]["state"] == "sent"


def test_a_void_that_the_server_refuses_is_told_and_the_scan_counts_again(phone, door):
    sam = phone()
    added = sam.add("B-1")
    sam.settled()
    door.give_role("ada")
    sam.page.context.add_cookies([door.cookie("ada")])
    sam.undo(added["id"])
    sam.settled()
    (row,) = sam.newest()
    assert (row["state"], row["void"]["state"], row["void"]["refusal"]) == ("sent", "refused", "not_yours")
    assert sam.counts()["people"] == 1
    door.take_role("ada")
    sam.page.context.add_cookies([door.cookie("sam")])
    sam.undo(added["id"])
    sam.settled()
    assert door.stored("void") == [(added["id"], "B-1")]


def test_repeats_on_the_phone_are_those_of_the_server(phone, door):
    chance = random.Random(3)
    start = datetime(2026, 5, 4, 9, tzinfo=UTC)
    cases = []
    for _ in range(300):
        moments = [start + timedelta(seconds=chance.choice([0, 1, 60, 119, 120, 121, 240, 900])) for _ in range(6)]
        cases.append(
            [BadgeScan(str(uuid.UUID(int=n)), at, chance.choice(["", "in", "out"])) for n, at in enumerate(moments)]
        )
    sent = [
        [{"id": each.id, "scanned_at": each.at.isoformat(), "direction": each.direction or None} for each in case]
        for case in cases
    ]
    ask = """async ([files, cases]) => {
      const { repeatsOf } = await import(`${files}repeats.mjs`);
      return cases.map((each) => [...repeatsOf(each, 120)].map(([id, first]) => [id, first.id]));
    }"""
    said = phone(sends=False).page.evaluate(ask, [door.files, sent])
    session = SessionRules(start, None, in_and_out=True)
    assert [dict(each) for each in said] == [repeats_of(in_order(case, session), 120) for case in cases]


def test_a_saved_file_is_imported_and_the_phone_sends_the_same_scans_later(phone, door):
    sam = phone()
    sam.told("online")
    sam.page.context.set_offline(offline=True)
    ids = sam.add_many(["B-1", "B-2", "B-3"])
    sam.undo(ids[2])
    saved = sam.saved_file()
    assert door.import_file(saved) == {"new": 3, "already": 0, "refused": 0, "voided": 1, "voids_refused": 0}
    sam.page.context.set_offline(offline=False)
    sam.settled()
    assert [scan_id for scan_id, _ in door.stored()] == ids
    assert len(door.stored("void")) == 1
    assert sam.counts()["refused"] == 0
    assert door.import_file(saved)["already"] == 3


def test_a_file_is_saved_with_what_waits_and_nothing_else(phone):
    sam = phone()
    sam.add("SENT")
    sam.settled()
    sam.page.context.set_offline(offline=True)
    sam.add("B-1", last_name="Müller", session_ends="2026-12-01T10:00:00Z")
    with sam.page.expect_download() as waiting:
        count = sam.page.evaluate("() => saveWaiting(queue)")
    assert count == 1
    assert waiting.value.suggested_filename.startswith("scans-demo-")
    (scan,) = sam.saved_file()["scans"]
    assert (scan["badge_id"], scan["last_name"]) == ("B-1", "Müller")
    assert set(scan) == {
        *("id", "session", "badge_id", "last_name", "first_name", "scanned_at", "direction", "entry")
    }  # fmt: skip


def test_nothing_but_the_three_fields_of_a_badge_is_stored_on_the_phone_or_sent(phone):
    sam = phone()
    sam.add("B-1", email="mei@firm.example", raw="B-1|Chen|Mei|mei@firm.example")
    sam.settled()
    assert "firm.example" not in str(sam.newest())
    assert "firm.example" not in str(sam.sent)


def test_names_of_sent_scans_leave_the_phone_twelve_hours_after_the_session(phone):
    sam = phone()
    now = datetime.now(UTC)
    over, fresh = (stamp.isoformat() for stamp in (now - timedelta(hours=13), now - timedelta(hours=11)))
    for number, ends in enumerate([over, fresh, None, "nonsense"]):
        sam.add(f"B-{number}", session_ends=ends)
    sam.settled()
    sam.page.evaluate("() => queue.forgetNames()")
    assert [row["last_name"] for row in sam.newest()] == ["Chen", "Chen", "Chen", ""]
    assert sam.page.evaluate("(now) => queue.forgetNames(now)", (now.timestamp() + 37 * 3600) * 1000) == 3
    sam.page.context.set_offline(offline=True)
    sam.add("WAITS", session_ends=over)
    sam.page.evaluate("() => queue.forgetNames()")
    assert sam.newest()[0]["last_name"] == "Chen", "what waits keeps its names"
