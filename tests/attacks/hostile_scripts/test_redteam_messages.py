"""Hostile messages, links and colours against the message contract, and honest ones which must pass."""

from __future__ import annotations

import pytest

from runner.runs.message_contract import judge, review_literals
from sandbox import MessageLiteral, Severity

HOSTS = ("ok.example.org", "xn--bcher-kva.example")

REFUSED = {
    "only odd spaces": "\u00a0\u2003",
    "a hundred plain spaces": " " * 100,
    "note without a head": "\U0001d159",
    "blank hieroglyph": "\U00013441",
    "filler of a script": "\U00016fe4",
    "pile of marks with others between": "a" + ("\u0301" * 4 + "\u0903") * 10,
    "sentences as ligatures": "\ufdfd" * 120,
    "blank braille": "\u2800\u2800",
    "half-width blank hangul": "\uffa0",
    "interlinear notes": "a\ufff9b\ufffbc",
    "object replacement": "\ufffc",
    "hieroglyph control": "a\U00013430b",
    "number sign that hides": "\u06001",
    "isolates": "\u2067abc\u2069",
    "joiners split a pile of marks": "a" + ("\u0301" * 4 + "\u200d") * 4,
    "pile of enclosing marks": "a" + "\u20dd\u0489" * 3,
    "pile of tibetan letters": "\u0f40" + "\u0fb2" * 9,
    "mark on nothing": "\u0301a",
    "next line": "a\u0085b",
    "one byte escape": "a\x9b31mb",
    "backspace": "Pay 1\b9",
    "noncharacter": "a\ufdd0",
    "unassigned": "a\u0378",
    "apple logo": "\uf8ff",
    "half a pair": "a\ud83d",
    "longer after normalising": "\u0958" * 61,
    "megabytes": "x" * 5_000_000,
    "a number": 7,
    "a list": ["x"],
    "nothing": None,
    "no text at all": "",
}
#: Invisible characters in it are removed; the rest is shown.
CLEANED = {
    "plain spaces push the rest away": ("Done" + " " * 9 + "not really", "Done not really"),
    "odd spaces push the rest away": ("Done" + "\u3000" * 50 + "not really", "Done not really"),
    "no-break spaces push the rest away": ("Done" + "\u00a0" * 3 + "x", "Done x"),
    "blank hangul": ("a\u3164b", "ab"),
    "khmer vowel that is nothing": ("a\u17b4", "a"),
    "soft hyphen": ("pay\u00adpal", "paypal"),
    "grapheme joiner": ("a\u034fb", "ab"),
    "invisible times": ("a\u2062b", "ab"),
    "musical control": ("a\U0001d173b", "ab"),
    "shorthand control": ("a\U0001bca0b", "ab"),
    "arabic letter mark": ("a\u061cb", "ab"),
    "tag letters": ("x\U000e0068\U000e0069", "x"),
    "selector of ideographs": ("a\U000e0100", "a"),
    "emoji style on a letter": ("a\ufe0f", "a"),
    "emoji style on a digit": ("1\ufe0f", "1"),
    "emoji style twice": ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f"),
    "joiner at the end of an emoji": ("\U0001f600\u200d", "\U0001f600"),
    "joiner between emoji and letter": ("\U0001f600\u200da", "\U0001f600a"),
    "joiner twice": ("\u0915\u094d\u200d\u200d\u0937", "\u0915\u094d\u0937"),
}
PASSED = {
    "padded": ("  \u00a0Done\u3000 ", "Done"),
    "aligned": ("a        b", "a        b"),
    "french": ("12\u202f500\u00a0\u20ac !", "12\u202f500\u00a0\u20ac !"),
    "japanese space": ("\u4eac\u90fd\u3000\u5927\u5b66", "\u4eac\u90fd\u3000\u5927\u5b66"),
    "family": ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    "heart on fire": ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
    "keycap": ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
    "persian": ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    "decomposed": ("Vie\u0323\u0302t", "Vi\u1ec7t"),
    "hebrew beside latin": ("CE \u05e9\u05dc\u05d5\u05dd", "CE \u05e9\u05dc\u05d5\u05dd"),
    "markup is text": ("<b>&lt;</b>", "<b>&lt;</b>"),
}
LINKS_DROPPED = [
    "HTTPS://ok.example.org/",
    "https://ok.example.org./",
    "https://ok.example.org:/",
    "https://ok.example.org:0443/",
    "https://ok.example.org:4430/",
    "https://ok.example.org:\uff14\uff14\uff13/",
    "https://ok.example.org@evil.example/",
    "https://ok.example.org:443@evil.example/",
    "https://evil.example\\@ok.example.org/",
    "https://ok.example.org\\.evil.example/",
    "https://ok.example.org%2eevil.example/",
    "https://ok.example.org%00.evil.example/",
    "https://ok.example.org;.evil.example/",
    "https://ok.example.org&.evil.example/",
    "https://ok.example.org|.evil.example/",
    "https://ok.example.org.evil.example/",
    "https://evil-ok.example.org/",
    "https://example.org/",
    "https:ok.example.org/",
    "https:////ok.example.org/",
    "https://?ok.example.org/",
    "https://[::ffff:127.0.0.1]/",
    "https://0x7f.1/",
    "https://ok\u3002example\u3002org/",
    "https://b\u00fccher.example/",
    " https://ok.example.org/",
    "https://ok.example.org/\n",
    "https://ok.example.org\t/",
    'https://ok.example.org/"onload="x',
    "https://ok.example.org/<b>",
    "https://ok.example.org/" + "a" * 2_030,
    "//ok.example.org/",
    "http://localhost:8000/",
    "javascript://ok.example.org/%0aalert(1)",
    "data:text/html,https://ok.example.org/",
    "intent://ok.example.org/#Intent;scheme=https;end",
    ["https://ok.example.org/"],
    True,
]
LINKS_KEPT = [
    "https://OK.example.org:443/a?b=c#d",
    "https://ok.example.org?next=//evil.example",
    "https://xn--bcher-kva.example/",
]
COLORS_DROPPED = [
    "#fff",
    "#00610g",
    "#0061\uff109",
    "#006109\n",
    "#00610900",
    "#777777",
    "#006109;background:url(x)",
    "rgb(0,0,0)",
    "",
    0x006109,
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_text_is_refused_at_both_times(name):
    assert judge({"text": REFUSED[name], "link": None, "color": None}, HOSTS).refused
    if isinstance(REFUSED[name], str):
        (finding,) = review_literals([MessageLiteral(1, 1, REFUSED[name], None, None)], HOSTS)
        assert (finding.rule, finding.severity) == ("message-text", Severity.ERROR)


@pytest.mark.parametrize("name", CLEANED)
def test_what_hides_in_a_text_does_not_reach_the_attendee(name):
    given, shown = CLEANED[name]
    judged = judge({"text": given, "link": None, "color": None}, HOSTS)
    assert (judged.message.text, len(judged.warnings)) == (shown, 1)


@pytest.mark.parametrize("name", PASSED)
def test_an_honest_text_passes(name):
    given, shown = PASSED[name]
    assert judge({"text": given, "link": None, "color": None}, HOSTS).message.text == shown


@pytest.mark.parametrize("link", LINKS_DROPPED)
def test_a_hostile_link_is_left_away_and_the_text_stays(link):
    judged = judge({"text": "x", "link": link, "color": None}, HOSTS)
    assert (judged.message.text, judged.message.link, len(judged.warnings)) == ("x", None, 1)


@pytest.mark.parametrize("link", LINKS_KEPT)
def test_an_honest_link_is_kept(link):
    assert judge({"text": "x", "link": link, "color": None}, HOSTS).message.link == link


@pytest.mark.parametrize("color", COLORS_DROPPED)
def test_a_hostile_colour_is_left_away_and_the_text_stays(color):
    judged = judge({"text": "x", "link": None, "color": color}, HOSTS)
    assert (judged.message.text, judged.message.color, len(judged.warnings)) == ("x", None, 1)
