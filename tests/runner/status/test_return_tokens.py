import base64
import hashlib
import hmac
import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.status.returns.return_tokens import BadToken, ReturnTokens

WHO = ("acme", "änn|1", "s/1")


class Clock:
    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now


def test_a_token_reads_back_and_needs_no_escaping():
    token = ReturnTokens(["k" * 40], hours=24).make(*WHO)
    assert ReturnTokens(["k" * 40], hours=24).read(token) == WHO
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}", token)


def test_a_token_is_the_same_for_a_while_so_that_a_message_with_it_stays_the_same():
    clock = Clock()
    tokens = ReturnTokens(["k" * 40], hours=24, clock=clock)
    clock.now -= clock.now % (12 * 3600)
    first = tokens.make(*WHO)
    clock.now += 11 * 3600
    assert tokens.make(*WHO) == first


def test_a_token_works_for_its_hours_and_not_for_days():
    clock = Clock()
    tokens = ReturnTokens(["k" * 40], hours=24, clock=clock)
    token = tokens.make(*WHO)
    clock.now += 24 * 3600
    assert tokens.read(token) == WHO
    clock.now += 13 * 3600
    with pytest.raises(BadToken, match="old"):
        tokens.read(token)


def test_an_old_key_still_reads_and_a_foreign_one_does_not():
    token = ReturnTokens(["o" * 40], hours=24).make(*WHO)
    assert ReturnTokens(["n" * 40, "o" * 40], hours=24).read(token) == WHO
    with pytest.raises(BadToken):
        ReturnTokens(["n" * 40], hours=24).read(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "A",
        "AAAA",
        "AAAA.",
        ".AAAA",
        "AAAA." + "A" * 22,
        "W10." + "A" * 22,
        "=" * 8,
        "ä",
        "A" * 3000,
        "../../etc/passwd",
        "AAAA\n",
        "A A A",
        "AA==",
        "\x00" * 20,
    ],
)
def test_what_is_no_token_is_refused(token):
    with pytest.raises(BadToken):
        ReturnTokens(["k" * 40], hours=24).read(token)


LETTERS = string.ascii_letters + string.digits + "-_"


def earlier(key, who, ends):
    """A token as release 0.1 wrote it."""
    payload = json.dumps([*who, ends], separators=(",", ":"), ensure_ascii=False).encode()
    signing = hashlib.sha256(b"session-status return 1:" + key.encode()).digest()
    signed = hmac.digest(signing, payload, "sha256")[:16] + payload
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


@pytest.mark.parametrize("made", [lambda tokens: tokens.make(*WHO), lambda _: earlier("k" * 40, WHO, 2**40)])
def test_another_spelling_of_the_same_bytes_is_refused(made):
    """Otherwise one return could be told as many."""
    tokens = ReturnTokens(["k" * 40], hours=24)
    token = made(tokens)
    assert tokens.read(token) == WHO
    others = [token + "=", token + "A", token + "\n", " " + token, token + "\u00e4", token.replace(".", ".!")]
    others += [token[:-1] + letter for letter in LETTERS] + [token[:at] + "*" + token[at:] for at in range(len(token))]
    for other in set(others) - {token}:
        with pytest.raises(BadToken):
            tokens.read(other)


def test_a_token_with_one_changed_character_is_refused_wherever_it_is():
    tokens = ReturnTokens(["k" * 40], hours=24)
    token = tokens.make(*WHO)
    for at, old in enumerate(token):
        for new in "Az09-_.":
            if new != old:
                with pytest.raises(BadToken):
                    tokens.read(token[:at] + new + token[at + 1 :])


def test_a_token_that_the_release_before_wrote_is_read_until_it_ends():
    """Its bytes are those of that release: a vendor's page may hold one while this release is installed."""
    kept = "t_mNs0sllteZeVGbWVz4mVsiYWNtZSIsIsOkbm58MSIsInMvMSIsMTc5MDEyMTYwMF0"
    assert kept == earlier("k" * 40, WHO, 1_790_121_600)
    clock = Clock()
    tokens = ReturnTokens(["n" * 40, "k" * 40], hours=24, clock=clock)
    assert tokens.read(kept) == WHO
    clock.now = 1_790_121_601.0
    with pytest.raises(BadToken, match="old"):
        tokens.read(kept)
    with pytest.raises(BadToken, match="signed"):
        ReturnTokens(["n" * 40], hours=24).read(kept)


def test_a_signature_of_one_form_is_none_of_the_other():
    tokens = ReturnTokens(["k" * 40], hours=24)
    payload, _, signature = tokens.make(*WHO).partition(".")
    as_bytes = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (signature, payload)]
    with pytest.raises(BadToken):
        tokens.read(base64.urlsafe_b64encode(b"".join(as_bytes)).rstrip(b"=").decode())


def test_a_token_stays_short():
    tokens = ReturnTokens(["k" * 40], hours=24)
    assert len(tokens.make("aha26", "165", "CE-1")) == 67
    assert len(tokens.make("a" * 64, "u" * 255, "s" * 128)) == 647


@given(st.text(max_size=80))
def test_no_text_is_read_by_chance(text):
    with pytest.raises(BadToken):
        ReturnTokens(["k" * 40], hours=24).read(text)
