"""A login in a real browser, with the provider on another site: what cookies do, which no test client shows.

The service answers at 127.0.0.1 and the provider at localhost; to the browser these are different sites.
"""

import html

import pytest
from playwright.sync_api import expect

from records import Database, SamlDraft
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logins import LoginStore
from runner.store.clients import connect as connect_store
from tests.support.application import copied, make_app, make_settings
from tests.support.browser import serving, widest
from tests.support.looks import look_at
from tests.support.saml_browser import begun, sp_of
from tests.support.saml_forge import ForgedIdp

pytestmark = pytest.mark.browser


class Provider:
    """A provider's site for a person who is logged in: its page posts the answer by a button."""

    def __init__(self):
        self.idp = None
        self.sp = None
        self.ended = []

    def open_at(self, address):
        address = address.replace("127.0.0.1", "localhost")
        self.idp = ForgedIdp(f"{address}/metadata", name="browser")
        return self.answer

    def answer(self, environ, start_response):
        query = environ["QUERY_STRING"]
        if environ["PATH_INFO"] == "/slo":
            asked = begun(f"/slo?{query}")
            self.ended.append(asked.request.findtext("{*}NameID"))
            back = self.idp.logout_response(self.sp, asked.request_id, relay_state=asked.relay_state)
            start_response("303 See Other", [("Location", f"{self.sp.slo_url}?{back}")])
            return [b""]
        if environ["PATH_INFO"] != "/sso":
            start_response("404 Not Found", [])
            return [b""]
        asked = begun(f"/sso?{query}")
        fields = {
            "SAMLResponse": self.idp.response(self.sp, asked.request_id, attributes={"givenName": ["Ada"]}),
            "RelayState": asked.relay_state,
        }
        inputs = "".join(f'<input type="hidden" name="{k}" value="{html.escape(v)}">' for k, v in fields.items())
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        page = f'<!doctype html><html lang=en><title>Provider</title><link rel=icon href=data:,><form method="post" action="{self.sp.acs_url}">{inputs}<button>Log in</button></form>'
        return [page.encode()]


@pytest.fixture
def sites(seeded, box, valkey_url, tmp_path):
    """The service's address, and the provider."""
    provider = Provider()
    client = connect_store(valkey_url)
    client.flushall()
    database = Database(f"sqlite:///{copied(seeded, tmp_path / 'auth.db')}")

    def make(address):
        return make_app(database, LoginStore(client), make_settings(address))

    with serving(provider.open_at), serving(make) as (address, app):
        idp = provider.idp
        with database.session() as db:
            draft = SamlDraft(idp.entity_id, idp.sso_url, idp.slo_url, (idp.certificate,), development=True)
            saml.save(db, box, implementations.find(db, "demo"), draft, by="tests")
        provider.sp = sp_of(app, "demo")
        yield address, provider
    client.close()
    database.dispose()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(8000)
    yield page
    context.close()


def test_log_in_at_another_site_and_be_back_and_log_out_at_both_without_script(page, sites):
    address, provider = sites
    page.goto(f"{address}/login/demo?next=/login/demo/out")
    assert page.url.startswith("http://localhost:")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/login/demo/out")
    expect(page.get_by_role("heading", name="You are still logged in")).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert {cookies[name]["sameSite"] for name in ("login", "login-way")} == {"Lax"}
    assert widest(page) <= 320
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{address}/login/demo/out")
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert provider.ended == ["ada@example.org"]
    assert "login" not in {cookie["name"] for cookie in page.context.cookies()}


def test_the_answer_in_another_browser_logs_nobody_in(chromium, page, sites):
    address, _ = sites
    page.goto(f"{address}/saml/demo/login")
    stolen = page.content()
    thief = chromium.new_context(java_script_enabled=False)
    theirs = thief.new_page()
    theirs.goto(f"{address}/saml/demo/login")  # a binding cookie of its own
    theirs.set_content(stolen)
    theirs.get_by_role("button", name="Log in").click()
    theirs.wait_for_url(f"{address}/saml/demo/complete?*")
    expect(theirs.get_by_text("That login did not work")).to_be_visible()
    assert "login" not in {cookie["name"] for cookie in thief.cookies()}
    thief.close()


@pytest.mark.parametrize("path", ["/login/demo/out", "/login/empty", "/saml/demo/complete?o=x"])
def test_the_pages_fit_a_phone_and_are_accessible(chromium, sites, path):
    address, _ = sites
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(address + path)
    look_at(page)
    context.close()
