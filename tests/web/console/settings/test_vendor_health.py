"""Vendors that are slow or fail: who is told on which page, and who may let them be called again."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as StoreGone

from records import ConnectionDraft
from records.tenants import connections, implementations
from runner.powers.vendor_limits import keys_of_name
from runner.store.errors import StoreAway
from tests.support.vendor_health import BAD, GOOD, SLOW, count_calls, open_breaker
from tests.web.console.settings.staff_people import DEMO, entries

BANNER = "Users see the last known messages."


@pytest.fixture
def other(database, box):
    """Another implementation with a connection of the same name."""
    with database.session() as db:
        made = implementations.create(db, "other", "Other Congress")
        connections.save(db, box, made, ConnectionDraft("ethosce", "https://vendor.example"))


def test_while_all_is_well_there_is_no_banner_and_the_list_has_the_times(administrator, redis):
    count_calls(redis, "demo", "ethosce", *[GOOD] * 8)
    page = administrator.get("/connections").text
    assert BANNER not in page
    assert "8 calls in 5 minutes; 95 of 100 took at most 0.1 s" in page
    assert "Try again now" not in page


def test_a_connection_without_calls_says_so(administrator):
    assert "no calls lately" in administrator.get("/connections").text


@pytest.mark.parametrize("person", ["administrator", "organizer", "author"])
@pytest.mark.parametrize("path", ["/", "/connections", "/settings", "/agenda"])
def test_a_slow_vendor_is_told_on_every_page_to_everybody_who_sees_the_settings(request, redis, person, path):
    count_calls(redis, "demo", "ethosce", *[SLOW] * 8)
    page = request.getfixturevalue(person).get(path).text
    assert "<bdi>ethosce</bdi> is slow</a></strong> since" in page
    assert BANNER in page
    assert "Times in Europe/Berlin" in page


def test_a_vendor_that_is_well_again_is_told_without_alarm(administrator, redis):
    count_calls(redis, "demo", "ethosce", *[BAD] * 8)
    count_calls(redis, "demo", "ethosce", *[GOOD] * 40)
    page = administrator.get("/").text
    assert "<bdi>ethosce</bdi> is well again</a></strong> since" in page
    assert BANNER not in page


def test_a_vendor_that_is_not_called_is_called_again_by_an_organizer_with_an_audit_entry(organizer, database, redis):
    count_calls(redis, "demo", "ethosce", *[BAD] * 8)
    open_breaker(redis, "demo", "ethosce")
    page = organizer.get("/connections").text
    assert "is not called</a></strong> since" in page
    assert "last error: HTTP status 503" in page
    assert "Try again now" in page
    answer = organizer.post("/connections/ethosce/call-again", follow_redirects=True)
    assert "ethosce is called again from now on." in answer.text
    assert "Try again now" not in answer.text
    assert not redis.exists(keys_of_name("demo", "ethosce")[0])
    (entry,) = entries(database, "connection.breaker_closed")
    assert (entry.target, entry.actor) == ("ethosce", "demo/olga")


def test_a_breaker_that_the_store_did_not_close_is_not_noted_as_closed(organizer, database, redis, monkeypatch):
    def away(*_):
        raise StoreAway

    open_breaker(redis, "demo", "ethosce")
    monkeypatch.setattr("web.console.settings.connections.views.close_breaker", away)
    assert organizer.post("/connections/ethosce/call-again").status_code == 503
    assert entries(database, "connection.breaker_closed") == []
    assert redis.exists(keys_of_name("demo", "ethosce")[0])


def test_an_author_sees_the_breaker_and_cannot_close_it(author, redis):
    open_breaker(redis, "demo", "ethosce")
    assert "Try again now" not in author.get("/connections").text
    assert author.post("/connections/ethosce/call-again").status_code == 403
    assert redis.exists(keys_of_name("demo", "ethosce")[0])


def test_an_organizer_neither_sees_nor_closes_the_breaker_of_another_implementation(organizer, redis, database, other):
    open_breaker(redis, "other", "ethosce")
    assert BANNER not in organizer.get("/").text
    elsewhere = DEMO.replace("demo", "other")
    for method, path in (("get", "/connections"), ("post", "/connections/ethosce/call-again")):
        answer = getattr(organizer.http, method)(elsewhere + path)
        assert answer.status_code in (403, 404)
        assert "not called" not in answer.text
    organizer.post("/connections/ethosce/call-again")  # the own one, of the same name
    assert redis.exists(keys_of_name("other", "ethosce")[0])
    assert entries(database, "connection.breaker_closed")[0].implementation == "demo"


def test_a_connection_that_does_not_exist_has_nothing_to_close(organizer, database):
    assert organizer.post("/connections/none/call-again").status_code == 404
    assert entries(database, "connection.breaker_closed") == []


def test_while_the_store_is_away_pages_are_shown_without_a_banner(administrator, redis, monkeypatch):
    open_breaker(redis, "demo", "ethosce")

    def gone(*_, **__):
        raise StoreGone("away")

    monkeypatch.setattr(Redis, "pipeline", gone)
    page = administrator.get("/connections")
    assert page.status_code == 200
    assert "not known: the store does not answer" in page.text
    assert BANNER not in page.text
