"""What an implementation lacks for a script: each kind of thing, and nothing that a script computes."""

import pytest

from records import ConnectionDraft
from records.tenants import connections, implementations
from records.tenants.script_needs import MOST_COMPARED, NeededCall, ScriptNeeds, lacks


@pytest.fixture
def mine(db, demo, box):
    mine = db.merge(demo)
    draft = ConnectionDraft("ethosce", "https://cme.example.org", methods=("GET",), path_prefixes=("/credits",))
    connections.save(db, box, mine, draft)
    implementations.update(db, mine, script_settings={"url": "x"}, link_hosts=["cme.example.org"])
    return mine


LACKING = [
    (ScriptNeeds(settings=("url", "claim")), ["There is no setting named claim."]),
    (ScriptNeeds(calls=(NeededCall("survey", "GET"),)), ["There is no connection named survey."]),
    (ScriptNeeds(calls=(NeededCall("ethosce", "POST", "/credits"),)), ["The connection ethosce does not allow POST."]),
    (
        ScriptNeeds(calls=(NeededCall("ethosce", "GET", "/creditsx"),)),
        ["The connection ethosce does not allow the path /creditsx."],
    ),
    (
        ScriptNeeds(link_hosts=("cme.example.org", "x.cme.example.org")),
        ["Messages link to x.cme.example.org, which is not among the link hosts."],
    ),
]


@pytest.mark.parametrize(("needs", "told"), LACKING, ids=["setting", "connection", "method", "path", "host"])
def test_what_is_lacking_is_said_once(db, mine, needs, told):
    assert [one.what for one in lacks(db, mine, needs)] == told


def test_what_is_there_or_computed_lacks_nothing(db, mine):
    calls = (NeededCall("ethosce", "GET", "/credits/7"), NeededCall("ethosce", "GET", ""))
    assert lacks(db, mine, ScriptNeeds(("url",), calls, ("cme.example.org",))) == ()


def test_what_a_script_names_a_million_times_is_stored_and_compared_within_a_bound(db, mine):
    many = ScriptNeeds(
        ("url",), tuple(NeededCall(f"c{n}", "GET", "/x") for n in range(9_999)), ("a.example.org",) * 9_999
    )
    stored = ScriptNeeds.stored(["url"], many.reaches())
    assert (len(stored.calls), len(stored.link_hosts)) == (MOST_COMPARED, MOST_COMPARED)
    assert ScriptNeeds.stored(None, None) == ScriptNeeds()
