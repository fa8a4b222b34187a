"""Characters that deceive readers: which are marked, and which ordinary writing is not."""

import pytest

from web.console.scripts.source.deceptive_characters import drawn, places
from web.console.scripts.source.source_lines import DeceptivePlaces

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
    assert 'class="odd"' in drawn(line)


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_writing_is_left_alone(line):
    assert not list(places(line))
    assert 'class="odd"' not in drawn(line)


def test_right_to_left_words_move_nothing_beside_them():
    assert drawn("x = 'نور' + y") == "x = &#39;<bdi>نور</bdi>&#39; + y"


def test_a_text_full_of_them_is_counted_and_not_listed_whole():
    found = DeceptivePlaces.of("\u200b" * 5000)
    assert len(found.listed) == 20
    assert found.more == 4980
