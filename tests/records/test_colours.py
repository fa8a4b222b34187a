"""Colours: the contrast is that of WCAG, and it is computed in one file only."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import colours, fields
from records.colours import LEAST_CONTRAST, WHITE, contrast
from runner.runs.message_contract import color_fault_of
from tests.support import ROOT

written = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "ratio"), [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#777777", 4.48), ("#ff0000", 4.0)]
)
def test_the_contrast_with_white_is_the_published_one(one, ratio):
    assert round(contrast(one, WHITE), 2) == ratio


@given(written, written)
def test_contrast_is_symmetric_and_between_1_and_21(one, other):
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001


@given(written)
def test_a_colour_that_may_be_saved_is_a_colour_that_a_message_may_have(colour):
    readable = contrast(colour, WHITE) >= LEAST_CONTRAST
    assert (color_fault_of(colour) is None) == readable
    if readable:
        assert fields.color(colour) == colour
    else:
        with pytest.raises(ValueError, match="too light"):
            fields.color(colour)


@pytest.mark.parametrize("text", ["", "#fff", "006109", "#0061090", "#00610g", "#00610A", "#00\u0666109", "#006109\n"])
def test_what_is_not_six_hex_digits_in_lower_case_is_no_colour(text):
    assert not colours.is_colour(text)


def test_no_other_file_computes_the_luminance_or_the_contrast_of_a_colour():
    """The factors of the definition, the least contrast and the way to write a colour stand in one file."""
    told = re.compile(
        r"0\.2126|0\.7152|0\.0722|0\.04045|luminance|def contrast|1\.05 /|CONTRAST\b[^=\n]*= *\d|\[0-9a-fA?-?F?\]\{6\}"
    )
    found = [
        path.relative_to(ROOT).as_posix()
        for room in ("sandbox", "records", "runner", "web")
        for path in (ROOT / room).rglob("*")
        if path.suffix in (".py", ".js", ".html") and told.search(path.read_text())
    ]
    assert found == ["records/colours.py"]
