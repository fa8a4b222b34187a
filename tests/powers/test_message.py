# ruff: noqa: RUF001 - look-alikes and foreign scripts are what this file is about
"""The message contract: what an attendee may be shown."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from runner.message import Message, color_fault_of, judge, link_fault_of, review
from sandbox import Literal, Severity

HOSTS = frozenset({"cme.example.org", "xn--bcher-kva.example"})


def text_of(text):
    return judge({"text": text, "link": None, "color": None}, HOSTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing to see"),
        ("   ", "nothing to see"),
        ("\u00a0\u2003\u3000", "nothing to see"),
        ("Claim\nnow", "line break"),
        ("Claim\u2028now", "line break"),
        ("Claim\x00", "control"),
        ("Claim\x1b[31m", "control"),
        ("Claim\x85", "line break"),
        ("Claim\x9b", "control"),
        ("abc\u202egnp.exe", "direction"),
        ("abc\u2067def", "direction"),
        ("abc\u200fdef", "direction"),
        ("abc\u061cdef", "direction"),
        ("pay\u200bpal", "invisible"),
        ("\ufeffClaim", "invisible"),
        ("Cl\u00adaim", "invisible"),
        ("Cl\u2060aim", "invisible"),
        ("Claim\u034f", "invisible"),
        ("\u3164\u3164", "invisible"),
        ("\u115f\u1160", "invisible"),
        ("\uffa0", "invisible"),
        ("\u2800\u2800", "invisible"),
        ("Claim \u2800", "invisible"),
        ("\ufffc", "invisible"),
        ("Claim\ue000", "private-use"),
        ("Claim\U000f0000", "private-use"),
        ("Claim\ufdd0", "unassigned"),
        ("Claim\U000e0001\U000e0041", "tag"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "tag"),
        ("Claim\ud800", "surrogate"),
        ("pay\u200dpal", "joiner"),
        ("pay\u200cpal", "joiner"),
        ("\u200d", "joiner"),
        ("می\u200c\u200cخواهم", "joiner"),
        ("می\u200c", "joiner"),
        ("\u200cمی", "joiner"),
        ("می\u200c خ", "joiner"),
        ("👩\u200d\u200d⚕️", "joiner"),
        ("👩\u200d", "joiner"),
        ("👩\u200dx", "joiner"),
        ("a\ufe0f", "selector"),
        ("1\ufe0f", "selector"),
        ("❤\ufe0f\ufe0f", "selector"),
        ("葛\U000e0100", "selector"),
        ("Z\u0335\u0321\u034d\u0317\u0323\u0300", "combining marks"),
        ("ก" + "\u0e49" * 5, "combining marks"),
        ("\u0301Claim", "mark without"),
        ("x" * 121, "121 characters"),
        ("x" * 100_000, "more than 120"),
        ("\ufdfa" * 121, "121 characters"),
    ],
)
def test_a_text_which_deceives_or_does_not_fit_is_refused_with_its_reason(text, reason):
    verdict = text_of(text)
    assert verdict.message is None
    assert reason in verdict.refused


@pytest.mark.parametrize(
    "text",
    [
        "Claim 1.0 CE credit",
        "Réclamer 1,0 crédit",
        "Reclame agora — é rápido",
        "« Réserver\u202f»",
        "受講証明を申請する",
        "القراءة متاحة الآن",
        "أُسْتَاذٌ",
        "می\u200cخواهم",
        "क्\u200dष",
        "ශ්\u200dරී",
        "লক্\u200cষ",
        "ลงทะเบียนที่นี่",
        "שָׁלוֹם",
        "Đăng ký ngay",
        "e\u0301clair",
        "❤️ Claim",
        "❤︎",
        "1️⃣ Claim",
        "#️⃣",
        "👩\u200d⚕️ Rounds",
        "👩🏽\u200d🚀",
        "👨\u200d👩\u200d👧\u200d👦",
        "🏳️\u200d🌈",
        "❤️\u200d🔥",
        "🇩🇪 Berlin",
        "© 2026™",
        "<b>& \"quotes\" 'here'</b>",
        "{{ 7 * 7 }}",
        "x" * 120,
    ],
)
def test_a_text_as_people_write_it_is_kept(text):
    verdict = text_of(text)
    assert verdict.refused is None
    assert verdict.message.text == unicodedata.normalize("NFC", text)


def test_the_text_is_composed_and_stripped():
    assert text_of("  e\u0301t\u00e9 ").message == Message("\u00e9t\u00e9")


def test_35_graphemes_fit_and_36_are_a_warning():
    family = "👨\u200d👩\u200d👧\u200d👦"
    assert text_of("x" * 35).warnings == ()
    assert text_of(family + "x" * 34).warnings == ()
    assert "36 characters" in text_of("x" * 36).warnings[0]


def test_hidden_is_no_message_and_no_fault():
    verdict = judge(None, HOSTS)
    assert (verdict.message, verdict.warnings, verdict.refused) == (None, (), None)


@pytest.mark.parametrize("value", [5, "text", [], {}, {"text": 5}, {"text": None}, {"text": ["x"]}, {"text": b"x"}])
def test_a_value_of_a_wrong_type_is_refused(value):
    verdict = judge(value, HOSTS)
    assert verdict.message is None
    assert verdict.refused


def test_a_link_or_colour_of_a_wrong_type_is_left_away_with_a_warning():
    verdict = judge({"text": "Claim", "link": {"href": 1}, "color": 0xFFFFFF}, HOSTS)
    assert verdict.message == Message("Claim")
    assert len(verdict.warnings) == 2


# -- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("http://cme.example.org/", "https://"),
        ("HTTPS://cme.example.org/", "https://"),
        ("javascript:alert(1)", "https://"),
        ("data:text/html,x", "https://"),
        ("//cme.example.org/", "https://"),
        ("https:/cme.example.org/", "https://"),
        ("https:cme.example.org", "https://"),
        (" https://cme.example.org/", "character"),
        ("https://cme.example.org/a b", "character"),
        ("https://cme.example.org/\x00", "character"),
        ("https://cme.example.org/\n", "character"),
        ("https://cme.example.org\t/", "character"),
        ("https://cme.example.org\\@evil.example/", "character"),
        ("https://evil.example\\.cme.example.org/", "character"),
        ('https://cme.example.org/"><script>', "character"),
        ("https://cme.example.org/é", "character"),
        ("https://cme。example.org/", "character"),
        ("https://ⅽme.example.org/", "character"),
        ("https://cme.example.org@evil.example/", "user"),
        ("https://user:pw@cme.example.org/", "user"),
        ("https://@cme.example.org/", "user"),
        ("https://cme.example.org:8443/", "port"),
        ("https://cme.example.org:/", "port"),
        ("https://cme.example.org:443:443/", "port"),
        ("https://cme.example.org:0443/", "port"),
        ("https://[::1]/", "plain host name"),
        ("https:///cme.example.org/", "plain host name"),
        ("https://", "plain host name"),
        ("https://cme.example.org./", "plain host name"),
        ("https://.cme.example.org/", "plain host name"),
        ("https://cme%2eexample.org/", "plain host name"),
        ("https://evil.example/", "not on the list"),
        ("https://evil.example/cme.example.org", "not on the list"),
        ("https://evil.example?cme.example.org", "not on the list"),
        ("https://evil.example#cme.example.org", "not on the list"),
        ("https://cme.example.org.evil.example/", "not on the list"),
        ("https://sub.cme.example.org/", "not on the list"),
        ("https://xcme.example.org/", "not on the list"),
        ("https://127.0.0.1/", "not on the list"),
        ("https://cme.example.org/" + "x" * 2048, "2048"),
        ("", "https://"),
    ],
)
def test_a_link_which_leads_elsewhere_is_left_away_and_the_warning_says_why(link, reason):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS)
    assert verdict.message == Message("Claim")
    assert reason in verdict.warnings[0]


@pytest.mark.parametrize(
    "link",
    [
        "https://cme.example.org",
        "https://cme.example.org/",
        "https://cme.example.org:443/claim",
        "https://CME.Example.org/claim",
        "https://cme.example.org?x=1",
        "https://cme.example.org#top",
        "https://cme.example.org/a@b:c?d=e@f#g",
        "https://xn--bcher-kva.example/",
        "https://cme.example.org/" + "x" * 2024,
    ],
)
def test_a_link_to_a_listed_host_is_kept_as_it_is(link):
    assert link_fault_of(link, HOSTS) is None
    assert judge({"text": "Claim", "link": link, "color": None}, HOSTS).message.link == link


# -- colours ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "color", ["#fff", "red", "006109", "#00610", "#0061099", "#00610g", "#006109;", "#00６109", ""]
)
def test_a_colour_that_is_not_six_hex_digits_is_left_away(color):
    assert "#rrggbb" in color_fault_of(color)


def test_the_contrast_is_the_one_of_wcag():
    assert "4.48" in color_fault_of("#777777")
    assert color_fault_of("#767676") is None  # 4.54
    assert "1.00" in color_fault_of("#FFFFFF")
    assert color_fault_of("#000000") is None
    assert color_fault_of("#ff0000") is not None  # 4.00


def test_a_colour_is_given_in_lower_case():
    assert judge({"text": "Claim", "link": None, "color": "#00610A"}, HOSTS).message.color == "#00610a"


# -- for everything -----------------------------------------------------------------------------------------------

nasty = st.text(st.characters() | st.sampled_from("\u200c\u200d\ufe0f\u20e31#👩🏽❤कمर्\u0301 \u202e"), max_size=140)
links = st.text(max_size=60) | st.from_regex(
    r"https://[a-z.@:\\/?#%\[\]]{0,30}cme\.example\.org[a-z.@:\\/?#]{0,20}", fullmatch=True
)


@given(nasty, st.none() | links, st.none() | st.text("#0123456789abcdefABCDEF", max_size=8))
def test_whatever_is_judged_satisfies_the_contract_and_is_judged_the_same_again(text, link, color):
    verdict = judge({"text": text, "link": link, "color": color}, HOSTS)
    message = verdict.message
    if message is None:
        assert verdict.refused
        return
    assert 1 <= len(message.text) <= 120
    assert not regex.search(r"[\p{Cc}\p{Co}\p{Cs}\p{Cn}\p{Bidi_Control}\u200b\u2060\ufeff\n]", message.text)
    assert not regex.search(r"[\u200c\u200d]{2}|^[\u200c\u200d]|[\u200c\u200d]$", message.text)
    if message.link is not None:
        assert regex.fullmatch(
            r"(?i)https://(cme\.example\.org|xn--bcher-kva\.example)(:443)?([/?#][\x21-\x7e]*)?", message.link
        )
    assert message.color is None or regex.fullmatch("#[0-9a-f]{6}", message.color)
    again = judge({"text": message.text, "link": message.link, "color": message.color}, HOSTS)
    assert again.message == message
    assert all("left away" not in warning for warning in again.warnings)


# -- at review ----------------------------------------------------------------------------------------------------


def test_the_review_names_line_and_column_and_what_to_write_instead():
    findings = review(
        [
            Literal(3, 12, "Claim 1.0 CE credit", "https://cme.example.org/", "#006109"),
            Literal(5, 12, "Claim your continuing education credits", "http://cme.example.org/", "#ffcc00"),
            Literal(7, 12, "Cl\u200baim", None, None),
            Literal(9, 12, None, None, None),
        ],
        HOSTS,
    )
    assert [(f.rule, f.line, f.column, f.severity) for f in findings] == [
        ("message-length", 5, 12, Severity.WARNING),
        ("message-link", 5, 12, Severity.WARNING),
        ("message-color", 5, 12, Severity.WARNING),
        ("message-text", 7, 12, Severity.ERROR),
    ]
    assert all(finding.what and finding.why and finding.instead for finding in findings)


# -- development: the demo's vendor is a plain http server on this machine --------------------------------------------

THIS_MACHINE = ["http://127.0.0.1:8001/claim/1?back=%2F", "http://localhost:8001/claim", "http://127.0.0.1"]
NOT_THIS_MACHINE = [
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.1@evil.example/",
    "http://127.0.0.1:8001@evil.example/",
    "http://127.0.0.1\\@evil.example/",
    "http://localhost.evil.example/",
    "http://[::1]/",
    "http://127.1/",
    "http://evil.example/",
    "HTTP://127.0.0.1/",
    "javascript:alert(1)//http://127.0.0.1/",
    " http://127.0.0.1/",
    "http://127.0.0.1/" + "a" * 2048,
]


@pytest.mark.parametrize("link", THIS_MACHINE)
def test_in_development_a_link_to_this_machine_counts_and_warns(link):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS, allow_loopback=True)
    assert verdict.message.link == link
    assert verdict.warnings == ("the link leads to this machine: it counts in development only",)


@pytest.mark.parametrize("link", THIS_MACHINE)
def test_elsewhere_a_link_to_this_machine_is_left_away(link):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS)
    assert verdict.message.link is None
    assert "left away" in verdict.warnings[0]


@pytest.mark.parametrize("link", NOT_THIS_MACHINE)
def test_in_development_a_link_which_only_looks_like_this_machine_is_left_away(link):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS, allow_loopback=True)
    assert verdict.message.link is None
    assert "left away" in verdict.warnings[0]


# -- in development -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["http://127.0.0.1:5001/claim?x=1", "http://localhost/", "http://localhost:80"])
def test_a_link_to_this_machine_counts_in_development_only_and_says_so(link):
    value = {"text": "Claim", "link": link, "color": None}
    verdict = judge(value, HOSTS, allow_loopback=True)
    assert verdict.message.link == link
    assert "development only" in verdict.warnings[0]
    assert judge(value, HOSTS).message.link is None


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1@evil.example/",
        "http://127.0.0.1:80@evil.example/",
        "http://localhost.evil.example/",
        "http://localhost:x@evil.example/",
        "http://localhost\\@evil.example/",
        "http://evil.example/",
        "http://10.0.0.1/",
        "javascript:alert(1)//http://localhost/",
        "https://localhost/",
        5,
    ],
)
def test_development_lets_no_other_link_through(link):
    assert judge({"text": "Claim", "link": link, "color": None}, HOSTS, allow_loopback=True).message.link is None
