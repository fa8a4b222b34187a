"""Who gives a role that can count for nobody is told at once, and reads it in the list."""

from records import ExternalAuthDraft, SecretBox
from records.identity import external_auth as external
from records.tenants import implementations
from tests.support.application import KEY

RELAY = {
    "url": "https://registration.example/check",
    "template": {"badge": "{username}", "name": "{password}"},
    "result": {"subject": "person/id"},
}


def test_an_organizer_by_username_where_no_way_in_gives_one_is_told_when_it_is_granted(browser_for, database):
    with database.session() as db:
        home = implementations.find(db, "other")
        external.save(db, SecretBox([KEY]), home, ExternalAuthDraft("password", RELAY), "tests")
    browser = browser_for("administrator")
    roles = "/console/implementations/other/roles"
    form = {"role": "organizer", "kind": "username", "values": "olga@example.org"}
    assert browser.send(f"{roles}/all", **form).status_code == 303
    page = browser.get(roles).text
    assert "It has no effect yet." in page
    assert page.count("No login method of this conference gives a username") == 2
    assert "It applies from now on" not in page
