"""Replay: a version on earlier runs, in the jail, with the answers that were kept."""

from datetime import UTC, datetime, timedelta

import pytest

from records import Run, RunRecord
from records.scripts import runs
from records.tenants import implementations
from records.trials import kept_answers
from runner.runs.outcome_to_status import ACTIVE_VERSION
from runner.trials.replay.earlier_runs import STEP, earlier_runs
from runner.trials.replay.kept_powers import KeptPowers
from runner.trials.replay.replay import ASKS_OTHERWISE, NO_ANSWERS, NO_INPUT, EarlierRun, ReplayTerms, replay
from runner.trials.trial_input import RETURN_URL
from sandbox import Call, RunLimits
from tests.support.records import new_records

PUBLIC = "https://status.example.org"
TERMS = ReplayTerms(("cme.example.org",), RunLimits(), "#005d8a", PUBLIC)
SCRIPT = """from urllib.parse import quote

def status(user, session, api):
    credit = api.get("ethos", "/credits", params={"user": user.id}).json()
    if credit["claimed"]:
        return message("Claimed")
    return message("Claim", link="https://cme.example.org/c?back=" + quote(api.return_url(), safe=""))
"""
OTHER = SCRIPT.replace('"Claimed"', '"Credit claimed"')
MESSAGE = {"text": "Claimed", "color": "#005d8a", "action": None}


def an_answer(**more):
    query = {"user": ["165"]}
    return {
        "connection": "ethos",
        "method": "GET",
        "path": "/credits",
        "query": query,
        "text": '{"claimed": true}',
    } | more


def a_run(**changes):
    given = {
        "user": {"id": "165"},
        "session": {"id": "393"},
        "settings": {},
        "now": "2026-05-04T14:10:00+00:00",
        "return_url": "",
        "scans": [],
    }
    usual = {
        "id": "r1", "user": "165", "session": "393", "outcome": "returned", "shown_as": "fresh", "message": MESSAGE,
        "calls": [{}], "given": given, "error": None, "because": "",
    }  # fmt: skip
    return Run(**(usual | changes))


@pytest.fixture
def replayed(bench):
    def go(source, *earlier, terms=TERMS):
        review = bench.review(source)
        assert review.ok, review.findings
        return replay(bench, (source, review.checked.code), earlier, terms)

    return go


def test_the_same_message_is_the_same_and_another_is_told_with_both(replayed):
    earlier = EarlierRun(a_run(), [an_answer()])
    assert replayed(SCRIPT, earlier).as_json() == {
        "runs": 1, "same": 1, "changed": [], "begins_to_fail": [], "stops_failing": [], "fails_in_both": [],
        "not_comparable": [],
    }  # fmt: skip
    changed = replayed(OTHER, earlier).changed
    assert changed == [
        {
            "run": "r1",
            "user": "165",
            "session": "393",
            "before": {"outcome": "returned", "message": {"text": "Claimed", "link": None, "color": "#005d8a"}},
            "after": {"outcome": "returned", "message": {"text": "Credit claimed", "link": None, "color": "#005d8a"}},
        }
    ]


@pytest.mark.parametrize(
    ("then", "answers", "expected"),
    [
        ({"outcome": "raised", "error": {"type": "KeyError", "line": 5, "text": "x"}}, [an_answer()], "stops_failing"),
        ({}, [an_answer(text="{}")], "begins_to_fail"),
        ({"outcome": "raised", "error": None}, [an_answer(text="{}")], "fails_in_both"),
        ({"message": None, "shown_as": "hidden"}, [an_answer()], "changed"),
        ({}, [an_answer(error="timeout", text=None)], "begins_to_fail"),
    ],
)
def test_a_run_that_fails_on_one_side_is_in_the_list_of_its_kind(replayed, then, answers, expected):
    answers = [{name: value for name, value in each.items() if value is not None} for each in answers]
    done = replayed(SCRIPT, EarlierRun(a_run(**then), answers)).as_json()
    assert [name for name, value in done.items() if isinstance(value, list) and value] == [expected]


@pytest.mark.parametrize(
    ("then", "answers", "why"),
    [
        ({"given": {}}, [], NO_INPUT),
        ({}, None, NO_ANSWERS),
        ({}, [], ASKS_OTHERWISE),
        ({}, [an_answer(path="/other")], ASKS_OTHERWISE),
        ({}, [an_answer(query={"user": ["166"]})], ASKS_OTHERWISE),
        ({}, [{"nonsense": 1}], NO_ANSWERS),
    ],
)
def test_a_run_that_cannot_be_made_again_is_not_comparable(replayed, then, answers, why):
    done = replayed(SCRIPT, EarlierRun(a_run(**then), answers))
    assert done.not_comparable == [{"run": "r1", "user": "165", "session": "393", "why": why}]


def test_a_run_without_calls_needs_no_answers(replayed):
    plain = 'def status(user, session, api):\n    return message("Claimed")\n'
    assert replayed(plain, EarlierRun(a_run(calls=[]), None)).same == 1


def test_the_signed_return_address_makes_no_difference(replayed):
    link = "https://cme.example.org/c?back=https%3A%2F%2Fstatus.example.org%2Fr%2FeyJ1.AbC-9_x.sig"
    then = a_run(message={"text": "Claim", "color": "#005d8a", "action": {"kind": "link", "url": link}})
    assert replayed(SCRIPT, EarlierRun(then, [an_answer(text='{"claimed": false}')])).same == 1
    assert RETURN_URL not in link


def test_the_same_call_made_twice_gets_both_answers_in_order():
    powers = KeptPowers([an_answer(text="1"), an_answer(text="2")])
    call = Call("GET", "ethos", "/credits", (("user", "165"),))
    answers = [powers.call(call, deadline=1e9, read_bytes_left=1000).text for _ in range(3)]
    assert answers == ["1", "2", "2"]


def test_a_parameter_that_was_blanked_when_it_was_kept_is_compared_blanked():
    powers = KeptPowers([an_answer(query={"token": ["[redacted]"]}, text="1")])
    call = Call("GET", "ethos", "/credits", (("token", "abc"),))
    assert powers.call(call, deadline=1e9, read_bytes_left=1000).text == "1"


def test_the_newest_runs_are_read_with_their_answers_and_without_those_nobody_saw(tmp_path):
    database = new_records(f"sqlite:///{tmp_path}/records.db")
    start = datetime(2026, 5, 4, tzinfo=UTC)
    with database.session() as db:
        owner = implementations.create(db, "demo", "Demo")
        usual = {"implementation": "demo", "user": "1", "session": "s", "version": "v", "shown_as": "fresh"}
        records = [
            RunRecord(
                id=f"r{one:04}", started_at=start + timedelta(seconds=one), outcome="returned", answers=[one], **usual
            )
            for one in range(STEP + 20)
        ]
        records[-1] = RunRecord(**(vars(records[-1]) | {"outcome": "service away"}))
        records[-2] = RunRecord(**(vars(records[-2]) | {"outcome": "raised", "shown_as": ACTIVE_VERSION}))
        runs.record_many(db, records)
        kept_answers.keep(db, records[:-1])
    found = list(earlier_runs(database, owner, most=STEP + 5))
    database.dispose()
    assert [each.run.id for each in found] == [f"r{one:04}" for one in range(STEP + 17, 12, -1)]
    assert found[0].answers == [STEP + 17]
