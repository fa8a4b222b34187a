"""What a mail looks like, and what people's names cannot make of it."""

import dataclasses
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.notices.mail_content import MailContent, NoticeWords
from records.notices.plain_line import one_line
from runner.mail.mail_message import LONGEST_SUBJECT, MailLinks, as_bytes, mail_of
from runner.mail.mail_server import MailServer
from runner.mail.unsubscribe_tokens import UnsubscribeTokens, Unsubscription

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SERVER = MailServer("localhost", 25, "none", "", "", "status@example.org", "Session status", 3, "status.example.org")
TOKENS = UnsubscribeTokens(["k" * 40])
LINKS = MailLinks("https://status.example.org", TOKENS)


def words(text="Ann handed in version 1 for review", implementation="Demo Congress", number=7):
    return NoticeWords(number, implementation, text, "It waits for a review.", "you review scripts", NOW)


def content(*notices, **changes):
    usual = MailContent(
        3, "m" * 16, "rita@example.org", "Rita", daily=False, message_id="ab", group="review", notices=()
    )
    return dataclasses.replace(usual, notices=notices or (words(),), **changes)


def parsed(given):
    """A mail as its reader gets it."""
    raw = as_bytes(mail_of(given, SERVER, LINKS, NOW))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return message_from_bytes(raw, policy=policy.default)


def body(mail, kind):
    return mail.get_body((kind,)).get_content()


def test_a_mail_has_both_bodies_and_the_headers_of_an_automatic_one():
    mail = parsed(content())
    assert mail["Subject"] == "Ann handed in version 1 for review (Demo Congress)"
    assert mail["Message-ID"] == "<ab@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<https://status\.example\.org/unsubscribe/(.+)>", mail["List-Unsubscribe"])
    assert TOKENS.read(link[1]) == Unsubscription(3, "review", "m" * 16)
    for kind in ("plain", "html"):
        shown = body(mail, kind)
        assert "https://status.example.org/console/notices/7" in shown
        assert link[1] in shown
    assert "src=" not in body(mail, "html")


def test_a_summary_lists_its_notices_and_says_how_many_more():
    mail = parsed(content(words("one"), words("two"), daily=True, group="", more=3))
    assert mail["Subject"] == "5 notices since yesterday"
    assert "3 more notices: https://status.example.org/console/notices" in body(mail, "plain")
    assert "one" in body(mail, "html")
    assert parsed(content(daily=True, group=""))["Subject"] == "1 notice since yesterday"


HEADERS = {
    *("From", "To", "Subject", "Date", "Auto-Submitted", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    *("MIME-Version", "Content-Type"),
}


@pytest.mark.parametrize(
    "attack",
    [
        "Ann\r\nBcc: all@example.org",
        "Ann\nSubject: other",
        "Ann\r\n\r\n<p>another body</p>",
        "Ann\u2028Bcc: all@example.org",
        "Ann\x0bBcc: x\x0cBcc: y\x85Bcc: z",
        "=?utf-8?q?Ann=0D=0ABcc:_all@example.org?=",
        '"Ann" <all@example.org>, <other@example.org>',
        "\0\x1b[31m",
        "\ud800",
    ],
)
def test_a_name_with_line_breaks_becomes_no_header_and_no_other_recipient(attack):
    mail = parsed(content(words(f"{attack} handed in version 1", attack), name=attack))
    assert set(mail.keys()) == HEADERS
    (to,) = mail["To"].addresses
    assert to.addr_spec == "rita@example.org"
    assert "\n" not in mail["Subject"]
    assert len(mail["From"].addresses) == 1


def test_a_name_that_turns_the_direction_of_text_turns_nothing_in_the_subject():
    mail = parsed(content(words("نور\u202e\u2067 handed in version 1", "\u202eevil"), name="\u202eX"))
    assert mail["Subject"] == "نور handed in version 1 (evil)"
    assert mail["To"].addresses[0].display_name == "X"
    assert "\u202e" not in body(mail, "plain")


def test_a_very_long_name_is_cut():
    mail = parsed(content(words("W" * 5000, "Donau" * 1000), name="N" * 5000))
    assert len(mail["Subject"]) <= 2 * LONGEST_SUBJECT
    assert len(mail["To"]) < 200


def test_markup_in_a_name_is_text_in_html():
    mail = parsed(content(words("<script>alert(1)</script><img src=x>", "<b>K</b>{{ 7*7 }}")))
    html = body(mail, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert "49" not in body(mail, "plain").split("http")[0]


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=300))
def test_whatever_names_there_are_the_mail_can_be_read_and_has_its_headers(text, implementation, name):
    mail = parsed(content(words(text or "x", implementation), name=name))
    assert set(mail.keys()) == HEADERS
    assert [one.addr_spec for one in mail["To"].addresses] == ["rita@example.org"]


@given(st.text(max_size=400), st.integers(2, 100))
def test_one_line_is_one_short_line(text, longest):
    line = one_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert one_line(line, longest) == line


@pytest.mark.parametrize("token", ["", "x", "x.y", "." * 300, "a" * 5000, "WzEsIiIsIm0iXQ.AAAA"])
def test_a_token_that_we_did_not_make_means_nothing(token):
    assert TOKENS.read(token) is None


def test_a_token_of_an_earlier_key_counts_and_one_that_was_changed_does_not():
    token = UnsubscribeTokens(["o" * 40]).make(Unsubscription(3, "", "m"))
    assert UnsubscribeTokens(["k" * 40, "o" * 40]).read(token) == Unsubscription(3, "", "m")
    assert TOKENS.read(token) is None
    mine = TOKENS.make(Unsubscription(3, "review", "m"))
    payload, signature = mine.split(".")
    other = TOKENS.make(Unsubscription(4, "review", "m")).split(".")[0]
    assert TOKENS.read(f"{other}.{signature}") is None
    assert TOKENS.read(f"{payload}.{signature[:-1]}") is None
