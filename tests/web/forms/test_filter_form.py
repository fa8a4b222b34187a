"""Forms that filter lists: read from the address, drawn without a token, and no text too long to search for."""

import pytest
from flask import Flask, render_template_string
from lxml import html

from tests.support import ROOT
from web import templating
from web.forms.fields import DropdownField
from web.forms.filter_form import LONGEST, FilterField, FilterForm

PAGE = """{% from "forms.html" import filter_entry with context %}{% for each in form %}{{ filter_entry(each) }}{% endfor %}"""


class RoomFilter(FilterForm):
    """Two fields of the kinds that filters have."""

    room = FilterField("Room", longest=20)
    floor = DropdownField("Floor", choices=[("", "any"), ("1", "first")])


@pytest.fixture
def read():
    """Read the form from an address; with its page."""
    app = Flask("web", root_path=str(ROOT / "web"))
    templating.install(app)

    def draw(address, fault=""):
        with app.test_request_context(address):
            form = RoomFilter.of_request()
            if fault:
                form.complain("room", fault)
            return form, html.fromstring(f"<main>{render_template_string(PAGE, form=form)}</main>")

    return draw


def test_a_filter_is_read_from_the_address_and_shown_again(read):
    form, page = read("/?room=%20Hall+B%20&floor=1&unknown=x")
    assert {field.name: field.value for field in form} == {"room": "Hall B", "floor": "1"}
    assert page.xpath("//input[@id='room']/@value") == ["Hall B"]
    assert page.xpath("//option[@selected]/@value") == ["1"]


def test_an_address_without_the_filter_has_empty_texts(read):
    form, page = read("/")
    assert {field.name: field.value for field in form} == {"room": "", "floor": ""}
    assert page.xpath("//input[@id='room']/@value") == [""]


def test_a_text_that_is_too_long_to_search_for_is_cut(read):
    form, page = read(f"/?room={'x' * 5000}")
    assert form.room.value == "x" * LONGEST
    assert page.xpath("//input[@id='room']/@maxlength") == ["20"]


def test_a_filter_has_no_token_because_it_changes_nothing(read):
    _, page = read("/?room=a")
    assert page.xpath("//input/@name") == ["room"]


def test_a_fault_is_shown_at_the_label_of_its_field(read):
    _, page = read("/?room=a", fault="is not known here")
    assert "is not known here" in page.xpath("string(//label[@for='room'])")
    assert "is not known here" not in page.xpath("string(//label[@for='floor'])")
