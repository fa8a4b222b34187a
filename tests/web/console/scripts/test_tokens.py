"""Author tokens in the console: shown once, for the person who makes them, and revoked for ever."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from records.scripts import author_tokens
from records.tenants import implementations
from tests.web.console.scripts.conftest import SCRIPTS

TOKENS = f"{SCRIPTS}/tokens"


@pytest.fixture
def author(browser_for):
    return browser_for("author")


def make(browser, name="laptop", permissions=("SUBMIT_SCRIPTS", "SEE_SCRIPTS"), days="30"):
    return browser.send(TOKENS, name=name, permissions=list(permissions), days=days)


def text_of(page):
    return re.search(r'id="token" value="([^"]+)"', page)[1]


@pytest.fixture
def usable(database):
    def find(text):
        with database.reading() as db:
            return author_tokens.find_usable(db, implementations.find(db, "demo"), text, datetime.now(UTC))

    return find


def test_a_token_is_shown_once_and_counts_for_its_person(author, usable):
    answer = make(author)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = text_of(answer.text)
    assert usable(text)
    again = author.get(TOKENS).text
    assert text not in again
    assert "in use" in again
    assert "laptop" in again


def test_a_revoked_token_counts_no_more_and_its_name_is_not_given_again(author, usable):
    text = text_of(make(author).text)
    answer = author.send(f"{TOKENS}/laptop/revoke")
    assert "is revoked" in author.get(answer.location).text
    assert not usable(text)
    assert "Nothing was changed." in author.get(author.send(f"{TOKENS}/laptop/revoke").location).text
    assert "Nothing was revoked" in author.get(author.send(f"{TOKENS}/none/revoke").location).text
    assert make(author).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "two words"},
        {"days": "0"},
        {"days": "366"},
        {"days": "soon"},
        {"days": "9" * 30},
        {"days": ""},
        {"permissions": ()},
        {"permissions": ("SEE_RUNS",)},
    ],
    ids=str,
)
def test_what_a_token_cannot_be_is_refused_at_its_field(author, fields):
    answer = make(author, **fields)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_no_field_makes_a_token_that_decides_or_deploys(author, database):
    make(author, permissions=("SUBMIT_SCRIPTS", "REVIEW_SCRIPTS", "DEPLOY_SCRIPTS"))
    with database.reading() as db:
        (token,) = author_tokens.every(db, implementations.find(db, "demo"))
    assert token.permissions == ["SUBMIT_SCRIPTS"]
    assert token.made_by == "demo/author"
    assert token.ends_at - datetime.now(UTC) < timedelta(days=31)


@pytest.mark.parametrize("who", ["reviewer", "organizer"])
def test_who_may_not_submit_makes_and_revokes_none(browser_for, author, who, usable):
    text = text_of(make(author).text)
    other = browser_for(who)
    assert other.get(TOKENS).status_code == 403
    assert make(other, "mine").status_code == 403
    assert other.send(f"{TOKENS}/laptop/revoke").status_code == 403
    assert usable(text)


def test_an_old_login_is_asked_again_and_the_name_is_kept(browser_for):
    answer = make(browser_for("author", age_s=15 * 60), "kept-name")
    assert answer.status_code == 403
    assert "kept-name" in answer.text
