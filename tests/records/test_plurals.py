"""Numbers with their nouns: right for none, one and many; and nowhere is a plural made in another way."""

import re

import pytest

from records.plurals import counted, form, with_article
from tests.support import ROOT

#: How a plural is made by hand.
BY_HAND = re.compile(r"""\(s\)["' .]|["']s?["'] if [^%}\n]*(==|>|!=) ?1|["'](are|were)["'] if|\{% if [^%]* > 1 %\}s""")


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "session", "0 sessions"),
        (1, "session", "1 session"),
        (2, "session", "2 sessions"),
        (1, "audit entry", "1 audit entry"),
        (3, "audit entry", "3 audit entries"),
        (2, "new certificate", "2 new certificates"),
    ],
)
def test_a_number_with_its_noun(count, noun, said):
    assert counted(count, noun) == said


def test_what_stands_beside_a_number():
    assert [form(count, "is") for count in (0, 1, 2)] == ["are", "is", "are"]
    assert [form(count, word) for word, count in (("was", 2), ("it", 2), ("waits", 2), ("waits", 1))] == [
        *("were", "them", "wait", "waits"),
    ]


def test_the_article_of_a_noun():
    assert [with_article(noun) for noun in ("attribute", "user type", "username")] == [
        *("an attribute", "a user type", "a username"),
    ]


def test_no_page_and_no_command_makes_a_plural_by_hand():
    files = [path for room in ("records", "runner", "web") for path in (ROOT / room).rglob("*.*")]
    read = {path: path.read_text() for path in files if path.suffix in (".py", ".html")}
    assert [str(path.relative_to(ROOT)) for path, text in read.items() if BY_HAND.search(text)] == []
