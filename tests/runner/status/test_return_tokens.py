import pytest

from runner.status.return_tokens import BadToken, ReturnTokens

WHO = ("acme", "änn|1", "s/1")


class Clock:
    def __init__(self):
        self.now = 1_790_000_000.0

    def __call__(self):
        return self.now


def test_a_token_reads_back_and_needs_no_escaping():
    token = ReturnTokens(["k" * 40], hours=24).make(*WHO)
    assert ReturnTokens(["k" * 40], hours=24).read(token) == WHO
    assert token.replace("-", "").replace("_", "").isalnum()


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
    "token", ["", "A", "AAAA", "=" * 8, "ä", "A" * 3000, "../../etc/passwd", "AAAA\n", "A A A", "AA==", "\x00" * 20]
)
def test_what_is_no_token_is_refused(token):
    with pytest.raises(BadToken):
        ReturnTokens(["k" * 40], hours=24).read(token)


def test_another_spelling_of_the_same_bytes_is_refused():
    tokens = ReturnTokens(["k" * 40], hours=24)
    token = tokens.make("acme", "ann", "s1")
    with pytest.raises(BadToken):
        tokens.read(token + "=")
