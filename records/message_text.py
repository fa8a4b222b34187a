"""Which texts may be shown to attendees, and what is removed from them first.

Scripts' messages, saved fallbacks and literals at review all pass the one function here, so that none has a weaker rule.
It decides by Unicode properties, not by lists of characters, so a new version of Unicode needs no edit. Nothing is escaped
here; templates do that.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

import regex

MAX_CHARACTERS: Final = 120  #: code points after cleaning
ADVISED_GRAPHEMES: Final = 35  #: what fits into the widget; more gets a warning
#: Columns of a terminal: a letter has one, an ideograph two. 120 ideographs are as wide as a text may be.
MAX_COLUMNS: Final = 2 * MAX_CHARACTERS
ADVISED_COLUMNS: Final = 2 * ADVISED_GRAPHEMES
MAX_MARKS: Final = 4  #: nonspacing marks in a row; living scripts need up to 4
MAX_SPACES: Final = 8  #: white space in a row
MAX_ODD_SPACES: Final = 2  #: the same, of any kind but the plain space
#: Marks of all kinds in one grapheme cluster: Burmese and conjuncts of Sanskrit need up to 7.
MAX_CLUSTER_MARKS: Final = 8

#: Characters that show nothing, although Unicode does not call them ignorable or white space: BRAILLE PATTERN BLANK, OBJECT
#: REPLACEMENT CHARACTER, MUSICAL SYMBOL NULL NOTEHEAD, EGYPTIAN HIEROGLYPH FULL BLANK and HALF BLANK. Source: the code
#: charts, where their boxes are empty or dashed (The Unicode Standard, chapters 11.4, 21.1, 21.2 and 23.8).
BLANK: Final = "\u2800\ufffc\U0001d159\U00013441\U00013442"
#: The same without a width: KHITAN SMALL SCRIPT FILLER (chapter 18.12), which only arranges its neighbours.
FILLER: Final = "\U00016fe4"
#: The tags after U+1F3F4 in every RGI flag of a region: England, Scotland, Wales (UTS 51, emoji-sequences.txt).
FLAGS: Final = ("gbeng", "gbsct", "gbwls")
#: Characters that are much wider than one or two columns, with their width in columns: Arabic phrases in one symbol, such as
#: U+FDFD, cuneiform, and the two longest dashes (code charts FB50, 12000, 2E00).
WIDE: Final = (
    (r"(?V1)[\p{Block=Arabic_Presentation_Forms_A}&&\p{So}]", 20),
    (r"\p{Cuneiform}", 8),
    (r"\u2e3a", 4),
    (r"\u2e3b", 6),
)

#: Scripts in which a joiner changes the shape of letters; in all others it only hides something.
_JOINING = (
    r"[\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}"
    r"\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Balinese}\p{Javanese}]"
)
_IGNORABLE = r"\p{Default_Ignorable_Code_Point}"
_TAGS = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in flag) for flag in FLAGS)
#: Ignorable code points in a sequence that needs them.
_NEEDED = regex.compile(
    rf"""
    (?<=[{_JOINING}&&\p{{L}}][\p{{M}}--{_IGNORABLE}]*)[\u200c\u200d](?=[{_JOINING}&&[\p{{L}}\p{{M}}]--{_IGNORABLE}])
    | (?<=[\p{{Extended_Pictographic}}\p{{Emoji_Modifier}}]\ufe0f?)\u200d(?=\p{{Extended_Pictographic}})  # joined emoji
    | (?<=[\p{{Emoji}}&&\p{{Extended_Pictographic}}--\p{{Emoji_Presentation}}])\ufe0f               # style of an emoji
    | (?<=[\p{{Emoji}}&&\p{{Extended_Pictographic}}])\ufe0e                                         # style of a text
    | (?<=[0-9#*])\ufe0f(?=\u20e3)                                                                  # a keycap
    | (?<=\U0001f3f4)(?:{_TAGS})\U000e007f                                                          # a region's flag
    """,
    regex.VERBOSE | regex.VERSION1,
)
_UNSEEN = regex.compile(
    rf"""
    {_IGNORABLE}|{FILLER}
    | (?<!\p{{L}}\p{{M}}*)\p{{InSC=Invisible_Stacker}} | \p{{InSC=Invisible_Stacker}}(?!\p{{L}})  # stacks nothing
    | (?<!\p{{N}})\p{{InSC=Number_Joiner}} | \p{{InSC=Number_Joiner}}(?!\p{{N}})                  # joins nothing
    """,
    regex.VERBOSE | regex.VERSION1,
)
#: What deceives, or cannot be known. The first that matches gives the reason.
_HOSTILE: Final = (
    (regex.compile(r"[\r\n\v\f\u0085\p{Zl}\p{Zp}]"), "a line break"),
    (regex.compile(r"\p{Cc}"), "a control character"),
    (
        regex.compile(r"[\p{bc=LRE}\p{bc=RLE}\p{bc=LRO}\p{bc=RLO}\p{bc=PDF}\p{bc=LRI}\p{bc=RLI}\p{bc=FSI}\p{bc=PDI}]"),
        "a character that changes the writing direction",
    ),
    (regex.compile(r"\p{Co}"), "a private-use character"),
    (regex.compile(r"\p{Cs}"), "half of a surrogate pair"),
    (regex.compile(r"\p{Cn}"), "an unassigned character"),
    (regex.compile(rf"(?V1)[\p{{Cf}}--{_IGNORABLE}]"), "a formatting character"),
)
_SPACES = regex.compile(r"\p{White_Space}+")
_BLANK_TO_SPACE = dict.fromkeys(map(ord, BLANK), " ")
_MARKS = regex.compile(
    r"[\p{M}\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=SpacingMark}"
    r"\p{Grapheme_Cluster_Break=V}\p{Grapheme_Cluster_Break=T}]+"
)
_NONSPACING = regex.compile(r"[\p{Mn}\p{Me}]")
_OF_ANY_SCRIPT = regex.compile(r"[\p{Inherited}\p{Common}]")
_GRAPHEME = regex.compile(r"\X")
_VISIBLE = regex.compile(r"[\p{L}\p{N}\p{P}\p{S}]")
_COLUMNS: Final = tuple(
    (regex.compile(pattern), columns)
    for pattern, columns in (
        (r"[\P{M}]", 1),
        (r"[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]", 1),
        *((pattern, columns - 1) for pattern, columns in WIDE),
    )
)
_PLAIN = regex.compile(r"[!-~]+(?: [!-~]+)*")


@dataclass(frozen=True)
class CleanText:
    """The text to show, what was removed from it, and whether it may be too long; or why it cannot be shown at all."""

    text: str = ""
    changed: tuple[str, ...] = ()
    too_long: str | None = None
    refused: str | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What its author should know."""
        return (*self.changed, self.too_long) if self.too_long else self.changed


def clean_text(value: Any) -> CleanText:
    """Judge a text for attendees, after removing what they could not see.

    1. It is a str, and not longer than any text that could fit.
    2. It is composed (NFC), so that equal texts are judged alike.
    3. What deceives is refused: line breaks, controls, embedded directions, private use, unassigned, unknown formats.
    4. Invisible characters are removed with a warning: every ignorable code point outside a sequence that needs it.
       Blank characters become spaces.
    5. White space is removed at both ends. A run of it that could push the rest out of sight becomes one space, with a
       warning: more than 8 characters, or more than 2 that are not plain spaces.
    6. There is no pile of marks, and no mark without a letter before it.
    7. It has at most 120 characters and 240 columns, and at least one visible character.

    A cleaned text stays clean: judged again, it comes back unchanged and without a warning of step 4 or 5.
    """
    # 1. type and size
    if not isinstance(value, str):
        return CleanText(refused=f"the text is a {type(value).__name__}, not a str")
    if len(value) > 4 * MAX_CHARACTERS:
        return CleanText(refused=f"the text has more than {MAX_CHARACTERS} characters")
    if len(value) <= MAX_CHARACTERS and _PLAIN.fullmatch(value):
        # Most texts: ASCII words with single spaces, which pass all the steps below.
        return CleanText(value, too_long=_too_long(len(value), len(value)))
    # 2. normal form
    composed = unicodedata.normalize("NFC", value)
    # 3. deceit
    for pattern, what in _HOSTILE:
        found = pattern.search(composed)
        if found:
            return CleanText(refused=f"the text has {what} ({code_points(found[0])})")
    # 4. unseen
    blank = "".join(character for character in composed if character in BLANK)
    text, removed = _without_unseen(composed.translate(_BLANK_TO_SPACE))
    # 5. white space
    text, shortened = _with_short_spaces(text)
    # 6. and 7. marks, size, visible
    refused = _pile_of_marks(text) or _size_fault(text)
    if refused:
        return CleanText(refused=refused)
    changes = (
        removed and f"invisible characters are removed from the text ({code_points(removed)})",
        blank and f"blank characters in the text become spaces ({code_points(blank)})",
        shortened and f"a long run of white space in the text becomes one space ({code_points(shortened)})",
    )
    too_long = _too_long(graphemes(text), _columns(text))
    return CleanText(text, tuple(change for change in changes if change), too_long)


def shown_text(value: Any) -> str:
    """Check a text that attendees may see, for a field of a form; "" is accepted. Raises ValueError with the reason."""
    if value == "":
        return ""
    cleaned = clean_text(value)
    if cleaned.refused:
        raise ValueError(f"cannot be shown: {cleaned.refused}")
    return cleaned.text


def graphemes(text: str) -> int:
    """How many characters a reader counts."""
    return len(_GRAPHEME.findall(text))


def code_points(text: str) -> str:
    """Name each different character of a text, at most eight."""
    found = [f"U+{ord(character):04X}" for character in dict.fromkeys(text)]
    return " ".join(found[:8]) + (" …" if len(found) > 8 else "")  # the sentence above


def _without_unseen(text: str) -> tuple[str, str]:
    """Return the text without invisible characters, and these.

    This is repeated, because a joiner may have been needed only next to a removed character, or two letters may now compose.
    """
    removed: list[str] = []
    while True:
        needed = {at for match in _NEEDED.finditer(text) for at in range(*match.span())}
        unseen = {at for match in _UNSEEN.finditer(text) for at in range(*match.span())} - needed
        if not unseen:
            return text, "".join(removed)
        removed += [text[at] for at in sorted(unseen)]
        rest = "".join(character for at, character in enumerate(text) if at not in unseen)
        text = unicodedata.normalize("NFC", rest)


def _with_short_spaces(text: str) -> tuple[str, str]:
    """Return the text without outer white space and long runs of it, and the characters of these runs."""
    replaced: list[str] = []

    def short(match: regex.Match[str]) -> str:
        run = str(match[0])
        if match.start() == 0 or match.end() == len(text):
            return ""
        if len(run) <= MAX_SPACES and len(run) - run.count(" ") <= MAX_ODD_SPACES:
            return run
        replaced.extend(run)
        return " "

    return _SPACES.sub(short, text), "".join(replaced)


def _pile_of_marks(text: str) -> str | None:
    bare = _NEEDED.sub("", text)
    first = regex.match(r"\p{M}", bare)
    if first:
        return f"the text has a combining mark without a letter before it ({code_points(first[0])})"
    for cluster in _GRAPHEME.findall(bare):
        runs = _MARKS.findall(cluster)
        if sum(map(len, runs)) > MAX_CLUSTER_MARKS or any(map(_piles, runs)):
            return f"the text has more than {MAX_MARKS} combining marks in a row ({code_points(cluster)})"
    return None


def _piles(run: str) -> bool:
    """Say whether there are more marks in a row than any script needs. Marks of a single script may be more."""
    allowed = MAX_MARKS if _OF_ANY_SCRIPT.search(run) else MAX_CLUSTER_MARKS
    return len(run) > allowed or len(_NONSPACING.findall(run)) > MAX_MARKS


def _size_fault(text: str) -> str | None:
    if len(text) > MAX_CHARACTERS:
        return f"the text has {len(text)} characters, more than {MAX_CHARACTERS}"
    columns = _columns(text)
    if columns > MAX_COLUMNS:
        return f"the text is {columns} columns wide, more than {MAX_COLUMNS}"
    if not _VISIBLE.search(text):
        return "the text is empty or has no visible character"
    return None


def _columns(text: str) -> int:
    """Estimate the width. A ligature is as wide as its letters (NFKC): U+FDFA is a whole sentence."""
    spelt_out = unicodedata.normalize("NFKC", _NEEDED.sub("", text))
    return sum(columns * len(pattern.findall(spelt_out)) for pattern, columns in _COLUMNS)


def _too_long(graphemes: int, columns: int) -> str | None:
    if graphemes > ADVISED_GRAPHEMES:
        return f"the text has {graphemes} characters; more than {ADVISED_GRAPHEMES} may not fit"
    if columns > ADVISED_COLUMNS:
        return f"the text is {columns} columns wide; more than {ADVISED_COLUMNS} may not fit"
    return None
