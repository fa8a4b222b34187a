"""The scanner without network: the page and its files are kept on the phone, no version mixes with another, no answer is kept."""

import json
import re
import threading

import pytest
from werkzeug.test import run_wsgi_app

from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.door import PAGE, SCANS, Phone, open_door
from tests.support.people import visitor
from tests.web.scanner.test_scans_endpoint import database
from web.scanner.shell import current_shell

__all__ = ["database"]
pytestmark = pytest.mark.browser
NOW = "/scan/demo/sessions/NOW-1"
#: All that the caches of a phone have: the name of a cache to the paths in it.
KEPT = """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(async (name) =>
  [name, (await (await caches.open(name)).keys()).map(({ url }) => url.slice(location.origin.length))])))"""
REGISTER = """async (files) => (await import(`${files}shell.mjs`)).registerShell()"""
CONTROLLED = """() => navigator.serviceWorker.controller
  ? true : new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory, valkey_url):
    with open_door(tmp_path_factory.mktemp("shell"), valkey_url) as door:
        yield door


@pytest.fixture
def door(opened, redis):
    opened.begin()
    return opened


@pytest.fixture
def page(chromium, door):
    """A page of sam's phone on which the service worker is at work."""
    context = chromium.new_context(base_url=door.address)
    context.add_cookies([door.cookie()])
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(PAGE)
    page.evaluate(REGISTER, door.files)
    page.evaluate(CONTROLLED)
    yield page
    context.close()


def kept(page):
    return page.evaluate(KEPT)


def title(page):
    return " ".join(page.locator("h1").inner_text().split())


def test_a_page_is_loaded_again_without_network_and_scans_go_on(page, door):
    sam = Phone(page, door.files, sends=False)
    sam.take_up()
    page.context.set_offline(offline=True)
    first = sam.add("B-1")
    page.reload()
    assert title(page) == "Scan badges: Sepsis"
    sam.take_up()
    assert sam.add("B-1")["first"] == first["id"]
    assert page.evaluate(REGISTER, door.files) == "kept"
    page.context.set_offline(offline=False)
    Phone(page, door.files).open("/").settled()
    assert len(door.stored()) == 2


def test_what_is_kept_is_the_page_without_names_and_its_files_and_nothing_else(page, door):
    sam = Phone(page, door.files).open("/")
    sam.add("B-1", last_name="Zzyzx")
    sam.settled()
    page.goto(PAGE)
    page.goto("/scan/demo/sessions/CE-2?x=1")
    page.evaluate(f"() => fetch('{SCANS.replace('/scans', '/sessions/CE-1/attendance')}')")
    shell = door.shell
    (found,) = kept(page).items()
    assert found[0] == f"scanner {shell['version']}"
    assert set(found[1]) == {*shell["files"], PAGE, "/scan/demo/sessions/CE-2"}
    text = page.evaluate("async (path) => (await caches.match(path)).text()", PAGE)
    assert "Sepsis" in text
    assert "Zzyzx" not in text


def test_a_page_of_the_server_says_its_version_and_keeps_names_away_from_what_is_kept(door):
    headers = {"Cookie": f"login={door.cookie()['value']}"}
    _, plain = door.server.get(PAGE, headers)
    _, asked = door.server.get(PAGE, headers | {"Scanner-Shell": "x"})
    assert b"recent" in plain or b"No one yet" in plain
    assert b'class="recent"' not in asked


def test_a_redirect_to_the_login_an_error_and_the_page_of_a_proxy_are_not_kept(page, door):
    before = kept(page)
    page.context.clear_cookies()
    page.goto("/scan/demo/sessions/CE-2")
    assert "/login/demo" in page.url or "Log in" in page.content()
    page.goto("/scan/demo/sessions/NONE")
    page.context.add_cookies([door.cookie("ada")])
    assert page.goto("/scan/demo/sessions/CE-2").status == 403
    assert kept(page) == before


def test_other_pages_are_none_of_its_business(page, door):
    page.goto("/")
    assert page.evaluate("() => navigator.serviceWorker.controller") is None
    registrations = page.evaluate(
        "async () => (await navigator.serviceWorker.getRegistrations()).map((each) => each.scope)"
    )
    assert registrations == [f"{door.address}/scan/"]
    page.context.set_offline(offline=True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto("/")


def test_the_service_worker_has_a_policy_of_its_own_and_is_asked_for_each_time(page):
    answer = page.request.get("/scan/service_worker.js")
    assert answer.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "service-worker-allowed" not in answer.headers


def test_a_file_never_changes_below_its_address_and_other_versions_are_not_there(page, door):
    for file in door.shell["files"]:
        answer = page.request.get(file)
        assert (answer.status, "immutable" in answer.headers["cache-control"]) == (200, True)
    assert page.request.get(door.files.replace("/scan-files/", "/scan-files/0") + "scan_queue.mjs").status == 404
    for name in ("../scanner.css", "..%2fscanner.css", "none.mjs", "%00"):
        assert page.request.get(door.files + name).status in (400, 404)


class ChangingService:
    """The application, and what an upgrade, a proxy or a bad network makes of its answers."""

    def __init__(self, app):
        self.app, self.version, self.missing, self.broken = app, None, None, None
        self.go_on = threading.Event()

    def __call__(self, environ, start_response):
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        pieces, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        body = b"".join(pieces)
        if path.endswith("/page.mjs"):
            body = b""  # the page starts nothing: the tests do
        if path == "/scan/service_worker.js" and self.version:
            body = newer(body.decode(), self.version).encode()
        elif path == NOW:
            if self.broken == "slow":
                self.go_on.wait(30)
            if self.broken == "bad gateway":
                start_response("502 Bad Gateway", [("Content-Type", "text/html")])
                return [b"<h1>Bad gateway</h1>"]
            if self.version:
                headers["Scanner-Shell"] = self.version
                body = body.replace(b"NOW-1</bdi></h1>", f"NOW-1, {self.version}</bdi></h1>".encode())
        elif self.missing and self.missing in path and "newer" in query:
            start_response("404 Not Found", [])
            return []
        headers["Content-Length"] = str(len(body))
        start_response(status, list(headers))
        return [body]


def newer(text, version):
    """The service worker of a newer version, whose files have other addresses."""
    shell = json.loads(re.match(r"const shell = (.*);\n", text)[1])
    files = [each + ("&" if "?" in each else "?") + "newer" for each in shell["files"]]
    said = json.dumps({"version": version, "files": files})
    return re.sub(r"^const shell = .*;\n", lambda _: f"const shell = {said};\n", text)


@pytest.fixture
def service(database, store, status_service):
    def make(address):
        return ChangingService(make_app(database, store, make_settings(address), status_service=status_service))

    with serving(make) as (address, changing):
        changing.address = address
        yield changing


@pytest.fixture
def phone(chromium, service):
    """A page on which the service worker of the first version is at work."""
    context = chromium.new_context(base_url=service.address)
    logins = service.app.extensions["auth services"].logins
    cookie = {"name": logins.cookie, "value": logins.sign(visitor("demo", "sam")), "url": service.address}
    context.add_cookies([cookie])
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(NOW)
    with service.app.test_request_context():
        page.shell = current_shell()
    page.files = next(each for each in page.shell.files if each.endswith("shell.mjs")).removesuffix("shell.mjs")
    page.evaluate(REGISTER, page.files)
    page.evaluate(CONTROLLED)
    yield page
    context.close()


UPDATE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update().catch(() => null);
  const next = registration.installing ?? registration.waiting;
  if (!next) return "none";
  while (next.state === "installing") await new Promise((done) => next.addEventListener("statechange", done, { once: true }));
  return next.state;
}"""
TAKEN_OVER = """async (files) => {
  const taken = new Promise((done) => (navigator.serviceWorker.oncontrollerchange = done));
  await (await import(`${files}shell.mjs`)).registerShell();
  await taken;
}"""
ONE_CACHE = """async () => {
  while ((await caches.keys()).length > 1) await new Promise((done) => setTimeout(done, 20));
}"""


@pytest.mark.parametrize("broken", ["bad gateway", "slow"])
def test_the_page_that_is_kept_is_shown_when_the_server_is_slow_or_broken(phone, service, broken):
    service.broken = broken
    phone.reload()
    assert title(phone) == "Scan badges: NOW-1"
    service.go_on.set()


def test_a_newer_version_waits_for_the_end_of_older_pages_and_both_stay_whole(phone, service):
    old = f"scanner {phone.shell.version}"
    service.version = "newer"
    assert phone.evaluate(UPDATE) == "installed"
    caches = kept(phone)
    assert set(caches) == {old, "scanner newer"}
    assert not any("newer" in each for each in caches[old])
    phone.reload()
    assert title(phone) == "Scan badges: NOW-1, newer", "with a network, the page is the newest"
    assert kept(phone)[old] == caches[old]
    phone.context.set_offline(offline=True)
    phone.reload()
    assert title(phone) == "Scan badges: NOW-1", "the older service worker has the older page, with its files"


def test_a_newer_version_takes_over_from_the_only_page_and_drops_what_is_older(phone, service):
    service.version = "newer"
    assert phone.evaluate(UPDATE) == "installed"
    phone.reload()
    phone.evaluate(TAKEN_OVER, phone.files)
    phone.evaluate(ONE_CACHE)
    assert set(kept(phone)) == {"scanner newer"}
    phone.context.set_offline(offline=True)
    phone.reload()
    assert title(phone) == "Scan badges: NOW-1, newer"


def test_a_newer_version_does_not_take_over_while_another_page_of_the_older_one_is_open(phone, service):
    other = phone.context.new_page()
    other.goto(NOW)
    service.version = "newer"
    assert phone.evaluate(UPDATE) == "installed"
    phone.reload()
    assert phone.evaluate(REGISTER, phone.files) == "kept"
    assert other.evaluate("() => navigator.serviceWorker.getRegistration().then((each) => Boolean(each.waiting))")
    assert f"scanner {phone.shell.version}" in kept(phone)


def test_a_newer_version_whose_files_are_not_all_there_changes_nothing(phone, service):
    before = kept(phone)
    service.version, service.missing = "newer", "scan_queue.mjs"
    assert phone.evaluate(UPDATE) in ("redundant", "none")
    phone.context.set_offline(offline=True)
    phone.reload()
    assert title(phone) == "Scan badges: NOW-1"
    assert {name: kept(phone)[name] for name in before} == before
