"""The demo's learning site pushes facts to a real service while its switch is on, and the control page says what became of it."""

from datetime import UTC, datetime

import pytest

from records import SecretBox
from records.facts import fact_lists, hook_secrets
from records.tenants import implementations
from runner.logins import LoginStore
from tests.support.application import KEY, make_app, make_settings
from tests.support.browser import serving
from tests.support.records import new_records
from web.demo.agenda import AGENDA, PEOPLE, STORY
from web.demo.app_pages import AppData
from web.demo.facts import facts_secret
from web.demo.seed import seed
from web.demo.vendor import create_vendor, open_services

MEI = "165"
BOX = SecretBox([KEY])


@pytest.fixture
def demo(tmp_path, redis):
    """The database of a demo, and the folder and a client of its vendor, which pushes to a real service."""
    database, folder = new_records(f"sqlite:///{tmp_path}/demo.db"), tmp_path / "demo"
    with serving(lambda address: make_app(database, LoginStore(redis), make_settings(address))) as (address, _):
        services = open_services(folder, service_url=address, own_url="http://127.0.0.1:8001")
        with database.session() as db:
            seed(db, BOX, services.keys, vendor_url=services.own_url, now=datetime.now(UTC))
        provide(database, folder)
        vendor = create_vendor(services, AppData(list, list, lambda: datetime.now(UTC)))
        yield database, folder, vendor.test_client()
    database.dispose()


def provide(database, folder):
    """Let the site have a secret, as `up` does."""
    with database.session() as db:
        text = facts_secret.missing(db, BOX, implementations.find(db, "demo"), folder)
    facts_secret.write(folder, text)


def known(database, user=MEI):
    with database.reading() as db:
        owner = implementations.find(db, "demo")
        return {each.session: each.content for each in fact_lists.of_user(db, owner, user)}


def test_the_site_pushes_what_it_knows_and_each_claim_while_its_switch_is_on(demo):
    database, _, client = demo
    client.post(f"/ethosce/claim/{STORY}?uid={MEI}")
    assert known(database) == {}
    client.post("/control/facts", data={"on": "yes"})
    with_credit = {each.session_id: {"claimed": each.session_id == STORY} for each in AGENDA if each.credits}
    assert known(database) == with_credit
    assert all(known(database, person.member_number) for person in PEOPLE)
    page = client.get("/control/").text
    assert "It is on." in page
    assert "200" in page
    client.post(f"/ethosce/claim/CE-102?uid={MEI}")
    assert known(database)["CE-102"] == {"claimed": True}
    client.post("/control/forget")
    assert known(database)[STORY] == {"claimed": False}
    client.post("/control/facts", data={"on": "no"})
    client.post(f"/ethosce/claim/{STORY}?uid={MEI}")
    assert known(database)[STORY] == {"claimed": False}


def test_the_secret_is_made_once_and_again_when_it_is_not_valid_any_more(demo):
    database, folder, _ = demo
    file = folder / "facts-secret"
    first = file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    provide(database, folder)
    assert file.read_text() == first
    with database.session() as db:
        hook_secrets.revoke(db, hook_secrets.listed(db, implementations.find(db, "demo"))[0])
    provide(database, folder)
    assert file.read_text() != first


def test_a_push_that_fails_is_noted_and_the_site_works_on(demo, tmp_path):
    services = open_services(tmp_path / "demo", service_url="http://127.0.0.1:9", own_url="http://127.0.0.1:8001")
    client = create_vendor(services, AppData(list, list, lambda: datetime.now(UTC))).test_client()
    client.post("/control/facts", data={"on": "yes"})
    assert "the service did not answer" in client.get("/control/").text
    assert client.post(f"/ethosce/claim/{STORY}?uid={MEI}").status_code == 303
