"""The difference of two versions is what a patch would need, shows every difference, and costs little for any two texts."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.console.scripts.source import line_matches
from web.console.scripts.source.source_diff import ADDED, REMOVED, compare
from web.console.scripts.source.unified_diff import unified_diff

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "\u2028", "x\x0cy", "-", "+"]), max_size=30).map("\n".join)


def patched(text, diff):
    """The other text, made from one and the diff."""
    old, new, place = text.split("\n"), [], 0
    for line in diff.split("\n")[2:] if diff else []:
        head = re.match(r"@@ -(\d+)(?:,(\d+))? ", line)
        if head:
            begin = int(head[1]) - (head[2] != "0")
            new += old[place:begin]
            place = begin
        elif line[0] == "+":
            new.append(line[1:])
        else:
            assert old[place] == line[1:]
            new += [line[1:]] if line[0] == " " else []
            place += 1
    return "\n".join(new + old[place:])


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_a_patch_makes_one_text_from_the_other(before, after):
    diff = unified_diff(("one", before), ("two", after))
    assert patched(before, diff) == after
    assert (diff == "") == (before == after)


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_a_patch_of_texts_that_are_not_compared_makes_the_other_as_well(before, after):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_matches, "MOST_CELLS", 0)
        patch.setattr(line_matches, "MOST_LOOKS", 0)
        assert patched(before, unified_diff(("one", before), ("two", after))) == after


@settings(max_examples=50, deadline=None)
@given(TEXTS, TEXTS)
def test_a_page_and_a_patch_take_out_and_put_in_the_same_lines(before, after):
    before, after = f"{before}\nend", f"{after}\nend"  # a page does not count an empty last line
    drawn = compare(before, after)
    rows = [row for part in drawn.parts for row in part.rows]
    patch = unified_diff(("one", before), ("two", after)).split("\n")[2:]
    for sign, kind in (("-", REMOVED), ("+", ADDED)):
        assert sum(line[0] == sign for line in patch) == sum(row.kind == kind for row in rows)


@pytest.mark.parametrize("other", ["\u2028", "\x0b", "\x0c", "\x85", "\r"])
def test_an_end_of_a_line_that_is_none_is_a_difference(other):
    assert unified_diff(("one", "a\nb"), ("two", f"a{other}b")) != ""


@pytest.mark.parametrize("kinds", [1, 2, 100, 5000])
def test_hostile_texts_of_the_largest_size_are_compared(kinds):
    seeded = random.Random(kinds)
    one, two = ("\n".join(str(seeded.randrange(kinds)) for _ in range(60_000)) for _ in range(2))
    assert len(unified_diff(("one", one), ("two", two))) > 0 or kinds == 1


@pytest.mark.parametrize("kinds", [2, 20, 390])
def test_hostile_texts_just_below_the_bound_are_compared(kinds):
    seeded = random.Random(kinds)
    one, two = ("\n".join(str(seeded.randrange(kinds)) for _ in range(395)) for _ in range(2))
    assert unified_diff(("one", one), ("two", two))
