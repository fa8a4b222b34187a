"""Forms in which script has a part, filled and sent in a browser; and the three kinds of External Authentication as a person saves them."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from records.agenda import sessions
from records.identity import external_auth as external
from records.tenants import implementations
from runner.logins import LoginStore
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.system.console_walk.implementations import IDP

pytestmark = pytest.mark.browser

EMPTY = "/console/implementations/empty"


@dataclass
class Console:
    """An open page of an administrator, and the records behind it."""

    page: object
    database: object

    def open(self, path):
        self.page.goto(EMPTY + path)
        return self.page

    def press(self, name, url):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_url(url)

    def stored(self, read):
        with self.database.reading() as db:
            return read(db, implementations.find(db, "empty"))


@pytest.fixture
def console(chromium, stage):
    stage.rewind()

    def make(address):
        store = LoginStore(stage.redis)
        services = stage.app.extensions["auth services"]
        return make_app(stage.database, store, make_settings(address), outbound=services.outbound)

    with serving(make) as (address, app):
        context = chromium.new_context(base_url=address)
        logins, complaints = app.extensions["auth services"].logins, []
        token = logins.sign(stage.visitor("administrator"))
        context.add_cookies([{"name": logins.cookie, "value": token, "url": address}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Console(page, stage.database)
        context.close()
        assert complaints == []


def test_each_kind_of_external_authentication_is_saved_by_its_form(console):
    page = console.open("/external/jwt")
    page.get_by_label("Issuer", exact=True).fill("https://org.example")
    page.get_by_label("Address of the public keys").fill("https://org.example/jwks")
    console.press("Save", "**/external/jwt")
    assert "is saved" in page.get_by_role("status").first.inner_text()
    assert console.stored(external.find).fields["issuer"] == "https://org.example"
    page = console.open("/external/introspection")
    page.get_by_label("Introspection address").fill("https://org.example/ask")
    page.get_by_label("Client ID").fill("us")
    page.get_by_label("Client secret").fill("s3cret-of-ours")
    console.press("Save", "**/external/introspection")
    assert console.stored(external.find).kind == "introspection"
    page = console.open("/external/password")
    page.locator("#url").fill("https://org.example/check")
    page.locator("#result_subject").fill("person/id")
    page.get_by_label("An API key in a header").check()
    page.get_by_label("Name of the header").fill("X-Api-Key")
    page.locator("#secret").fill("s3cret-of-ours")
    console.press("Save", "**/external/password")
    saved = console.stored(external.find)
    assert (saved.kind, saved.fields["auth_fields"]) == ("password", {"name": "X-Api-Key"})


def test_a_colour_chosen_by_its_chip_is_the_one_that_is_saved(console):
    page = console.open("/settings")
    page.get_by_label("Green").check()
    console.press("Save settings", "**/settings")
    assert console.stored(lambda _, found: found.default_color) == "#006109"
    assert page.get_by_label("Green").is_checked()


def test_an_agenda_is_imported_once_while_the_button_says_so(console):
    page = console.open("/agenda")
    rows = b"ID,Title,Start Time,End Time\r\nCE-9,Sepsis,2027-07-15 09:00,2027-07-15 10:00\r\n"
    page.locator("#file").set_input_files({"name": "agenda.csv", "mimeType": "text/csv", "buffer": rows})
    console.press("Upload and check", "**/agenda/check*")
    console.press("Import 1 session", "**/agenda")
    page.get_by_role("status").filter(has_text="added").wait_for()
    assert console.stored(sessions.count) == 1


def test_a_provider_is_read_from_a_file_looked_at_and_saved(console):
    page = console.open("/provider/metadata")
    file = {"name": "idp.xml", "mimeType": "application/xml", "buffer": IDP.metadata()}
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Read and show").click()
    page.get_by_text("Nothing is saved yet.").wait_for()
    console.press("Save the provider", "**/provider/check")
    page.goto(f"{EMPTY}/provider")
    expect(page.get_by_text(IDP.entity_id).first).to_be_visible()
