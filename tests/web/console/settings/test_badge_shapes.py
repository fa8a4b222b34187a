"""Badges as registration vendors make them are set up through the pages, from examples alone: typed codes, or a picture of them."""

import pytest
import zxingcpp
from PIL import Image

from records.attendance.badge_formats.badge_format import Badge
from records.attendance.badge_formats.code_text import ForeignCode
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import BADGE_IMAGE, OrderSigner
from tests.records.attendance.badge_formats.test_shapes import SHAPES, raw
from tests.runner.attendance.test_image_codes import encoded
from tests.support.application import KEY
from tests.web.console.settings.test_badges_page import PAGE, active, choices, notices, order_for, press, run, upload

#: Characters that a field for one code a line cannot hold.
LINES = ("\n", "\r", "\t", "\x1d")


def is_typed(shape):
    return all(isinstance(each, str) and not any(line in each for line in LINES) for each in shape["payloads"])


def sheet(payloads):
    """One picture with a code for each."""
    codes = [
        Image.fromarray(zxingcpp.create_barcode(each, zxingcpp.BarcodeFormat.QRCode).to_image(4)) for each in payloads
    ]
    page = Image.new("L", (sum(each.width + 60 for each in codes), max(each.height for each in codes) + 80), 255)
    left = 30
    for code in codes:
        page.paste(code, (left, 40))
        left += code.width + 60
    return encoded(page)


def give(person, database, redis, shape):
    if is_typed(shape):
        assert press(person, "badges/codes", codes="\n".join(shape["payloads"])).status_code == 303
        return
    image = sheet([raw(each) for each in shape["payloads"]])
    upload(person, image)
    state = BackgroundQueue(redis, OrderSigner([KEY])).newest(BADGE_IMAGE, "demo", "demo/olga")
    assert run(database, order_for(state, image)).result["added"] == len(shape["payloads"])


def choose_parts(person, shape):
    """What a person corrects in the proposal: swapped names, or other parts."""
    if shape.get("swap"):
        press(person, "badges/parts", last_name="3", first_name="2")
    elif shape.get("choose"):
        parts = {name: part for name, (part, _) in shape["choose"].items()}
        press(person, "badges/parts", **parts, **{f"{name}_take": take for name, (_, take) in shape["choose"].items()})


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each["name"])
def test_a_format_of_the_world_is_set_up_through_the_pages(organizer, database, redis, shape):
    give(organizer, database, redis, shape)
    press(organizer, "badges/proposal", chosen=choices(organizer.get(PAGE).text)[0])
    choose_parts(organizer, shape)
    for _ in range(2):
        assert press(organizer, r"confirm/[0-9a-f]+").status_code == 303
    assert press(organizer, r"activate/[0-9a-f]+").status_code == 303
    assert "Scanners use the format from now on." in notices(organizer)
    found = active(database)
    assert [found.read(raw(each)) for each in shape["payloads"]] == [Badge(*each) for each in shape["badges"]]
    for foreign in shape["foreign"]:
        with pytest.raises(ForeignCode):
            found.read(raw(foreign))
