"""Reading one code: what is dropped, what is refused, and that no code at all breaks the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.attendance.badge_formats.badge_format import ID_CHARACTERS, TAKES, Badge, BadgeFormat, Pick
from records.attendance.badge_formats.code_text import MOST_BYTES, CodeText, ForeignCode
from records.attendance.badge_formats.parts import KINDS
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import FormatFault, as_json, from_json

OPTIONS = {
    "delimited": {"separator": "|", "quotes": "yes"},
    "pairs": {"separator": ";", "between": "="},
    "pattern": {"pattern": r"(?<badge_id>[A-Z0-9]+)-(?<last_name>[^/]*)/(?<first_name>.*)"},
}
STARTS = ["", "BEGIN:VCARD\n", "MECARD:", "{", "[", "<a>", "https://a.example/", '"', "10|", "ID=1;", "A1-Chen/Al"]


def bars(**more):
    options = {"separator": "|"}
    return BadgeFormat("delimited", Pick("1"), Pick("2"), Pick("3"), **({"options": options} | more))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "shift_jis"])
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=80), letters=st.text(max_size=30))
def test_any_bytes_are_a_badge_or_a_foreign_code(kind, encoding, start, rest, letters):
    reader = BadgeFormat(kind, Pick("badge_id"), Pick("N/1"), text=CodeText(encoding), options=OPTIONS.get(kind, {}))
    for payload in (start.encode() + rest, (start + letters).encode("utf-8", "surrogatepass")):
        try:
            badge = reader.read(payload)
        except ForeignCode:
            continue
        assert badge.badge_id
        assert f"{badge.badge_id}{badge.last_name}{badge.first_name}".encode()


@given(
    st.lists(
        st.binary(max_size=60) | st.text(max_size=30).map(lambda each: each.encode("utf-8", "surrogatepass")),
        max_size=4,
    )
)
def test_every_proposal_reads_the_examples_from_which_it_was_made(examples):
    for proposal in propose(examples):
        assert all(proposal.format.read(each).badge_id for each in examples)
        assert from_json(as_json(proposal.format)) == proposal.format


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * MOST_BYTES,
        b'{"a":' * 700,
        b"<a>" * 1300,
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a id="&b;"/>',
        b"<!DOCTYPE a SYSTEM 'https://evil.example/'><a/>",
        b"|" * MOST_BYTES,
        b"1" * (MOST_BYTES + 1),
        b'"' * MOST_BYTES,
        b"BEGIN:VCARD\n" + b"A:1\n" * 1000,
        b"MECARD:" + b"\\;" * 2000,
        b"\x00" * 3000,
        b"https://[::1/",
    ],
    ids=lambda each: each[:12],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_code_made_to_cost_much_is_refused(kind, payload):
    reader = BadgeFormat(kind, Pick("badge_id"), options=OPTIONS.get(kind, {}))
    with pytest.raises(ForeignCode):
        reader.read(payload)


def test_everything_but_the_three_is_dropped_and_names_are_one_line():
    badge = bars().read("10|  Chen\u202e\x07 |Al\tice|ann@firm.example|+49 30".encode())
    assert badge == Badge("10", "Chen", "Al ice")


@pytest.mark.parametrize("examples", ["utf-8", "windows-1252"])
def test_each_code_is_in_the_encoding_that_its_encoder_has_chosen(examples):
    reader = bars(text=CodeText(examples))
    assert (
        reader.read("10|Muñoz|José".encode("latin-1"))
        == reader.read("10|Muñoz|José".encode())
        == Badge("10", "Muñoz", "José")
    )
    with pytest.raises(ForeignCode, match="not written in"):
        reader.read(b"10|\x81\x8d|\x90")


def test_a_name_is_cut_and_an_id_never_is():
    assert bars().read(b"10|" + b"x" * 300 + b"|y").last_name == "x" * 200
    with pytest.raises(ForeignCode, match="badge ID"):
        bars().read(b"1" * 101 + b"|a|b")


@pytest.mark.parametrize(("name", "good", "bad"), [
    ("digits", "0123", "12a"),
    ("letters and digits", "A12b", "A-1"),
    ("letters, digits and - _ . : / + @", "a@b.example", "a b"),
    ("any", "é 1", None),
])  # fmt: skip
def test_ids_with_other_characters_are_of_another_event(name, good, bad):
    reader = BadgeFormat("bare", Pick("1"), id_characters=name)
    assert name in ID_CHARACTERS
    assert reader.read(good.encode()).badge_id == good
    if bad:
        with pytest.raises(ForeignCode, match="other characters"):
            reader.read(bad.encode())


@pytest.mark.parametrize(("take", "text", "taken"), [
    ("all", " a b ", "a b"), ("before the comma", "Chen, Alice", "Chen"), ("after the comma", "Chen, Alice", "Alice"),
    ("first word", "Mary Ann Roy", "Mary"), ("all but the first word", "Mary Ann Roy", "Ann Roy"),
    ("last word", "Mary Ann Roy", "Roy"), ("all but the last word", "Mary Ann Roy", "Mary Ann"),
])  # fmt: skip
def test_takes(take, text, taken):
    assert take in TAKES
    assert Pick("1", take).of({"1": text}) == taken
    assert Pick("1", take).of({"1": ""}) == ""


def test_fixed_parts_and_counts_tell_events_apart():
    reader = bars(fixed={"4": "EVT24"}, parts=(4, 5))
    assert reader.read(b"1|a|b|evt24|x").badge_id == "1"
    for other in (b"1|a|b|EVT25", b"1|a|b", b"1|a|b|EVT24|x|y"):
        with pytest.raises(ForeignCode):
            reader.read(other)


GOOD = as_json(bars())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "guess"}, "kind must be one of bare, delimited"),
        ({"badge_id": None}, "badge_id must say which part"),
        ({"badge_id": {"part": ""}}, "badge_id.part must not be empty"),
        ({"badge_id": {"part": "1", "take": "eval"}}, "badge_id.take must be one of"),
        ({"badge_id": {"part": "1", "run": "x"}}, "badge_id must have no member 'run'"),
        ({"options": {"separator": ""}}, "options.separator must not be empty"),
        ({"options": {"separator": "|||||"}}, "options.separator must have at most 4"),
        ({"options": {"separator": 3}}, "options.separator must be a text"),
        ({"text": {"encoding": "utf-7"}}, "text.encoding must be one of"),
        ({"text": {"base64": "yes"}}, "text.base64 must be true or false"),
        ({"text": {"prefix": "\ud800"}}, "text.prefix must be a text"),
        ({"parts": [3, 2]}, "parts must be two numbers"),
        ({"parts": [True, 2]}, "parts must be two numbers"),
        ({"fixed": {str(n): "x" for n in range(11)}}, "fixed must have at most 10"),
        ({"fixed": []}, "fixed must"),
        ({"id_characters": "[0-9]+"}, "id_characters must be one of"),
        ({"kind": "pattern", "options": {"pattern": "(?<badge_id>.+)+"}}, "options.pattern"),
        ({"more": 1}, "the format must have no member 'more'"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_a_format_that_cannot_be_used_is_refused_by_member(change, words):
    with pytest.raises(FormatFault) as caught:
        from_json(GOOD | change)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_a_format_is_an_object(value):
    with pytest.raises(FormatFault, match="the format must be an object"):
        from_json(value)
