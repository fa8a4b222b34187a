"""In a real browser, with our whole service, at identity providers written by others: in, silently in again, and out.

`make interop` installs the providers and runs this; in a plain test run it is skipped.
"""

import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from records import Database, SamlDraft, SecretBox
from records.agenda import agenda_imports as agenda
from records.identity import saml_providers as saml
from records.maintenance.archiving import AuditContext
from records.tenants import implementations
from tests.support import ROOT
from tests.support.running_up import free_ports, start_up
from tests.system.interop.idp_stage import PROVIDERS, fetched, new_key
from web.auth.saml.protocol.messages.metadata import read_idp_metadata

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.environ.get("INTEROP") != "1", reason="at providers of others: make interop"),
    pytest.mark.timeout(300),
]

SCRIPT = 'def status(user, session, api):\n    return message("Hello " + user.first_name + ", " + user.user_type)\n'
AGENDA = b"ID,Title,Start Time,End Time\nS-1,Opening,2026-11-23T09:00Z,2026-11-23T10:00Z\n"
INVITATION = "Log in for session status info"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    started = start_up(tmp_path_factory.mktemp("interop") / "data")
    assert "is running" in started.output(), started.output()
    yield started
    started.stop()
    assert started.gone()


@pytest.fixture(scope="module")
def records(service):
    database = Database(f"sqlite:///{service.folder / 'session-status.db'}")
    yield database, SecretBox([(service.folder / "secret-key").read_text().strip()])
    database.dispose()


@pytest.fixture(scope="module", params=PROVIDERS)
def connected(request, service, records, tmp_path_factory):
    """A provider, and the two implementations that it logs people in to."""
    start, installed = PROVIDERS[request.param]
    assert installed(), f"{request.param} is not installed: make interop"
    slugs = [f"{request.param.lower()}-{name}" for name in ("acme", "beta")]
    folder = tmp_path_factory.mktemp(request.param)
    new_key(folder)
    for slug in slugs:
        conference(service, records, slug, folder)
    published = [folder / f"{slug}.xml" for slug in slugs]
    services = [f"{service.service}/saml/{slug}/acs" for slug in slugs]
    provider = start(folder, free_ports(1)[0], published, services)
    try:
        for slug in slugs:
            connect(records, slug, provider)
        yield provider, slugs
    finally:
        provider.stop()


def conference(service, records, slug, folder):
    """An implementation with a session and a script; what we publish about it lies in the folder."""
    database, box = records
    with database.session() as db:
        made = implementations.create(db, slug, slug.title(), "UTC")
        assert not agenda.import_file(db, made, agenda.read(AGENDA, made.time_zone), AuditContext("tests")).faults
        saml.sp_keys(db, box, made)
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = (sys.executable, "-P", "-m", "web.cli", "script", "activate", slug, str(script))
    env = {**os.environ, "SESSION_STATUS_DATA_FOLDER": str(service.folder)}
    subprocess.run(command, check=True, env=env, cwd=ROOT, capture_output=True)
    (folder / f"{slug}.xml").write_bytes(fetched(f"{service.service}/saml/{slug}/metadata"))


def connect(records, slug, provider):
    database, box = records
    found = read_idp_metadata(provider.metadata())
    draft = SamlDraft(
        found.entity_id,
        found.sso_url,
        found.slo_url or "",
        found.certificates,
        attribute_map={**saml.ATTRIBUTE_MAP, **provider.settings.get("attribute_map", {})},
        development=True,
    )
    with database.session() as db:
        saml.save(db, box, implementations.find(db, slug), draft, by="interop")


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 680})
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def widget(service, slug):
    return f"{service.service}/widget/{slug}/sessions/S-1"


def ask_to_log_in(page, service, slug):
    page.goto(widget(service, slug))
    page.get_by_role("link", name=INVITATION).click()


def give_password(page, username, password):
    expect(page.locator("input[name=password]")).to_be_visible()
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")


def log_out(page, service, slug):
    page.goto(f"{service.service}/login/{slug}/out")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()


def greeted(page, service, slug, words):
    page.wait_for_url(widget(service, slug))
    expect(page.get_by_text(words)).to_be_visible()


def test_log_in_to_the_status_and_out_again(page, service, connected):
    _, (acme, _) = connected
    # In: from the session to the provider and back to the same session, with the right message.
    ask_to_log_in(page, service, acme)
    give_password(page, "mei", "wrong")
    give_password(page, "mei", "meipass")
    greeted(page, service, acme, "Hello Mei, attendee")
    # Out: here and at the provider, so that the next login asks again.
    log_out(page, service, acme)
    ask_to_log_in(page, service, acme)
    give_password(page, "tomas", "tomaspass")
    greeted(page, service, acme, "Hello Tomáš, member")


def test_two_implementations_at_one_provider_have_logins_of_their_own(page, service, connected):
    _, (acme, beta) = connected
    ask_to_log_in(page, service, acme)
    give_password(page, "mei", "meipass")
    greeted(page, service, acme, "Hello Mei, attendee")
    # Who is logged in to the one is nobody in the other; the provider does not ask again.
    page.goto(widget(service, beta))
    page.get_by_role("link", name=INVITATION).click()
    greeted(page, service, beta, "Hello Mei, attendee")


def test_a_logout_at_the_provider_ends_the_login_here(page, service, connected):
    provider, (acme, _) = connected
    if not provider.leave_url:
        pytest.skip("this provider tells nobody of a logout by redirect")
    ask_to_log_in(page, service, acme)
    give_password(page, "mei", "meipass")
    greeted(page, service, acme, "Hello Mei, attendee")
    page.goto(provider.leave_url)
    page.goto(widget(service, acme))
    expect(page.get_by_role("link", name=INVITATION)).to_be_visible()
