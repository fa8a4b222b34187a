"""The pages of devices and of the attendee list in Chromium, and a phone that is paired by the QR code on the screen."""

import os
from pathlib import Path

import pytest

from tests.support.looks import SIZES, look_at
from tests.web.console.settings.staff_people import DEMO
from tests.web.console.settings.test_devices_page import drawn
from tests.web.console.settings.test_settings_in_browser import LONG, open_page

__all__ = ["open_page"]
pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("DOOR_PICTURES")
LIST = f"Badge ID,Last Name,First Name,Registration Type,Phone\nB-1,{LONG},Alice,Member,1\nB-2,الجمعية,نور,Guest,2\nB-3,Chen,Mei,,3\n"


@pytest.fixture(params=SIZES)
def page(request, open_page):
    page = open_page(viewport=SIZES[request.param])
    page.look = request.param
    return page


def looked_at(page, name, look):
    look_at(page, PICTURES and Path(PICTURES) / f"{name}-{look}")


def test_a_phone_is_paired_by_the_code_on_the_screen(page, chromium):
    page.goto(f"{DEMO}/settings/devices")
    looked_at(page, "devices-1-none", page.look)
    page.get_by_label("Name", exact=True).fill("Hall B left")
    page.get_by_role("button", name="Show the code").click()
    page.wait_for_selector(".qr")
    looked_at(page, "devices-2-code", page.look)
    address = drawn(page.content())
    context = chromium.new_context(viewport=page.viewport_size)
    phone, asked = context.new_page(), []
    phone.set_default_timeout(8000)
    phone.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    phone.goto(address)
    phone.get_by_role("heading", name="Make this phone a scanner").wait_for()
    assert phone.evaluate("location.hash") == ""
    looked_at(phone, "phone-1-what", page.look)
    phone.get_by_role("button", name="Pair this phone").click()
    phone.get_by_role("heading", name="Scan badges").wait_for()
    looked_at(phone, "phone-2-sessions", page.look)
    code = address.partition("#")[2]
    assert not [each for each in asked[1:] if code in str(each)], (
        "the code is in no address that is sent, and in no Referer"
    )
    phone.goto(address)
    phone.get_by_text("was used already").wait_for()
    looked_at(phone, "phone-3-used", page.look)
    context.close()
    page.goto(f"{DEMO}/settings/devices")
    looked_at(page, "devices-3-paired", page.look)
    page.get_by_role("link", name="Revoke Hall B left").click()
    looked_at(page, "devices-4-revoke", page.look)
    page.goto(f"{DEMO}/settings/badges/test-badge")
    looked_at(page, "test-badge", page.look)


def test_the_attendee_list_is_uploaded_looked_at_and_imported(page):
    page.goto(f"{DEMO}/settings/roster")
    looked_at(page, "roster-1-none", page.look)
    page.get_by_label("List of attendees").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="Check the attendee list").wait_for()
    looked_at(page, "roster-2-check", page.look)
    page.get_by_role("button", name="Import 3 people").click()
    page.wait_for_selector("text=The list is imported: 3 added")
    looked_at(page, "roster-3-list", page.look)
