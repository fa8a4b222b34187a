"""Forms: each kind of field as people see it, faults at their fields, what was typed kept, and one base for all of them."""

import ast
import re

import pytest
from flask import Flask, render_template_string
from flask_wtf.csrf import CSRFProtect
from lxml import html
from wtforms import Field

from records import FieldFault, RuleViolation
from tests.support import ROOT
from web import templating
from web.forms import fields, filter_form, json_field
from web.forms.base_form import BaseForm
from web.forms.json_field import JsonField

WEB = ROOT / "web"
PAGE = """{% from "forms.html" import entry, problems, secret, token with context %}
{{ problems(form) }}{{ token(form) }}{% for each in form if each.layout is defined %}{{ entry(each) }}{% endfor %}"""


class EveryForm(BaseForm):
    """A field of each kind."""

    line = fields.LineField("Line", description="One line.", longest=40)
    block = fields.TextBlockField("Block")
    lines = fields.LinesField("Lines")
    json = JsonField("JSON")
    whole = fields.WholeNumberField("Whole", unit="calls")
    number = fields.NumberField("Number", unit="seconds")
    size = fields.WholeNumberField("Size", unit="KiB", factor=1024)
    tick = fields.YesNoField("Tick")
    choice = fields.ChoiceField("Choice", choices=[("a", "First"), ("b", "Second")])
    several = fields.CheckboxesField("Several", choices=[("a", "First"), ("b", "Second")])
    dropdown = fields.DropdownField("Dropdown", choices=[("a", "First"), ("b", "Second")])
    secret = fields.SecretField("Secret")
    upload = fields.UploadField("Upload")


TYPED = {
    "line": "x<y",
    "block": "a\nb",
    "lines": "a\nb",
    "json": '{"a": ',
    "whole": "many",
    "number": "1,5",
    "choice": "b",
}
TYPED |= {"several": "b", "dropdown": "b", "secret": "hunter22", "as_of": "17"}


@pytest.fixture
def drawn():
    app = Flask("web", root_path=str(WEB))
    app.secret_key = "k" * 40
    templating.install(app)
    CSRFProtect(app)

    def draw(template=PAGE, *, typed=TYPED, faults=()):
        with app.test_request_context(method="POST", data=typed):
            form = EveryForm()
            for fault in faults:
                form.refuse(RuleViolation(fault.field, fault.reason))
            return html.fromstring(f"<main>{render_template_string(template, form=form)}</main>")

    return draw


def test_every_field_of_ours_says_how_it_is_drawn():
    """Otherwise a field whose class is renamed is drawn as one of another kind, and no test of a page notices."""
    modules = (fields, filter_form, json_field)
    ours = [
        each
        for module in modules
        for each in vars(module).values()
        if getattr(each, "__module__", "") == module.__name__
    ]
    ours = [each for each in ours if isinstance(each, type) and issubclass(each, Field)]
    template = (WEB / "templates" / "forms.html").read_text()
    known = set(re.findall(r'of\.layout == "([a-z]+)"', template)) | {
        "dropdown",
        "upload",
        "hidden",
    }  # these as they are
    assert len(ours) > 10
    assert {each.layout for each in ours} == known


def test_each_kind_is_drawn_as_people_know_it(drawn):
    page = drawn()
    assert [one.get("type") for one in page.xpath("//fieldset[@id='choice']//input")] == ["radio", "radio"]
    assert page.xpath("string(//fieldset[@id='choice']/legend)") == "Choice"
    assert [one.get("type") for one in page.xpath("//fieldset[@id='several']//input")] == ["checkbox", "checkbox"]
    assert page.xpath("//p[@class='tick']/input[@id='tick']/@type") == ["checkbox"]
    for name, unit in (("whole", "calls"), ("number", "seconds")):
        (amount,) = page.xpath(f"//span[@class='amount'][input[@id='{name}']]")
        assert (amount.xpath("string(span[@class='unit'])"), amount[0].get("inputmode")) == (unit, "decimal")
    for name in ("block", "lines", "json"):
        (area,) = page.xpath(f"//textarea[@id='{name}']")
        assert (area.get("rows"), area.get("spellcheck")) == ("4", "false")
    assert page.xpath("//input[@id='secret']/@autocomplete") == ["new-password"]
    assert page.xpath("//input[@id='secret']/@type") == ["password"]
    assert page.xpath("//input[@id='upload']/@type") == ["file"]
    assert page.xpath("//select[@id='dropdown']/option[@selected]/@value") == ["b"]
    assert page.xpath("//input[@id='line']/@autocomplete") == ["off"]
    assert page.xpath("//input[@id='line']/@maxlength") == ["40"]


def test_a_refused_form_keeps_what_was_typed_but_no_secret(drawn):
    page = drawn(faults=[FieldFault("line", "is wrong")])
    assert page.xpath("//input[@id='line']/@value") == ["x<y"]
    assert page.xpath("//textarea[@id='json']")[0].text.strip() == '{"a":'
    assert page.xpath("//input[@id='whole']/@value") == ["many"]
    assert page.xpath("//fieldset[@id='choice']//input[@checked]/@value") == ["b"]
    assert page.xpath("//input[@name='as_of']/@value") == ["17"]
    assert page.xpath("//input[@id='secret']/@value") in ([], [""])
    assert b"hunter22" not in html.tostring(page)


def test_a_form_carries_the_token_against_forged_forms_once(drawn):
    assert len(drawn().xpath("//input[@name='csrf_token']")) == 1


@pytest.mark.parametrize("name", ["line", "choice", "several", "whole", "json", "tick", "secret"])
def test_a_fault_stands_at_its_field_which_is_described_by_it_and_led_to(drawn, name):
    page = drawn(faults=[FieldFault(name, "is wrong")])
    (told,) = page.xpath(f"//p[@id='{name}-wrong']")
    assert "is wrong" in told.text_content()
    (described,) = page.xpath(f"//*[@id='{name}']")
    assert f"{name}-wrong" in described.get("aria-describedby").split()
    assert page.xpath("//div[@id='problems']//a/@href") == [f"#{name}"]
    if described.tag != "fieldset":
        assert described.get("aria-invalid") == "true"


def test_help_and_fault_describe_a_field_together(drawn):
    (line,) = drawn(faults=[FieldFault("line", "is wrong")]).xpath("//input[@id='line']")
    assert line.get("aria-describedby") == "line-help line-wrong"


def test_a_fault_without_a_field_stands_on_top_and_names_fields_as_the_page_does(drawn):
    page = drawn(faults=[FieldFault("key_set", "contradicts line or whole_thing")])
    assert "The key set contradicts line or whole thing." in page.xpath("string(//div[@id='problems'])")


def test_the_numbers_of_a_fault_are_in_the_unit_of_the_field(drawn):
    page = drawn(
        faults=[FieldFault("size", "is a whole number from 1 to 16777216"), FieldFault("whole", "is over 2048")]
    )
    assert "is a whole number from 1 to 16384" in page.xpath("string(//p[@id='size-wrong'])")
    assert "is over 2048" in page.xpath("string(//p[@id='whole-wrong'])")


def test_what_somebody_typed_is_quoted_to_the_letter(drawn):
    page = drawn(faults=[FieldFault("lines", "“ada_lovelace” is unknown, unlike as_of")])
    assert "“ada_lovelace” is unknown, unlike “As Of”" in page.xpath("string(//p[@id='lines-wrong'])")


def test_all_forms_of_the_console_are_made_of_the_one_base_and_its_fields():
    strangers = {}
    for path in (WEB / "console").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("wtforms", "flask_wtf"):
                names = {one.name for one in node.names} - {"HiddenField", "InputRequired"}
                strangers |= {path.relative_to(ROOT).as_posix(): names} if names else {}
    assert strangers == {}


def test_every_form_that_is_posted_gets_its_token_from_the_one_macro():
    raw = [
        path.relative_to(WEB).as_posix()
        for path in (WEB / "templates").rglob("*.html")
        if "csrf_token" in path.read_text() and path.name != "forms.html"
    ]
    assert raw == []
