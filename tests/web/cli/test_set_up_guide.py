"""`docs/set-up-a-conference.md`, followed step by step in Chromium: from an empty database to the first message.

The service runs as an operator starts it: an upgraded empty database, a web server and a worker of their own. The
identity provider is that of development. `GUIDE_PICTURES` names a folder for the guide's pictures.
"""

import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from runner.store.embedded import EmbeddedStore
from tests.support import ROOT, warm_start
from tests.support.browser import require_chromium
from tests.support.eventually import eventually
from tests.support.running_up import free_ports
from tests.support.vendors import Vendor, reply

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GUIDE = (ROOT / "docs" / "set-up-a-conference.md").read_text()
PICTURES = os.environ.get("GUIDE_PICTURES")
SCRIPT = """
def status(user, session, api):
    if api.get("credits", "/awarded", params={"user": user.id}).json()["awarded"]:
        return message("Credit claimed")
    return message("Claim 1.0 CE credit", link="https://cme.example.org/claim")
"""
AGENDA = (
    "ID,Title,Start Time,End Time,Location\nCE-101,Sepsis in the first hour,2026-11-23 09:00,2026-11-23 10:00,Hall A\n"
)
SLUG = "annual-meeting"


class Place:
    """The service on a machine of its own: an environment, and the processes that were started in it."""

    def __init__(self, folder, redis_url, stack):
        self.port, self.idp_port = (8000, 8002) if PICTURES else free_ports(2)
        self.service, self.idp = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.idp_port}"
        self.app = f"{self.idp}/?session="  # a page that is there stands for the app's
        self.folder = folder
        self._stack = stack
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SESSION_STATUS_")}
        self.environment = kept | {
            "REDIS_URL": redis_url,
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(folder),
            "SESSION_STATUS_PUBLIC_URL": self.service,
            "SESSION_STATUS_WEB_BIND": f"127.0.0.1:{self.port}",
            "SESSION_STATUS_WEB_PROCESSES": "1",
            "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": "yes",
        }

    def run(self, *command, typed=""):
        done = warm_start.run("web.cli", *command, env=self.environment, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name, *command):
        log = self.folder / f"{name}.log"
        with log.open("w") as out:
            process = warm_start.start(*command, env=self.environment, output=out)
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.terminate)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    require_chromium()
    folder = tmp_path_factory.mktemp("operator")
    with ExitStack() as stack:
        place = Place(folder, stack.enter_context(EmbeddedStore()).url, stack)
        place.run("db", "upgrade")
        place.start("web", "web.cli", "web")
        place.start("worker", "worker")
        place.start("idp", "web.devidp", str(place.idp_port))
        yield place


@pytest.fixture(scope="module")
def vendor():
    vendor = Vendor(reply({"awarded": False}))
    yield vendor
    vendor.close()


@pytest.fixture
def page(place, chromium):
    context = chromium.new_context(viewport={"width": 1120, "height": 720})
    page = context.new_page()
    page.set_default_timeout(15_000)
    assert eventually(lambda: answers(page, f"{place.service}/healthz"), 30)
    assert eventually(lambda: answers(page, f"{place.idp}/healthz"), 30)
    yield page
    context.close()


def answers(page, address):
    try:
        return page.request.get(address).ok
    except PlaywrightError:
        return False


class Reader:
    """A reader who does what the guide says. Everything that they press and open must be named in it."""

    def __init__(self, page, place):
        self.page = page
        self.place = place
        self.pictures = []

    def named(self, words):
        assert words in GUIDE, f"the guide does not name {words!r}"
        return re.compile(rf"^{re.escape(words)}\b")

    def press(self, words):
        self.page.get_by_role("main").get_by_role("button", name=self.named(words)).first.click()

    def open(self, words):
        self.page.get_by_role("link", name=self.named(words)).first.click()

    def fill(self, **fields):
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " ")).first.fill(value)

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()

    def picture(self, name):
        self.pictures.append(f"pictures/console-{name}.png")
        if PICTURES:
            self.page.evaluate("document.activeElement && document.activeElement.blur()")
            self.page.screenshot(path=Path(PICTURES) / f"console-{name}.png")

    def log_in_as(self, name):
        self.page.get_by_role("button", name=f"Log in as {name}").click()

    def connect_provider(self):
        self.open("Identity provider")
        self.open("Read its metadata")
        self.page.get_by_label("Or fetch it from an address").fill(f"{self.place.idp}/metadata")
        self.press("Read and show")
        self.sees("Nothing is saved yet.")
        self.page.get_by_label("this machine itself").check()

    def try_login(self, name, *, again=False):
        self.open("Identity provider")
        self.open("Try the login")
        self.sees("You go to the provider")
        self.open("Try it as another person" if again else "Try the login")
        self.log_in_as(name)
        self.sees("It works: this is what was understood")

    def give(self, role, kind, value):
        self.page.get_by_label(re.compile(f"^{role}:")).check()
        self.page.get_by_label(re.compile(f"^{kind}")).first.check()
        self.page.get_by_label("Usernames or values").fill(value)
        self.page.get_by_role("button", name="Grant this role").click()


def test_a_conference_is_set_up_from_an_empty_database_in_the_console_alone(place, vendor, page, tmp_path):
    reader = Reader(page, place)
    get_in(reader)
    connect_staff(reader)
    add_conference(reader)
    connect_people(reader)
    bring_agenda(reader, tmp_path)
    add_connection(reader, vendor)
    set_texts_and_roles(reader)
    put_script_in_service(reader)
    show_the_message(reader)
    assert reader.pictures == re.findall(r"\((pictures/console-[a-z]+\.png)\)", GUIDE)


def get_in(reader):
    assert "session-status administrator link" in GUIDE
    address = reader.place.run("administrator", "link").splitlines()[0]
    reader.page.goto(address)
    reader.press("Sign in as first administrator")
    reader.sees("Next steps for the first administrator")
    reader.picture("first")


def connect_staff(reader):
    reader.open("Staff")
    reader.connect_provider()
    reader.picture("read")
    reader.press("Save the provider")
    reader.try_login("Grace Okonkwo")
    username = reader.page.get_by_role("definition").filter(has_text="gokonkwo").first.inner_text().splitlines()[0]
    reader.open("Roles")
    reader.give("administrator", "Usernames", username)
    reader.sees(username)
    reader.picture("roles")
    reader.page.get_by_role("button", name=reader.named("Sign out")).click()
    reader.open("Sign in as ATIV staff")  # the provider remembers who tried the login
    expect(reader.page.get_by_role("banner").get_by_text("Grace Okonkwo")).to_be_visible()


def add_conference(reader):
    reader.open("Add an implementation")
    reader.page.get_by_label("Name of the conference").fill("Annual Meeting 2026")
    reader.page.get_by_label("ID in addresses").fill(SLUG)
    reader.page.get_by_label("Time zone").fill("America/Chicago")
    reader.page.get_by_role("button", name="Add this implementation").click()
    reader.sees("What is set up")
    reader.picture("new")


def connect_people(reader):
    reader.connect_provider()
    reader.press("Save the provider")
    reader.try_login("Mei Chen", again=True)
    reader.sees("memberNumber")
    reader.open("Change what the attributes mean")
    expect(reader.page.get_by_text("Attributes seen in the last logins")).to_be_visible()
    reader.page.get_by_label("Subject").fill("memberNumber")
    reader.page.get_by_label("User type").fill("userType")
    reader.page.get_by_label("Badge ID").fill("badgeId")
    reader.page.get_by_role("button", name="Save attributes").click()
    reader.try_login("Mei Chen", again=True)
    reader.sees("memberNumber")
    reader.picture("try")


def bring_agenda(reader, folder):
    reader.open("Agenda")
    (folder / "agenda.csv").write_text(AGENDA)
    reader.page.locator("input[type=file]").set_input_files(folder / "agenda.csv")
    reader.page.get_by_role("button", name="Upload and check").click()
    reader.sees("Mon 23 Nov 2026, 09:00")
    reader.picture("check")
    reader.page.get_by_role("button", name="Import 1 session").click()
    reader.sees("1 session added")
    reader.picture("agenda")


def add_connection(reader, vendor):
    reader.open("Connections")
    reader.open("Add a connection")
    reader.page.get_by_label("Name", exact=True).fill("credits")
    reader.page.get_by_label("Address", exact=True).fill(f"http://127.0.0.1:{vendor.port}")
    reader.page.get_by_label("A fixed token (Bearer)").check()
    reader.page.get_by_label("Password, token, key or client secret").fill("a-vendors-token")
    reader.page.get_by_label("Paths that may be called").fill("/awarded")
    reader.page.get_by_label("this machine itself").check()
    reader.page.get_by_role("button", name="Add connection").click()
    if reader.page.get_by_label("Path", exact=True).count() == 0:
        reader.page.get_by_role("link", name="credits").click()
    reader.page.get_by_label("Path", exact=True).fill("/awarded")
    reader.press("Test connection")
    reader.sees("It works:")
    assert "a-vendors-token" not in reader.page.content()
    reader.picture("connection")
    reader.open("Settings")
    reader.open("Link hosts")
    reader.page.get_by_label("Link hosts").fill("cme.example.org")
    reader.page.get_by_role("button", name="Save link hosts").click()


def set_texts_and_roles(reader):
    reader.open("Settings")
    assert "**Address of a session in the app**" in GUIDE
    reader.page.get_by_label("Address of a session in the app").fill(reader.place.app + "{session_id}")
    reader.page.get_by_label("Fallback text").fill("Ask at the CE desk")
    reader.page.get_by_role("button", name="Save settings").click()
    reader.open("The app")
    reader.page.get_by_label("Addresses").or_(reader.page.locator("textarea")).first.fill(
        "https://app.example.org/login"
    )
    reader.page.get_by_role("button", name="Save addresses").click()
    reader.open("Roles")
    reader.give("organizer", "Usernames", "nvandijk")
    reader.give("scanner", "A user type", "staff")


def put_script_in_service(reader):
    assert f"session-status script activate {SLUG} - < script.py" in GUIDE
    reader.place.run("script", "activate", SLUG, "-", typed=SCRIPT)
    reader.page.goto(f"{reader.place.service}/console/implementations/{SLUG}/")
    reader.sees("No one has logged in yet.")  # a test login stores no person
    expect(reader.page.get_by_text("Missing")).to_have_count(1)
    reader.picture("done")


def show_the_message(reader):
    context = reader.page.context.browser.new_context(viewport={"width": 390, "height": 680})
    attendee = context.new_page()
    attendee.goto(f"{reader.place.service}/widget/{SLUG}/sessions/CE-101")
    attendee.get_by_role("link", name="Log in for session status info").click()
    attendee.get_by_role("button", name="Log in as Mei Chen").click()
    attendee.wait_for_url(f"{reader.place.app}CE-101")
    attendee.goto(f"{reader.place.service}/widget/{SLUG}/sessions/CE-101")
    expect(attendee.get_by_role("link", name="Claim 1.0 CE credit")).to_be_visible(timeout=15_000)
    context.close()
