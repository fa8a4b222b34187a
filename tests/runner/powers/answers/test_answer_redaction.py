"""What a vendor answers is written without secrets, e-mail addresses and names; what the script needs stays the same."""

import json
import time

import pytest

from runner.powers.answers import answer_redaction
from runner.powers.answers.answer_redaction import AnswerRedaction


@pytest.fixture
def redaction():
    return AnswerRedaction(secrets=["correct horse battery"], kept=["Mei", "Example", "165", "mei@example.org"])


#: An answer, and what is written of it.
ANSWERS = {
    "an e-mail address": ({"contact": "ask olga@cme-vendor.com today"}, {"contact": "ask person-1@example.org today"}),
    "the same address twice": (
        ["a@b.com", "x a@b.com", "c@d.com"],
        ["person-1@example.org", "x person-1@example.org", "person-2@example.org"],
    ),
    "an address that is a key": ({"a@b.com": 1}, {"person-1@example.org": 1}),
    "an address of nobody": (
        {"mail": "x@example.com", "own": "mei@example.org"},
        {"mail": "x@example.com", "own": "mei@example.org"},
    ),
    "first and last name": (
        {"first_name": "Olga", "lastName": "Organizer"},
        {"first_name": "Name 1", "lastName": "Name 2"},
    ),
    "a name beside an address": (
        {"name": "Olga O.", "email": "a@b.com"},
        {"name": "Name 1", "email": "person-1@example.org"},
    ),
    "the name of a person": (
        {"attendees": [{"name": "Olga", "id": "7"}]},
        {"attendees": [{"name": "Name 1", "id": "7"}]},
    ),
    "the name of a session": ({"session": {"name": "Sepsis"}}, {"session": {"name": "Sepsis"}}),
    "the test person": (
        {"first_name": "Mei", "user": {"name": "EXAMPLE"}},
        {"first_name": "Mei", "user": {"name": "EXAMPLE"}},
    ),
    "a token": ({"access_token": "abc", "nextToken": "p2"}, {"access_token": "redacted-1", "nextToken": "redacted-2"}),
    "a number as a secret": ({"password": 1234, "ok": True}, {"password": 0, "ok": True}),
    "a phone number and an address": (
        {"phone": "+49 30 1", "addressLine1": "Street 1"},
        {"phone": "personal-1", "addressLine1": "personal-2"},
    ),
    "the secret of the connection": ({"echo": "CORRECT%20HORSE%20BATTERY"}, {"echo": "[redacted]"}),
    "a secret of a known form": ({"note": "key sk_live_4eC39HqLyjWDarjtT1zdp7dc!"}, {"note": "key redacted-1!"}),
    "a token in an address": (
        {"next": "https://a.example/p?page=2&access_token=abcdef123#x"},
        {"next": "https://a.example/p?page=2&access_token=redacted-1#x"},
    ),
    "a found value within a text": (
        {"token": "olga-page-2", "first_name": "Olga Maria", "next": "/p/olga-page-2", "hello": "Dear Olga Maria,"},
        {"token": "redacted-1", "first_name": "Name 1", "next": "/p/redacted-1", "hello": "Dear Name 1,"},
    ),
    "a short found value within a word": ({"last_name": "Li", "a": "Lisbon"}, {"last_name": "Name 1", "a": "Lisbon"}),
    "an address in an address": (
        {"next": "https://a.example/p?user=ann%40b.com&page=2", "email": "ann@b.com"},
        {"next": "https://a.example/p?user=person-1%40example.org&page=2", "email": "person-1@example.org"},
    ),
    "the test person in an address": ({"next": "/p?u=mei%40example.org"}, {"next": "/p?u=mei%40example.org"}),
    "a very long name before the @": ("a" * 66 + "@b.com", "aaperson-1@example.org"),
    **{
        f"an address with {at}": (f"mail ann{at}vendor.com or", "mail person-1@example.org or")
        for at in (
            "&#64;",
            "&#064;",
            "&#x40;",
            "&commat;",
            "&amp;#64;",
            "\\u0040",
            " (at) ",
            "[at]",
            " [AT] ",
            "{at}",
            "\uff20",
        )
    },
    "an address that is encoded twice": ("u=ann%2540vendor.com", "u=person-1%40example.org"),
    "an address that is written out": (
        "ann (at) vendor [dot] com, bo at vendor dot com",
        "person-1@example.org, person-2@example.org",
    ),
    "words about a place": ("meet at vendor hall. Look at this.", "meet at vendor hall. Look at this."),
    "the test person, written out": ("mei (at) example (dot) org", "mei (at) example (dot) org"),
    **{
        f"a field {key}": ({key: "078-05-1120x"}, {key: "personal-1"})
        for key in (
            "ssn",
            "userSSN",
            "ssn_last4",
            "tax_id",
            "TaxId",
            "taxpayer-id",
            "vat number",
            "passportNo",
            "iban",
            "nationalInsurance",
            "driversLicense",
            "gender",
        )
    },
    **{
        f"a field {key}": ({key: "x"}, {key: "x"})
        for key in ("session", "missing", "license", "accounts", "cards", "since")
    },
    "a social security number in a text": ("SSN 078-05-1120, 2026-05-04", "SSN personal-1, 2026-05-04"),
    "JSON Lines": (
        '{"first_name": "Olga"}\n{"ssn": 12}\n{"ok": 1}\n',
        '{"first_name": "Name 1"}\n{"ssn": 0}\n{"ok": 1}\n',
    ),
    "events of JSON": ('event: x\ndata: {"phone": "+49"}\n\n', 'event: x\ndata: {"phone": "personal-1"}\n\n'),
    "JSON of several lines": ({"body": '{\n "ssn": "7",\n "a": 1\n}'}, {"body": '{"ssn": "personal-1", "a": 1}'}),
    "JSON within JSON": ({"body": '{"last_name":"Li"}'}, {"body": '{"last_name": "Name 1"}'}),
    "JSON within JSON that is nothing to anybody": ({"body": '{"a":1}'}, {"body": '{"a":1}'}),
    "nothing": ({"list": [1, 2.5, None, "claimed", ""]}, {"list": [1, 2.5, None, "claimed", ""]}),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_is_written_without_what_is_personal_or_secret(redaction, what):
    given, written = ANSWERS[what]
    assert redaction.value(given) == written


def test_a_part_of_a_later_call_that_came_from_an_answer_has_its_stand_in(redaction):
    redaction.value({"paging": {"nextToken": "page-two-of-olga"}, "email": "a@b.com"})
    assert redaction.of_call("page-two-of-olga") == "redacted-1"
    assert redaction.of_call("/people/page-two-of-olga/x") == "/people/redacted-1/x"
    assert redaction.of_call("email eq 'a@b.com'") == "email eq 'person-1@example.org'"


def test_a_part_of_a_call_that_is_personal_by_itself_cannot_be_written(redaction):
    assert redaction.of_call("mei@example.org") == "mei@example.org"
    assert redaction.of_call("olga@cme-vendor.com") is None
    assert redaction.of_call("/people/olga@cme-vendor.com") is None
    assert redaction.of_call("/claims") == "/claims"


def test_it_is_told_how_many_different_values_were_replaced(redaction):
    redaction.value([{"email": "a@b.com", "name": "A"}, {"email": "a@b.com", "name": "B"}])
    assert redaction.counts == {"name": 2, "email": 1}


@pytest.mark.parametrize("piece", ["a@", "a.b", "@a.b", "a@b.c ", ".a@b.c"])
def test_a_hostile_text_is_searched_through(redaction, piece):
    redaction.text(piece * (300_000 // len(piece)))


#: Texts that could be searched through again and again; each is repeated to a size and to twice that size.
REPEATED = [
    "a@", "a.b", "&amp;", "&#0", "%25", "a%40", "[", "( ", " at ", "a at b", "a at b dot ", "@a.", "{[", "{\n", '{"a":1}\n', '[",', "\\", "\\u004",
    "data: {", "0-", "00-", "000-00-", " [at", "_at_", "&#x",
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_of_twice_the_size_takes_about_twice_as_long(piece):
    def seconds(size):
        redaction, text = AnswerRedaction(secrets=(), kept=()), piece * (size // len(piece))
        before = time.process_time()
        redaction.text(text)
        return time.process_time() - before

    least = min(seconds(8_000) for _ in range(3))
    # A search that grows with the square takes 16 times as long. A machine may be busy once, and not each time.
    assert any(seconds(32_000) < 4 * least * 3 + 0.05 for _ in range(3))


#: Answers of one run as a vendor makes them who wants to keep a worker busy.
BUSY = {
    "a parameter that is all names": ["?" + "token" * 6400] * 10,
    "a list of secrets": [{"token": [f"{answer}-{number}" for number in range(6000)]} for answer in range(10)],
    "secrets within each other": [{"token": ["a-" * (6 + number) for number in range(170)]}, *["a-" * 16_000] * 9],
}


@pytest.mark.parametrize("what", BUSY)
def test_answers_that_are_made_to_keep_a_worker_busy_do_not(redaction, what):
    before = time.process_time()
    for _ in range(2):
        for answer in BUSY[what]:
            redaction.value(answer)
    assert time.process_time() - before < 5  # a hundred times less than it took


def test_a_text_in_which_too_much_would_be_looked_for_is_replaced_as_a_whole(redaction, monkeypatch):
    monkeypatch.setattr(answer_redaction, "_MOST_WORK", 0)
    busy = answer_redaction.AnswerRedaction(secrets=(), kept=())
    busy.value({"token": "olga-page-2"})
    assert busy.value({"next": "/p/olga-page-2", "title": "Sepsis"}) == {"next": "personal-1", "title": "Sepsis"}


def test_a_deep_answer_does_not_end_the_recording(redaction):
    deep = json.loads("[" * 300 + "]" * 300)
    assert redaction.value(deep) == deep
