"""Characters that deceive readers: which are marked, and which ordinary writing is not."""

import re
import time
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.console.scripts.source.deceptive_characters import (
    MOST_COUNTED,
    MOST_LISTED,
    MOST_MARKED,
    SourceDrawing,
    lines_of,
    places,
)
from web.console.scripts.source.source_diff import compare
from web.console.scripts.source.source_lines import DeceptivePlaces, SourceLines

#: Name -> a line with something deceptive, and what is said of it.
ATTACKS = {
    "right-to-left override": ("x = 'a\u202eb'", "U+202E"),
    "zero width space": ("user\u200b.id", "U+200B"),
    "no-break space": ("a\u00a0= 1", "U+00A0"),
    "soft hyphen": ("mess\u00adage", "U+00AD"),
    "escape": ("x = '\x1b[2J'", "U+001B"),
    "line separator": ("# a\u2028import os", "U+2028"),
    "tag character": ("x\U000e0041", "U+E0041"),
    "cyrillic in a latin word": ("us\u0435r = 1", "us\\u0435r"),
    "greek in a latin word": ("t\u03bfken", "t\\u03bfken"),
    "a word of look-alikes only": ("\u0430\u0440\u0435 = 1", "\\u0430\\u0440\\u0435"),
    "full width letters": ("\uff55\uff53\uff45\uff52", "\\uff55"),
    "mathematical letters": ("\U0001d42e\U0001d42c", "\\U0001d42e"),
    "private use": ("x = '\ue000'", "U+E000"),
    "byte order mark": ("\ufeffx = 1", "U+FEFF"),
}
#: Ordinary texts of people who write in other alphabets.
ORDINARY = [
    "# Übergröße für Ärzte",
    "text = 'Подтвердите участие'",
    "'ΑΓΩΓΗ και υγεία'",
    "'مرحبا نور'",
    "'申请学分'",
    "\tx = 1",
    "'é ñ ç ß'",
]


@pytest.mark.parametrize("name", ATTACKS)
def test_what_deceives_is_found_and_shown(name):
    line, said = ATTACKS[name]
    (found, *_) = places(f"a = 1\n{line}\n")
    assert found.line == 2
    assert said in found.what
    assert 'class="odd"' in SourceDrawing().drawn(line)


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_writing_is_left_alone(line):
    assert not list(places(line))
    assert 'class="odd"' not in SourceDrawing().drawn(line)


def test_right_to_left_words_move_nothing_beside_them():
    assert SourceDrawing().drawn("x = 'نور' + y") == "x = &#39;<bdi>نور</bdi>&#39; + y"


def test_a_text_with_many_is_counted_and_not_listed_whole():
    found = DeceptivePlaces.of("\u200b" * 500)
    assert (len(found.listed), found.more, found.uncounted) == (MOST_LISTED, 480, False)


KILOBYTES = 200
#: Texts of 200 kB, made to be slow to draw or to make a page huge.
FLOODS = {
    "controls in one line": "\x01" * KILOBYTES * 1024,
    "invisible, in lines": ("\u200b" * 79 + "\n") * (KILOBYTES * 1024 // 238),
    "between letters": "a\x01" * (KILOBYTES * 512),
    "look-alike words": "ао " * (KILOBYTES * 1024 // 5),  # noqa: RUF001 - Cyrillic
    "mixed words": "aа " * (KILOBYTES * 1024 // 4),  # noqa: RUF001 - the second is Cyrillic
    "one word": "aа" * (KILOBYTES * 1024 // 3),  # noqa: RUF001 - as above
    "each another": "".join(chr(0xE000 + number % 6000) for number in range(KILOBYTES * 1024 // 3)),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_of_them_is_drawn_in_part_quickly_and_the_page_says_so(flood):
    taken, sizes = [], []
    for _ in range(3):
        started = time.process_time()
        drawn, found = SourceLines.of(flood), DeceptivePlaces.of(flood)
        compared = compare("x = 1\n", flood)
        taken.append(time.process_time() - started)
        sizes.append(sum(len(line) for line in drawn.lines))
    assert min(taken) < 0.15
    assert sizes[0] < 1024 * 1024
    marked = "".join(drawn.lines)
    if found.more:  # one word of thousands of letters is one place
        assert marked.count('<span class="odd" title=') - marked.count("not shown") == MOST_MARKED
        assert (found.more, found.uncounted) == (MOST_COUNTED - MOST_LISTED, True)
        assert '<span class="odd" title="the page has 2,000 marks already">not shown</span>' in marked
    assert compared.differs


def test_after_the_last_mark_no_line_that_could_deceive_is_shown_and_others_are():
    drawing = SourceDrawing(marks_left=1)
    lines = [drawing.drawn(line) for line in lines_of("a\u200b\u200bhidden\nplain <b>\nb\u200b")]
    assert lines[0].startswith('a<span class="odd" title="invisible or controlling character U+200B')
    assert "not shown" in lines[0]
    assert "hidden" not in lines[0]
    assert lines[1] == "plain &lt;b&gt;"
    assert (lines[2].count("not shown"), lines[2].count("U+200B")) == (1, 0)


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_what_is_drawn_is_the_text_itself_once_marks_and_escapes_are_taken_away(text):
    drawn = SourceDrawing().drawn(text)
    shown = re.sub(
        r'<span class="odd" title="invisible[^>]*>U\+([0-9A-F]+)</span>', lambda of: chr(int(of[1], 16)), drawn
    )
    assert unescape(re.sub(r'</?(?:bdi|span class="odd" title="[^"]*"|span)>', "", shown)) == text
