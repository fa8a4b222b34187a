"""QR codes that the service draws are read again by a decoder, whatever text they have."""

import re

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from runner.attendance.code_drawing import LONGEST, qr_code

SCALE = 4


def picture(drawing):
    """The drawing as a browser would paint it."""
    image = Image.new("L", (drawing.size * SCALE, drawing.size * SCALE), 255)
    pen = ImageDraw.Draw(image)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawing.path):
        left, top = int(x) * SCALE, int(y) * SCALE
        pen.rectangle((left, top, left + int(width) * SCALE - 1, top + SCALE - 1), fill=0)
    return image


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=80))
def test_what_is_drawn_is_read_again(text):
    (found,) = zxingcpp.read_barcodes(picture(qr_code(text)))
    assert found.bytes == text.encode()


@pytest.mark.parametrize("text", ["", "x" * (LONGEST + 1)])
def test_a_text_that_cannot_be_read_from_paper_is_refused(text):
    with pytest.raises(ValueError, match="1 to 500 characters"):
        qr_code(text)
