"""The contract of texts over all of Unicode: what is accepted can be seen, hides nothing, and stays as it is."""

import sys
import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from records.message_text import BLANK, FILLER, FLAGS, clean_text, shown_text

IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
#: Sequences that need an ignorable code point, written down a second time: as a whole text's possible parts.
FLAG = {"\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in flag) + "\U000e007f" for flag in FLAGS}
#: A name with such a word belongs to what shows nothing, unless its word is among those of what does show something.
SUSPICIOUS = regex.compile(r"\b(BLANK|FILLER|NULL|EMPTY|INVISIBLE|ZERO WIDTH|SPACE|VOID|JOINER|HIDDEN|GAP|SILENT)\b")
SEEN = regex.compile(
    r"EMPTY (SET|NOTE|DOCUMENT|PAGES?|NEST)\b|SYMBOL FOR |BLANK SYMBOL|HALF FILL SPACE|SYLLABLE GAP|GAP FILLER"
    r"|LINE FILLER|VOID NOTEHEAD|PLANE SPACE|PUNCTUATION SPACE FILLER"
)


def everything():
    """Every code point; of large groups in which all are alike (by the very properties) every 61st."""
    alike = regex.compile(r"[\p{Cn}\p{Co}\p{Cs}\p{Unified_Ideograph}\uac00-\ud7a3]")
    for point in range(sys.maxunicode + 1):
        if point % 61 == 0 or not alike.match(chr(point)):
            yield chr(point)


def hidden_in(text):
    """The ignorable code points of a text that no sequence needs, found letter by letter."""
    found = []
    for at, character in enumerate(text):
        before, after = text[:at], text[at + 1 :]
        if not IGNORABLE.match(character):
            continue
        if character in "\u200c\u200d":
            letters = bool(before) and bool(regex.match(r"[\p{L}\p{M}]", before[-1]))
            emoji = regex.search(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?$", before)
            good = (letters and regex.match(r"[\p{L}\p{M}]", after)) or (
                emoji and regex.match(r"\p{Extended_Pictographic}", after)
            )
        elif character in "\ufe0e\ufe0f":
            good = regex.search(r"\p{Extended_Pictographic}$", before) or after.startswith("\u20e3")
        else:
            good = any(
                text.startswith(flag, start) and start < at < start + len(flag)
                for flag in FLAG
                for start in range(max(0, at - len(flag)), at)
            )
        if not good:
            found.append(character)
    return found


def is_seen(text):
    return any(
        (unicodedata.category(each)[0] in "LNPS" and each not in BLANK + FILLER and not IGNORABLE.match(each))
        # Python may know an older Unicode than `regex` does.
        or (unicodedata.category(each) == "Cn" and regex.match(r"[\p{L}\p{N}\p{P}\p{S}]", each))
        for each in text
    )


def test_a_code_point_alone_is_accepted_exactly_if_it_can_be_seen():
    visible = regex.compile(r"(?V1)[\p{L}\p{N}\p{P}\p{S}--\p{Default_Ignorable_Code_Point}--\p{White_Space}]")
    for character in everything():
        expected = visible.match(character) is not None and character not in BLANK + FILLER
        normal = unicodedata.normalize("NFC", character)
        cleaned = clean_text(character)
        assert (cleaned.refused is None) == (expected and not regex.match(r"\p{M}", normal)), f"U+{ord(character):04X}"
        assert cleaned.text in ("", normal)


def test_a_code_point_within_a_text_is_kept_removed_or_refused_and_never_hidden():
    for character in everything():
        text = clean_text(f"a{character}b").text
        assert not IGNORABLE.search(text), f"U+{ord(character):04X}"
        assert not any(each in text for each in BLANK + FILLER), f"U+{ord(character):04X}"
        assert not regex.search(r"[\p{C}\p{Zl}\p{Zp}]", text), f"U+{ord(character):04X}"


def test_no_name_of_unicode_tells_of_something_unseen_that_the_rule_shows():
    for character in everything():
        name = unicodedata.name(character, "")
        if SUSPICIOUS.search(name) and not SEEN.search(name):
            assert clean_text(character).refused, f"{name}: can it be seen?"


#: Mostly what matters: ignorable, blank and odd ones, marks, letters of joining scripts, emoji and their parts.
PARTS = st.sampled_from(
    [*"aé\u0301\u0903\u034f\u200b\u200c\u200d\u200e\u00ad\u2060\ufeff\ufe0e\ufe0f\u20e31#🏴👩🏽❤👍⚕"]
)
NATIVE = st.sampled_from([*"میक्षর্য\u0951\u1039က\u103b\u1160\u11a8ᄀ가\u3164\u2800\U0001d159\U00013441\U00016fe4"])
OTHERS = st.sampled_from([*" \u00a0\u3000\u1680\u2003\ufdfd\ufdfa\u2e3b\U000e0100\U0001f1e9\U0001f1ea", *sorted(FLAG)])
TAGS = st.integers(0xE0020, 0xE007F).map(chr)
TEXTS = st.lists(PARTS | NATIVE | OTHERS | TAGS | st.characters(), max_size=60).map("".join)


@given(TEXTS)
@example("\U0001f3f4" + "\U000e0067\U000e0062" * 3 + "\U000e007f")
@example("क\u094d\u034f\u200dष")
@example("a\u3164\u0301")
@example("\u00ad \u0301x")
@example("👩\u200d\u00ad👩")
def test_an_accepted_text_is_seen_hides_nothing_and_is_accepted_again_as_it_is(text):
    cleaned = clean_text(text)
    if cleaned.refused:
        assert cleaned.text == ""
        return
    shown = cleaned.text
    assert is_seen(shown)
    assert hidden_in(shown) == []
    assert not regex.search(r"\p{White_Space}{9}|^\p{White_Space}|\p{White_Space}$", shown)
    assert all(len(run.replace(" ", "")) <= 2 for run in regex.findall(r"\p{White_Space}+", shown))
    assert not any(each in shown for each in BLANK + FILLER)
    assert not regex.search(r"[\p{Bidi_Control}\p{Cc}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]", shown)
    assert unicodedata.normalize("NFC", shown) == shown
    assert 1 <= len(shown) <= 120
    again = clean_text(shown)
    assert (again.text, again.changed, again.refused) == (shown, (), None)


@given(
    st.text(
        st.sampled_from([*"aक\u0301\u0302\u0903\u094d\u093f\u20dd\u200d\u200c\u034f\u0951\u1039\u103bက각🏽"]),
        max_size=40,
    )
)
def test_marks_never_pile_up(text):
    shown = clean_text(text).text
    for cluster in regex.findall(r"\X", shown):
        assert len(regex.findall(r"\p{M}", cluster)) <= 8
        assert not regex.search(
            r"[\p{Mn}\p{Me}]{5}", regex.sub(r"[\p{Mc}\u200c\u200d]", "", cluster.split("\u094d")[-1])
        )


@pytest.mark.parametrize("value", [None, 5, b"text", ["x"], {"text": "x"}])
def test_a_fallback_that_is_no_text_is_refused(value):
    with pytest.raises(ValueError, match="cannot be shown"):
        shown_text(value)


def test_a_fallback_may_be_empty_and_is_cleaned():
    assert shown_text("") == ""
    assert shown_text(" Ask at the CE desk\u200b ") == "Ask at the CE desk"
