"""The scanner page as staff use it: what it shows, and badges that are scanned by hand or by a hand scanner."""

import os
import signal
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from records import AgendaSession, UserProfile
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.badge_setup import BadgeSetup
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.people import users
from records.tenants import implementations
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.door import PAGE, open_door

#: What is on a badge beside the badge ID and the names, and must stay on the phone's lens.
SECRETS = ("firm.example", "Confidential Title")
CAMERA = ["--use-fake-ui-for-media-stream"]

FAST_KEYS = """(typed) => {
  const field = document.activeElement;
  const press = (key) => field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  for (const each of typed) if (press(each)) field.value += each;
  if (press("Enter")) field.form.requestSubmit();
}"""


def code_on(badge_id, last_name="", first_name=""):
    """Return what is in the code of a badge of this event."""
    return f"{badge_id}|{last_name}|{first_name}|{badge_id}@firm.example|Confidential Title"


@contextmanager
def open_scanner_door(folder, redis_url, **settings):
    """Start a server whose badges are as `code_on` writes them; CE-2 is the next session in the same hall, in and out."""
    with open_door(folder, redis_url, **settings) as door:
        with door.database.session() as db:
            demo = implementations.find(db, "demo")
            demo.scan_mode_exceptions = ["CE-2"]
            examples = [code_on("10482", "Chen", "Alice").encode(), code_on("20771", "Roy", "Eva").encode()]
            db.add(BadgeSetup(implementation_id=demo.id, active=as_json(propose(examples)[0].format)))
            for each in db.query(AgendaSession):
                each.location = "Hall 3"
            profile = UserProfile("noor@example.org", "attendee", "Noor", "Al Hashimi", "40004")
            users.remember(db, demo, "noor", profile)
            users.remember(db, demo, "nobadge", UserProfile("x@example.org", "attendee", "Noor", "Withoutbadge"))
        yield door


def rows(door):
    """Return the badges in the ledger, in its order, each as it was scanned."""
    with door.database.reading() as db:
        found = db.query(LedgerEntry, ScanNames).outerjoin(ScanNames, LedgerEntry.number == ScanNames.number)
        return [
            (row.kind, row.session_id, row.badge_id, row.direction, row.entry, names and names.last_name)
            for row, names in found.order_by(LedgerEntry.number)
        ]


def launch_arguments(clip=None, cameras=1):
    """Return how Chromium is started with so many cameras, of which the first shows a clip."""
    film = [f"--use-file-for-fake-video-capture={clip}"] if clip else []
    devices = f"--use-fake-device-for-media-stream=device-count={cameras}"
    return {"executable_path": str(CHROMIUM), "args": [*FLAGS, *CAMERA, devices, *film]}


def kill_browser(context, profile):
    """End all processes of the browser that has this profile at once, as an empty battery does."""
    mark = f"--user-data-dir={profile}".encode()
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in words.read_bytes().split(b"\0"):
                os.kill(int(words.parent.name), signal.SIGKILL)
        except OSError:  # it has just ended
            continue
    with suppress(PlaywrightError):  # it may know already that the browser is gone
        context.close()


class ScannerPage:
    """The scanner on one phone."""

    def __init__(self, page, path=PAGE):
        self.page = page
        self.complaints = []
        self.forgiven = ()  #: texts of complaints that a test expects
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self._note(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.goto(path)

    def _note(self, complaint):
        if not any(each in complaint for each in self.forgiven):
            self.complaints.append(complaint)

    def fast_hand_scanner(self, typed):
        """Type faster than this machine may be able to press keys, into the field that has the focus."""
        self.page.evaluate(FAST_KEYS, typed)

    def hand_scanner(self, typed):
        """Type as a hand scanner does, into whatever has the focus."""
        self.page.keyboard.type(typed)
        self.page.keyboard.press("Enter")

    def shows(self, kind, words):
        """Wait for a result."""
        expect(self.page.locator(f"#result.{kind}")).to_contain_text(words, timeout=15_000)

    def counts(self, words):
        """Wait for the counts of this phone."""
        expect(self.page.locator("#counts")).to_have_text(f"This phone: {words}", timeout=15_000)

    def net(self, words):
        """Wait for the words about network and login."""
        expect(self.page.locator("#net")).to_contain_text(words, timeout=20_000)

    @property
    def listed(self):
        """The newest scans as the page lists them, without their times."""
        return [each[9:] for each in self.page.locator("#recent li > span").all_inner_texts()]
