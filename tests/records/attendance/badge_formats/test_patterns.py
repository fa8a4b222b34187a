"""Patterns: they match what regular expressions match, and none can take long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.attendance.badge_formats.code_text import ForeignCode
from records.attendance.badge_formats.patterns import PatternFault, parsed, pattern

ATOMS = ["a", "b", "-", r"\d", r"\w", r"\s", r"\D", ".", "[ab]", "[^ab]", "[0-9-]", r"[\d.]", r"\.", r"\|", r"\t", "é"]
COUNTS = ["", "+", "*", "?", "{2}", "{1,3}", "{2,}"]


@st.composite
def sources(draw):
    items = [draw(st.sampled_from(ATOMS)) + draw(st.sampled_from(COUNTS)) for _ in range(draw(st.integers(1, 5)))]
    at = draw(st.integers(0, len(items) - 1))
    items[at] = f"(?<badge_id>{items[at]})"
    return "".join(items)


@given(
    sources(), st.lists(st.sampled_from(["a", "b", "1", "-", ".", "|", " ", "\t", "é", "\n"]), max_size=8).map("".join)
)
def test_a_pattern_matches_as_the_regular_expression_does(source, text):
    try:
        parsed(source)
    except PatternFault:
        return
    meant = (
        source.replace("(?<", "(?P<").replace(r"\d", "[0-9]").replace(r"\D", "[^0-9]").replace(r"\w", "[A-Za-z0-9_]")
    )
    found = re.fullmatch(meant.replace("[[0-9].]", "[0-9.]").replace(r"\s", r"[ \t\r\n]"), text)
    try:
        groups = pattern(text, {"pattern": source})
    except ForeignCode:
        assert found is None
    else:
        assert found is not None
        assert groups == {"badge_id": found["badge_id"].strip()}


@pytest.mark.parametrize(
    ("source", "text", "groups"),
    [
        (
            r"^(?<badge_id>\d{7})(?<last_name>.{12})(?<first_name>.+)$",
            "0010482CHEN        ALICE",
            ("0010482", "CHEN", "ALICE"),
        ),
        (r"(?P<badge_id>[A-Z]{2}\d+)-(?<last_name>[^/]+)/(?<first_name>.*)", "AB12-Roy/", ("AB12", "Roy", "")),
        (r"ID:\s?(?<badge_id>[^;\s\]]+);(?<first_name>[^;]*);(?<last_name>.*)", "ID: x-1;Al;Roy", ("x-1", "Roy", "Al")),
        (r"AT\$(?<badge_id>[0-9a-f]+)\$(?<last_name>.)(?<first_name>.)\$", "AT$9f8$ab$", ("9f8", "a", "b")),
    ],
)
def test_patterns_of_badges(source, text, groups):
    found = pattern(text, {"pattern": source})
    assert (found["badge_id"], found["last_name"], found["first_name"]) == groups


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(a+)+(?<badge_id>.)", "has '('"),
        ("(?<badge_id>a+a+)b", "could match the same character"),
        (r"(?<badge_id>.*)(?<last_name>.*)", "could match the same character"),
        (r"(?<badge_id>\w+)-?\d+", "could match the same character"),
        (r"(?<badge_id>a|b)", "has '|'"),
        (r"(?<badge_id>.)\1", r"has \1"),
        (r"(?=x)(?<badge_id>.)", "has '('"),
        (r"(?i)(?<badge_id>.)", "has '('"),
        (r"\p{L}(?<badge_id>.)", r"has \p"),
        (r"(?<badge_id>.", "is not closed"),
        (r"(?<badge_id>(?<last_name>.))", "none in another"),
        (r"(?<badge_id>.)-(?<badge_id>.)", "one group of each"),
        (r"(?<email>.)", "one group of each"),
        (r"[z-a](?<badge_id>.)", "ends before it begins"),
        (r"[a(?<badge_id>.)", "ends too early"),
        (r"[a\D](?<badge_id>.)", "means all others"),
        ("(?<badge_id>.)\\", "ends too early"),
        (r"a{3,2}(?<badge_id>.)", "matches nothing"),
        (r"a{0}(?<badge_id>.)", "matches nothing"),
        (r"abc", "must have a group"),
        ("", "1 to 300"),
        ("a" * 301, "1 to 300"),
        (r"a++(?<badge_id>.)", "has '+'"),
    ],
)
def test_a_pattern_that_could_take_long_or_mean_something_else_is_refused(source, words):
    with pytest.raises(PatternFault) as caught:
        parsed(source)
    assert words in str(caught.value)
