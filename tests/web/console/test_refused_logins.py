"""Support sees the last refused logins without the rights to change trust: when, why, whose, and the reference."""

import pytest

from runner.logins import NotedError

DEMO = "/console/implementations/demo"
PAGE = f"{DEMO}/refused-logins"


@pytest.mark.parametrize("who", ["organizer", "reviewer", "administrator"])
def test_refused_logins_are_listed_with_what_their_code_means_and_who_it_was(browser_for, store, number_of, who):
    store.refused_logins.note("demo", "audience", "0123abcd")
    store.refused_logins.note("demo", "locked-out", "4567abcd", user="attendee", view="saml.complete")
    page = browser_for(who).get(PAGE).text
    assert page.index("4567abcd") < page.index("0123abcd")
    assert "The assertion is for another service." in page
    assert "An administrator has locked this person out." in page
    assert f'href="{DEMO}/people/{number_of("attendee")}"' in page
    assert f'href="{DEMO}/runs?reference=0123abcd"' in page
    assert f'href="{PAGE}"' in browser_for(who).get(f"{DEMO}/people").text


def test_the_same_word_is_explained_by_the_way_in_that_said_it(browser_for, store):
    store.refused_logins.note("demo", "audience", "0123abcd", view="external.posted")
    store.refused_logins.note("demo", "vendor answered 404", "4567abcd", view="external.log_in")
    page = browser_for("organizer").get(PAGE).text
    assert "The assertion or token was issued for another service." in page
    assert "entity id" not in page
    assert "4xx usually means a wrong badge or name; 401 or 403 may also mean that our credentials are wrong." in page


def test_somebody_who_is_not_known_any_more_is_named_by_the_key_and_its_text_is_escaped(browser_for, store):
    store.refused_logins.note("demo", "locked-out", "0123abcd", user="<b>gone</b>")
    page = browser_for("organizer").get(PAGE).text
    assert "<code>&lt;b&gt;gone&lt;/b&gt;</code>" in page


def test_without_any_the_page_says_what_would_be_there(browser_for):
    assert "No login was refused in the last seven days." in browser_for("organizer").get(PAGE).text


@pytest.mark.parametrize("who", ["author", "attendee", "scanner", None])
def test_nobody_else_sees_them(browser_for, store, who):
    store.refused_logins.note("demo", "audience", "0123abcd")
    assert "0123abcd" not in browser_for(who).get(PAGE).text


REFUSED = NotedError(
    "3f9ca71e", 403, "saml.complete", "demo", "attendee", code="locked-out", said="That login did not work."
)


def test_a_reference_tells_the_sentence_the_page_the_reason_and_the_person(browser_for, store, number_of):
    store.errors.note(REFUSED)
    page = browser_for("reviewer").get(f"{DEMO}/runs?reference=3f9ca71e").text
    assert "<q><bdi>That login did not work.</bdi></q>" in page
    assert "Login at the identity provider: back in the browser" in page
    assert "An administrator has locked this person out. <code>locked-out</code>" in page
    assert f'href="{DEMO}/people/{number_of("attendee")}"' in page
    assert "<code>saml.complete</code>" in page.partition("<summary>Details</summary>")[2]


HOMELESS = {
    "a way back that does not work": NotedError("3f9ca71e", 400, "returns.come_back", said="This link is too old."),
    "no implementation of ours": NotedError("3f9ca71e", 404, "widget.show", "nosuch", session="CE-1"),
}


@pytest.mark.parametrize("what", HOMELESS)
@pytest.mark.parametrize("who", ["organizer", "reviewer", "administrator"])
def test_errors_without_an_implementation_are_found_by_those_above_implementations_only(browser_for, store, what, who):
    store.errors.note(HOMELESS[what])
    page = browser_for(who).get(f"{DEMO}/runs?reference=3f9ca71e").text
    assert ("An error was shown" in page) == (who != "organizer")
    assert ("does not belong to this implementation, or is no longer known" in page) == (who == "organizer")
    assert ("can be looked up by ATIV" in page) == (who == "organizer")


def test_who_may_see_another_implementation_is_told_to_look_there(browser_for, store):
    store.errors.note(NotedError("3f9ca71e", 404, "widget.show", "other", "bob", "CE-1"))
    page = browser_for("reviewer").get(f"{DEMO}/runs?reference=3f9ca71e").text
    assert "This reference belongs to <bdi>Other Congress</bdi>." in page
    assert "An error was shown" not in page
    theirs = browser_for("organizer").get(f"{DEMO}/runs?reference=3f9ca71e").text
    assert "Other Congress" not in theirs
    assert "does not belong to this implementation" in theirs
