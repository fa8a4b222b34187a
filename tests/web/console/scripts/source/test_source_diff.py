"""The comparison of two texts: complete, in order, natural, and quick whatever the texts are."""

import random

from hypothesis import given
from hypothesis import strategies as st

from web.console.scripts.source import line_matches
from web.console.scripts.source.line_matches import MOST_LOOKS, matches
from web.console.scripts.source.source_diff import MOST_LINES, compare

lines = st.lists(st.sampled_from("abcdef "), max_size=40)


def rows(diff):
    return [row for part in diff.parts for row in part.rows]


@given(lines, lines)
def test_every_line_of_both_texts_is_there_once_and_in_order(before, after):
    found = rows(compare("\n".join([*before, "end"]), "\n".join([*after, "end"])))
    assert [row.old for row in found if row.old] == list(range(1, len(before) + 2))
    assert [row.new for row in found if row.new] == list(range(1, len(after) + 2))


@given(lines, lines)
def test_matching_blocks_are_equal_and_never_cross(before, after):
    a = b = 0
    for x, y, size in matches(before, after):
        assert x >= a
        assert y >= b
        assert size > 0
        assert before[x : x + size] == after[y : y + size]
        a, b = x + size, y + size


def test_a_moved_function_is_not_torn_apart():
    head = [f"import {n}" for n in range(3)]
    one, two = [f"one {n}" for n in range(9)], [f"two {n}" for n in range(5)]
    found = rows(compare("\n".join(head + one + two), "\n".join(head + two + one)))
    assert {str(row.text).split()[0] for row in found if row.kind != "same"} == {"two"}


def test_the_words_that_differ_are_marked_and_escaped():
    found = rows(compare('return "a <b> c"\n', 'return "a <i> c"\n'))
    assert [str(row.text) for row in found] == [
        "return &#34;a &lt;<del>b</del>&gt; c&#34;",
        "return &#34;a &lt;<ins>i</ins>&gt; c&#34;",
    ]


def test_long_stretches_without_a_change_are_folded_and_short_ones_are_not():
    before = [f"line {n}" for n in range(40)]
    after = [*before[:20], "new", *before[20:]]
    diff = compare("\n".join(before), "\n".join(after))
    assert [(part.folded, len(part.rows)) for part in diff.parts] == [(True, 17), (False, 7), (True, 17)]
    assert compare("a\nb\nc", "a\nb\nd").parts[0].folded is False


def test_the_same_text_has_no_difference():
    assert not compare("a\n", "a\n").differs


def test_texts_that_no_one_would_read_are_not_compared():
    assert compare("a\n" * MOST_LINES, "b\n").too_long


def test_a_text_made_to_be_slow_compares_a_bounded_number_of_words_and_lines():
    """A longest match over these takes minutes: nothing stands once, and everything stands often."""
    chosen = random.Random(1)
    before, after = ("\n".join(chosen.choice("abcdefgh") for _ in range(9000)) for _ in range(2))
    assert compare(before, after).differs


def test_anchors_within_anchors_thousands_deep_are_not_followed_to_the_end(monkeypatch):
    def text(other):
        return [line for level in range(3000, 0, -1) for line in (other, f"#{level - 1}", f"#{level}")]

    looked, real = [], line_matches._anchors

    def counting(old, new, block):
        looked.append(block[1] - block[0] + block[3] - block[2])
        return real(old, new, block)

    monkeypatch.setattr(line_matches, "_anchors", counting)
    old, new = text("p"), text("q")
    matches(old, new)
    assert sum(looked) <= MOST_LOOKS * (len(old) + len(new))
