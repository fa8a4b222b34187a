"""Each page of the console shows its times in one zone and names it once: the conference's, or UTC above conferences."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from records.tenants import implementations
from tests.system.console_walk.implementations import STAFF
from tests.system.console_walk.page_reader import Page

#: A clock's time in the words of a page.
WORDS = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}, \d{2}:\d{2}\b")


@pytest.fixture(scope="module")
def zones(walk_seed):
    database, _ = walk_seed
    with database.reading() as db:
        return {one.slug: one.time_zone for one in implementations.every(db)}


def zone_of(address, zones):
    """The zone that a page must show: of the implementation which it is below, else UTC."""
    found = re.search(r"/implementations/([^/?]+)", address)
    return zones[found[1]] if found else "UTC"


def pages(walked, role):
    return [Page(one.address, one.page.text) for one in walked[role].answers.values() if one.page]


@pytest.mark.parametrize("role", STAFF)
def test_every_time_of_a_page_is_in_its_one_zone_which_stands_there_once(walked, zones, role):
    with_times = 0
    for page in pages(walked, role):
        zone, times = zone_of(page.address, zones), list(page.tree.iter("time"))
        named = [one.text_content().strip() for one in page.tree.iter("p") if one.get("id") == "zone"]
        assert named == [f"Times in {zone}"] if times else len(named) <= 1, page.address
        with_times += bool(times)
        for one in times:
            at = datetime.fromisoformat(one.get("datetime"))
            here = at.astimezone(ZoneInfo(zone))
            assert at.utcoffset() == UTC.utcoffset(None), page.address
            assert one.get("title") == f"{here:%Y-%m-%d %H:%M:%S} {zone}", page.address
            near = datetime.now(UTC) - at < timedelta(days=1) and one.text_content() in (
                f"{here:%H:%M}",
                f"{here:%H:%M:%S}",
            )
            whole = (f"{here:%d %b %Y, %H:%M}", f"{here:%d %b %Y, %H:%M:%S}")
            assert near or one.text_content().endswith(whole), page.address
    assert with_times > 5


@pytest.mark.parametrize("role", STAFF)
def test_no_time_is_written_past_the_clock_of_the_page_and_no_label_names_a_zone(walked, role):
    for page in pages(walked, role):
        for one in page.tree.iter("th", "dt", "label", "td"):
            assert not re.search(r"\(UTC\)|\bUTC$", one.get("data-label", "") + one.text_content().strip()) or (
                "Time zone" in (one.get("data-label") or "")
            ), f"{page.address}: {one.text_content()}"
        for one in list(page.tree.iter("time")):
            one.drop_tree()
        assert not WORDS.search(page.tree.text_content()), page.address
