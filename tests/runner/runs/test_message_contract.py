# ruff: noqa: RUF001 - look-alikes and foreign scripts are what this file is about
"""The message contract: what an attendee may be shown."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from runner.runs.message_contract import Message, color_fault_of, judge, link_fault_of, review_literals
from sandbox import MessageLiteral, Severity

HOSTS = frozenset({"cme.example.org", "xn--bcher-kva.example"})


def text_of(text):
    return judge({"text": text, "link": None, "color": None}, HOSTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no visible character"),
        ("   ", "no visible character"),
        ("\u00a0\u2003\u3000", "no visible character"),
        (" " * 100, "no visible character"),
        ("\u3164\u3164", "no visible character"),
        ("\u115f\u1160", "no visible character"),
        ("\uffa0", "no visible character"),
        ("\u2800\u2800", "no visible character"),
        ("\ufffc", "no visible character"),
        ("\u200d", "no visible character"),
        ("\u200e\u200f", "no visible character"),
        ("\U0001d159", "no visible character"),
        ("\U00013441\U00013442", "no visible character"),
        ("\U00016fe4", "no visible character"),
        ("\u1039", "no visible character"),
        ("Claim\nnow", "line break"),
        ("Claim\u2028now", "line break"),
        ("Claim\x00", "control"),
        ("Claim\x1b[31m", "control"),
        ("Claim\x85", "line break"),
        ("Claim\x9b", "control"),
        ("abc\u202egnp.exe", "direction"),
        ("abc\u2067def", "direction"),
        ("Claim\ue000", "private-use"),
        ("Claim\U000f0000", "private-use"),
        ("Claim\ufdd0", "unassigned"),
        ("Claim\ud800", "surrogate"),
        ("Z\u0335\u0321\u034d\u0317\u0323\u0300", "combining marks"),
        ("ก" + "\u0e49" * 5, "combining marks"),
        ("a" + "\u0301\u0903" * 3, "combining marks"),
        ("a" + "\u0903" * 9, "combining marks"),
        ("a" + ("\u0301" * 4 + "\u0903") * 4, "combining marks"),
        ("a" + ("\u0301" * 4 + "\u200d") * 4, "combining marks"),
        ("a" + ("\u0301" * 4 + "\u00ad") * 4, "combining marks"),
        ("a" + "\U0001f3fb" * 5, "combining marks"),
        ("ᄀ" + "ᅡ" * 12, "combining marks"),
        ("క" + "్క" * 9, "combining marks"),
        ("\u0301Claim", "mark without"),
        ("\u00ad\u0301Claim", "mark without"),
        ("Claim\ufff9now", "formatting"),
        ("Claim\U00013430", "formatting"),
        ("x" * 121, "121 characters"),
        ("x" * 100_000, "more than 120"),
        ("\ufdfa" * 121, "121 characters"),
        ("\ufdfd" * 120, "columns wide"),
        ("\ufdfa" * 120, "columns wide"),
        ("\u2e3b" * 60, "columns wide"),
        ("\U0001242b" * 40, "columns wide"),
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
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "👩🏽\u200d❤️\u200d💋\u200d👨🏻",
        "လျှော့",
        "कार्त्स्न्य",
        "ᄒᆞᆫ",
        "12\u202f500\u00a0€",
        "京都\u3000大学",
        "\ufdfd",
        "受" * 120,
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


@pytest.mark.parametrize(
    ("text", "shown", "told"),
    [
        ("Cl\u00adaim", "Claim", "U+00AD"),
        ("\u200eClaim\u200f", "Claim", "U+200E U+200F"),
        ("abc\u061cdef", "abcdef", "U+061C"),
        ("pay\u200bpal", "paypal", "U+200B"),
        ("\ufeffClaim", "Claim", "U+FEFF"),
        ("Cl\u2060aim", "Claim", "U+2060"),
        ("Claim\u034f", "Claim", "U+034F"),
        ("a\u3164b", "ab", "U+3164"),
        ("a\u17b4", "a", "U+17B4"),
        ("a\U0001d173b", "ab", "U+1D173"),
        ("Claim\U000e0001\U000e0041", "Claim", "U+E0001 U+E0041"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴", "U+E0067 U+E0062 U+E007F"),
        ("🏴\U000e0075\U000e0073\U000e0063\U000e0061\U000e007f", "🏴", "U+E0075"),
        ("pay\u200dpal", "paypal", "U+200D"),
        ("pay\u200cpal", "paypal", "U+200C"),
        ("می\u200c\u200cخواهم", "میخواهم", "U+200C"),
        ("می\u200c", "می", "U+200C"),
        ("\u200cمی", "می", "U+200C"),
        ("می\u200c خ", "می خ", "U+200C"),
        ("👩\u200d\u200d⚕️", "👩⚕️", "U+200D"),
        ("👩\u200d", "👩", "U+200D"),
        ("👩\u200dx", "👩x", "U+200D"),
        ("a\ufe0f", "a", "U+FE0F"),
        ("1\ufe0f", "1", "U+FE0F"),
        ("👍\ufe0f", "👍", "U+FE0F"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f", "U+FE0F"),
        ("葛\U000e0100", "葛", "U+E0100"),
        ("क्\u00ad\u200dष", "क्ष", "U+00AD U+200D"),
        ("e\u034f\u0301", "é", "U+034F"),
        ("Claim\U00016fe4 now", "Claim now", "U+16FE4"),
        ("a\u1039", "a", "U+1039"),
        ("Claim \u2800", "Claim", "U+2800"),
        ("Claim\u2800now", "Claim now", "U+2800"),
        ("Photo\ufffcsession", "Photo session", "U+FFFC"),
        ("Done" + "\u3000" * 50 + "not really", "Done not really", "U+3000"),
        ("Done" + "\u00a0" * 3 + "x", "Done x", "U+00A0"),
    ],
)
def test_what_nobody_sees_is_removed_with_a_warning_and_the_rest_is_kept(text, shown, told):
    verdict = text_of(text)
    assert verdict.message == Message(shown)
    assert told in verdict.warnings[0]
    assert text_of(shown).warnings == ()
    (finding,) = review_literals([MessageLiteral(1, 1, text, None, None)], HOSTS)
    assert (finding.rule, finding.severity) == ("message-text", Severity.WARNING)


@pytest.mark.parametrize("gap", [" " * 100, " " * 9, "\u3000" * 3, "\u00a0 \u00a0 \u00a0", " \u2003" * 4])
def test_white_space_pushes_nothing_out_of_sight(gap):
    verdict = text_of(f"Done{gap}not really")
    assert verdict.message.text == "Done not really"
    assert "white space" in verdict.warnings[0]


@pytest.mark.parametrize("text", ["a        b", "a\u00a0\u00a0b", "京都\u3000 大学"])
def test_some_spaces_stay_as_their_author_wrote_them(text):
    assert text_of(f"  {text}\u00a0\u3000").message.text == text
    assert text_of(text).warnings == ()


def test_a_text_that_is_wide_with_few_characters_is_a_warning():
    assert "100 columns" in text_of("\ufdfd" * 5).warnings[0]
    assert "columns" in text_of("👩" + "\u200d👩" * 40).warnings[0]


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
        ("https://0x7f.1/", "plain host name"),
        ("https://2130706433/", "plain host name"),
        ("https://xn--strae-oqa.example/", "not on the list"),
        ("https://xcme.example.org/", "not on the list"),
        ("https://127.0.0.1/", "plain host name"),
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


@pytest.mark.parametrize(
    "host", ["0x7f.1", "2130706433", "0x7f000001", "127.1", "xn--a", "a_b.example", "ab--c.example"]
)
def test_a_host_that_a_browser_reads_otherwise_is_left_away_even_if_it_is_listed(host):
    assert link_fault_of(f"https://{host}/", {host})


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
    assert all("dropped" not in warning for warning in again.warnings)


# -- at review ----------------------------------------------------------------------------------------------------


def test_the_review_names_line_and_column_and_what_to_write_instead():
    findings = review_literals(
        [
            MessageLiteral(3, 12, "Claim 1.0 CE credit", "https://cme.example.org/", "#006109"),
            MessageLiteral(5, 12, "Claim your continuing education credits", "http://cme.example.org/", "#ffcc00"),
            MessageLiteral(7, 12, "Cl\u202eaim", None, None),
            MessageLiteral(9, 12, None, None, None),
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
    assert verdict.warnings == ("the link leads to this machine: it is allowed in development only",)


@pytest.mark.parametrize("link", THIS_MACHINE)
def test_elsewhere_a_link_to_this_machine_is_left_away(link):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS)
    assert verdict.message.link is None
    assert "dropped" in verdict.warnings[0]


@pytest.mark.parametrize("link", NOT_THIS_MACHINE)
def test_in_development_a_link_which_only_looks_like_this_machine_is_left_away(link):
    verdict = judge({"text": "Claim", "link": link, "color": None}, HOSTS, allow_loopback=True)
    assert verdict.message.link is None
    assert "dropped" in verdict.warnings[0]


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
