"""Modules of the scanner page by themselves, in Chromium: what is typed is read as the server reads it; what is in view counts once."""

import pytest

from records.attendance.badge_formats.badge_format import ScannedTestBadge
from records.attendance.badge_formats.code_text import ForeignCode
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.typed_badges import typed_badge
from tests.web.scanner.test_badge_format import ODD, formats_of_every_kind

pytestmark = pytest.mark.browser

TYPED = """async ([address, questions]) => {
  const { readTyped } = await import(address);
  return questions.map(([format, text]) => {
    const { kind, badge, entry } = readTyped(format, text, "keyboard");
    return badge ? [badge.badge_id, badge.last_name, badge.first_name, entry] : kind;
  });
}"""
CODES = """async ([address, format, texts]) => {
  const { readCode } = await import(address);
  return texts.map((text) => readCode(format, new TextEncoder().encode(text)));
}"""
SEEN = """async ([address, moments]) => {
  const { Sightings } = await import(address);
  let now = 0;
  const sightings = new Sightings(() => now);
  return moments.map(([at, what]) => { now = at; return sightings.isNew(what); });
}"""


@pytest.fixture(scope="module")
def page(chromium, site):
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


@pytest.fixture
def module(site):
    """The address of a module."""
    with site.app.test_request_context():
        yield site.app.jinja_env.globals["scanner_asset"]


def read_by_the_server(badge_format, text):
    try:
        badge, entry = typed_badge(badge_format, text)
    except ScannedTestBadge:
        return "test badge"
    except ForeignCode:
        return "foreign"
    return [badge.badge_id, badge.last_name, badge.first_name, entry]


def test_what_is_typed_is_read_as_the_server_reads_it_without_script(page, module):
    texts = [*ODD, "10482", " 10482\r", "A7F-20931", "ä1", "10|Chen|Alice", "Ann Doe", "test-badge-1", " TEST-BADGE-9 "]
    formats = [None, *formats_of_every_kind()]
    questions = [(each, text) for each in formats for text in texts if text.isprintable() or text.strip() == text]
    sent = [[each and as_json(each), text] for each, text in questions]
    told = page.evaluate(TYPED, [module("badge_reader.mjs"), sent])
    wrong = [
        (each, text, read_by_the_server(each, text), answer)
        for (each, text), answer in zip(questions, told, strict=True)
        if read_by_the_server(each, text) != answer
    ]
    assert wrong == []


def test_a_code_gives_three_fields_or_nothing_at_all(page, module):
    (bars,) = (each for each in formats_of_every_kind() if each.parts == (2, 3))
    codes = ["11110|Dr Chen|Alice", "secret@firm.example", "TEST-BADGE-1"]
    badge, foreign, test = page.evaluate(CODES, [module("badge_reader.mjs"), as_json(bars), codes])
    assert badge == {
        "kind": "badge",
        "badge": {"badge_id": "111", "last_name": "Chen", "first_name": "Dr"},
        "entry": "camera",
    }
    assert foreign.keys() == {"kind", "why"}
    assert "firm.example" not in foreign["why"]
    assert test == {"kind": "test badge"}


def test_what_is_in_view_counts_once_until_it_was_gone_for_a_second_and_a_half(page, module):
    moments = [
        (0, "A", True), (100, "A", False), (1500, "A", False), (2900, "A", False), (2950, "B", True), (4399, "A", False),
        (4500, "B", True), (5899, "A", True), (5900, "B", False),
    ]  # fmt: skip
    asked = [[at, what] for at, what, _ in moments]
    assert page.evaluate(SEEN, [module("sightings.mjs"), asked]) == [new for _, _, new in moments]
