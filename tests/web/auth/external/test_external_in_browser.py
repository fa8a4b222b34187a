"""The badge form on a phone without script, and the organizer's page on another site, in a real browser.

The service answers at 127.0.0.1 and the organizer at localhost; to the browser these are different sites.
"""

import html
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from records import Database, ExternalAuthDraft, SecretBox
from records.identity import external_auth as external
from records.tenants import implementations
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.store.clients import connect
from tests.support.application import KEY, copied, make_app, make_settings
from tests.support.browser import serving
from tests.support.jwt_signing import EC, ISSUER, claims, jwk, token
from tests.support.looks import SCHEMES, look_at
from tests.support.vendors import reply
from tests.web.auth.external.registrants import FIELDS, PASSWORD, PERSON

pytestmark = pytest.mark.browser
SLOW_MS = 10_000


class Organizer:
    """The organizer's site: a page for a person who is logged in, with a button that posts the assertion."""

    service = ""

    def __call__(self, environ, start_response):
        nonce = parse_qs(environ["QUERY_STRING"]).get("nonce", [""])[0]
        made = token(body=claims(nonce=nonce, aud=f"{self.service}/ext/demo"))
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        form = f'<form method="post" action="{self.service}/ext/demo/jwt"><input type="hidden" name="assertion" value="{html.escape(made)}"><button>Go on</button></form>'
        return [f"<!doctype html><html lang=en><title>Members</title><link rel=icon href=data:,>{form}".encode()]


@pytest.fixture
def sites(seeded, valkey_url, redis, start_vendor, tmp_path):
    """The service: `demo` logs in over the organizer's page, `other` by badge."""
    copy = copied(seeded, tmp_path / "browser.db")
    database, client = Database(f"sqlite:///{copy}"), connect(valkey_url)
    outbound = OutboundRequests(redis=client, allow_loopback=True, ca_file=None)
    vendor, organizer = start_vendor(reply(PERSON)), Organizer()

    def make(address):
        organizer.service = address
        return make_app(database, LoginStore(client), make_settings(address), outbound=outbound)

    with serving(lambda _: organizer) as (page, _), serving(make) as (address, _):
        fields = {"issuer": ISSUER, "algorithm": "ES256", "keys": {"keys": [jwk(EC)]}}
        fields["login_url"] = page.replace("127.0.0.1", "localhost") + "/login"
        with database.session() as db:
            for slug, kind, given in (("demo", "jwt", fields), ("other", "password", {"url": vendor.url} | FIELDS)):
                found = implementations.find(db, slug)
                external.save(db, SecretBox([KEY]), found, ExternalAuthDraft(kind, given, development=True), by="tests")
        yield address, vendor
    outbound.close()
    client.close()
    database.dispose()


@pytest.fixture
def phone(chromium):
    """A phone's browser in which nothing may be complained about."""
    contexts, complaints = [], []

    def make(**options):
        context = chromium.new_context(**({"viewport": {"width": 390, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def cookie_of(page):
    return [each["name"] for each in page.context.cookies() if each["name"] == "login"]


def test_over_the_organizers_site_and_back_with_lax_cookies_only(sites, phone):
    address, _ = sites
    page = phone(java_script_enabled=False)
    page.goto(f"{address}/ext/demo/login?next=/login/demo/out")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{address}/login/demo/out")
    expect(page.get_by_role("heading", name="You are still logged in")).to_be_visible()
    assert all(cookie["sameSite"] == "Lax" for cookie in page.context.cookies())


def test_a_link_to_another_ones_arrival_logs_nobody_in(sites, phone):
    address, _ = sites
    attacker, victim = phone(), phone()
    seen = []
    attacker.on("request", lambda request: seen.append(request.url) if "/complete" in request.url else None)
    attacker.route("**/complete?*", lambda route: route.abort())
    attacker.goto(f"{address}/ext/demo/login")
    attacker.get_by_role("button", name="Go on").click()
    attacker.wait_for_timeout(300) if not seen else None
    victim.goto(seen[0])
    expect(victim.get_by_text("That login did not work").first).to_be_visible()
    assert cookie_of(victim) == []


def test_the_badge_form_works_without_script_and_keeps_what_was_typed(sites, phone):
    address, vendor = sites
    vendor.answer = reply({"result": "NO"})
    page = phone(java_script_enabled=False)
    page.goto(f"{address}/ext/other/login?next=/login/other/out")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for control in (page.get_by_label("Badge ID"), page.get_by_label("Last name"), page.get_by_role("button")):
            assert control.bounding_box()["height"] >= 44
    page.get_by_label("Badge ID").fill("نور-4711")
    page.get_by_label("Last name").fill(PASSWORD)
    page.get_by_label("Last name").press("Enter")
    assert "do not match" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Badge ID").input_value() == "نور-4711"
    assert page.get_by_label("Last name").input_value() == ""
    vendor.answer = reply(PERSON)
    page.get_by_label("Last name").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/login/other/out")
    assert cookie_of(page) == ["login"]


def test_the_badge_form_is_accessible_and_fits_a_small_phone(sites, phone):
    address, vendor = sites
    vendor.answer = reply({"result": "NO"})
    page = phone(viewport={"width": 320, "height": 600})
    page.goto(f"{address}/ext/other/login")
    page.get_by_label("Badge ID").fill("B" * 200)
    page.get_by_label("Last name").fill("x")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    look_at(page)
