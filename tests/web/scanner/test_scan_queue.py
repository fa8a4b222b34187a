"""The queue at the door, in Chromium, against the real web server: whatever goes wrong, nothing is lost and nothing counts twice."""

import pytest

from tests.support.door import Phone, open_door

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(tmp_path_factory, valkey_url):
    with open_door(tmp_path_factory.mktemp("door"), valkey_url) as door:
        yield door


@pytest.fixture
def door(opened):
    """The door of the module, and what this test adds to its ledger."""
    opened.before = len(opened.stored())
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


def test_a_scan_is_sent_and_stored_once(phone, door):
    sam = phone()
    added = sam.add("B-1")
    assert (added["state"], added["first"]) == ("waiting", None)
    sam.settled()
    assert door.stored()[door.before :] == [(added["id"], "B-1")]
    again = sam.add("B-1")
    assert again["first"] == added["id"]
    sam.settled()
    assert sam.counts() == {
        "people": 1, "scans": 2, "repeats": 1, "waiting": 0, "refused": 0,
    }  # fmt: skip
    assert [row["id"] for row in sam.newest()] == [again["id"], added["id"]]
