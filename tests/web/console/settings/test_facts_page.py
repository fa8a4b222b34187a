"""The page of facts: a secret is made, shown once and revoked; what is known and the last calls are listed; and who may not."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import SecretBox
from records.facts import fact_storage, hook_secrets
from records.facts.fact_storage import FactBatch, FactSource
from records.facts.fact_tables import HookSecret
from records.tenants import implementations
from runner.health.hook_calls import HookCall, HookCalls
from tests.support.application import KEY
from tests.support.looks import SIZES, look_at
from tests.web.console.settings.staff_people import DEMO, entries
from tests.web.console.settings.test_devices_page import words
from tests.web.console.settings.test_settings_in_browser import open_page
from tests.web.console.settings.test_webhook_page import secret_of

__all__ = ["open_page"]
PAGE = "/settings/facts"
SECRETS = f"{PAGE}/secrets"
PICTURES = os.environ.get("DOOR_PICTURES")


def keys(database):
    with database.reading() as db:
        return hook_secrets.keys(db, SecretBox([KEY]), implementations.find(db, "demo"), datetime.now(UTC))


def know(database, facts, session="CE-1"):
    with database.session() as db:
        batch = FactBatch(session, datetime.now(UTC), FactSource.PUSHED, facts)
        fact_storage.store(db, implementations.find(db, "demo"), batch)


def test_a_secret_is_made_and_shown_once(administrator, database):
    answer = administrator.post(SECRETS)
    secret = secret_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in administrator.get(PAGE).text
    assert secret not in str([vars(each) for each in entries(database)])
    assert "1 valid" in words(administrator.get(PAGE))
    assert len(keys(database)) == 1
    assert "/hooks/demo/facts" in answer.text


def test_a_secret_is_revoked_after_a_question(administrator, database):
    administrator.post(SECRETS)
    administrator.post(SECRETS)
    assert "1 ends soon" in words(administrator.get(PAGE))
    assert "from now on and for ever" in words(administrator.get(f"{SECRETS}/1/revoke"))
    administrator.post(f"{SECRETS}/1/revoke")
    assert "Secret 1 is revoked." in words(administrator.get(PAGE))
    assert len(keys(database)) == 1
    assert entries(database)[0].action == "facts.secret_revoked"
    administrator.post(f"{SECRETS}/1/revoke")
    assert "Nothing was changed" in words(administrator.get(PAGE))
    administrator.post(f"{SECRETS}/99/revoke")
    assert "Nothing was revoked" in words(administrator.get(PAGE))


def test_a_secret_that_no_key_opens_is_shown_as_such(administrator, database):
    administrator.post(SECRETS)
    with database.session() as db:
        db.get_one(HookSecret, 1).sealed_secret = b"overwritten"
    assert "1 cannot be used: no key opens it" in words(administrator.get(PAGE))


def test_a_fourth_secret_needs_that_one_is_revoked(administrator, database):
    for _ in range(4):
        administrator.post(SECRETS)
    assert "revoke one of them first" in words(administrator.get(PAGE))
    assert len(keys(database)) == 3


def test_what_is_known_and_the_last_calls_are_listed_without_anybodys_facts(administrator, database, store):
    assert "No facts yet" in words(administrator.get(PAGE))
    know(database, {"ada": {"card": "4711"}, "olga": {"n": 1}})
    know(database, {"ada": {"member": True}}, session="")
    HookCalls(store.redis).note("demo", HookCall("facts", taken=True, said="CE-1: 2 taken, 1 unknown user."))
    HookCalls(store.redis).note("demo", HookCall("facts", taken=False, said="The body must be <JSON>."))
    page = administrator.get(PAGE)
    assert "The whole event pushed 1" in words(page)
    assert "Sepsis in 2026 CE-1 pushed 2" in words(page)
    assert "CE-1: 2 taken, 1 unknown user." in words(page)
    assert "The body must be &lt;JSON&gt;." in page.text
    assert "4711" not in page.text


def test_calls_to_a_removed_implementation_of_this_name_are_not_shown(administrator, database, store):
    HookCalls(store.redis).note("demo", HookCall("facts", taken=True, said="SECRET-1: 2 taken."))
    HookCalls(store.redis).note("demo", HookCall("facts", taken=False, said="session is not in SECRET-1."))
    with database.session() as db:
        implementations.find(db, "demo").created_at = datetime.now(UTC) + timedelta(seconds=2)
    assert "SECRET-1" not in administrator.get(PAGE).text


def test_what_is_known_about_one_person_is_on_their_page_and_beside_their_message(
    administrator, organizer, author, database
):
    know(database, {"ada": {"note": "<b>claimed</b>"}})
    know(database, {"ada": {"member": True}}, session="")
    person = administrator.get("/people?q=ada").text.split("/people/")[-1].split('"')[0]
    for page in (organizer.get(f"/people/{person}"), organizer.get("/why?user=ada&session=CE-1")):
        assert "member" in words(page)
        assert "<b>claimed</b>" not in page.text
        assert "claimed" in page.text
    assert "member" not in words(organizer.get("/why?user=olga&session=CE-1"))
    assert author.get(f"/people/{person}").status_code == 403


def test_who_may_not_change_trust_sees_facts_and_makes_no_secret(organizer, administrator, database):
    administrator.post(SECRETS)
    page = organizer.get(PAGE)
    assert "1 valid" in words(page)
    assert "Make a secret" not in page.text
    for path in (SECRETS, f"{SECRETS}/1/revoke"):
        assert organizer.post(path).status_code == 403
    assert organizer.get(f"{SECRETS}/1/revoke").status_code == 403
    assert len(keys(database)) == 1


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_every_state_of_the_page_is_accessible(open_page, database, store, size):
    page = open_page(viewport=SIZES[size])

    def looked_at(name):
        look_at(page, PICTURES and Path(PICTURES) / f"facts-{name}-{size}")

    page.goto(DEMO + PAGE)
    looked_at("1-none")
    page.get_by_role("button", name="Make a secret").click()
    page.get_by_role("heading", name="The new secret").wait_for()
    looked_at("2-secret")
    know(database, {"ada": {"claimed": True}})
    HookCalls(store.redis).note("demo", HookCall("facts", taken=True, said="CE-1: 2 taken, " + "1 unknown user " * 9))
    HookCalls(store.redis).note("demo", HookCall("facts", taken=False, said="The body must be JSON." + "x" * 90))
    page.goto(DEMO + PAGE)
    looked_at("3-known")
    page.goto(DEMO + "/why?user=ada&session=CE-1")
    looked_at("4-why")
