"""The widget page as the server draws it, that is, as it is without script."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.colours import DARK_BACKGROUND, LEAST_CONTRAST, WHITE, contrast, dark_mode_colour
from records.tenants import implementations
from runner.status.service import StatusRequest
from runner.status.status_body import Action, ShownMessage
from tests.support.stub_status_service import CLAIM, CLAIMED, HIDDEN, SAME_ORIGIN, UNAVAILABLE, WIDGET, checking, ready
from web.widget.rendering import age


def shown(page):
    """The visible words of the widget, and the address of its button."""
    body = re.sub(r"<noscript>.*?</noscript>", "", page.text.split("<body>")[1], flags=re.DOTALL)
    body = re.sub(r"<h1.*?</h1>|<(?P<tag>a|span|form|div)[^>]* hidden>.*?</(?P=tag)>", "", body, flags=re.DOTALL)
    link = re.search(r'<a [^>]*href="([^"]*)"', body)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split()), link and link[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("status", "words", "href"),
    [
        (ready(CLAIM), "Claim 1.0 CE credit", "https://cme.example.org/claim"),
        (ready(CLAIMED), "Credit claimed", None),
        (checking(CLAIM), "Checking… Last shown: Claim 1.0 CE credit", None),
        (checking(), "Checking…", None),
        (UNAVAILABLE, "The status cannot be shown right now Reference 3f9ca71e Check again", None),
        (HIDDEN, "", None),
    ],
)
def test_each_state_is_drawn(http, status_service, log_in, status, words, href):  # noqa: PLR0913, PLR0917 - fixtures
    log_in()
    status_service.status = status
    page = http.get(WIDGET)
    assert (page.status_code, shown(page)) == (200, (words, href))
    assert page.headers["Cache-Control"] == "private, no-store"
    assert f'data-state="{status.state}"' in page.text


def test_an_old_message_says_its_age_and_keeps_its_button(http, status_service, log_in):
    log_in()
    status_service.status = ready(CLAIM, stale=True, as_of=datetime.now(UTC) - timedelta(minutes=12, seconds=5))
    assert shown(http.get(WIDGET))[0] == "Claim 1.0 CE credit Checked 12 minutes ago"


def test_without_a_login_the_widget_leads_to_the_login_page_and_back(http):
    words, href = shown(http.get(WIDGET))
    assert (words, href) == ("Log in for session status info", "/login/demo?next=/app/demo/sessions/CE-1")


def test_another_implementations_login_shows_the_invitation_too(http, status_service, log_in):
    log_in("other", "bob")
    assert shown(http.get(WIDGET))[0] == "Log in for session status info"
    assert status_service.asked == []


def test_a_message_full_of_markup_is_text(http, status_service, log_in):
    log_in()
    status_service.status = ready(
        ShownMessage('<b onclick="x">"&', None, Action("link", "https://x.example/?a=1&b=%22%3E"))
    )
    page = http.get(WIDGET)
    assert "<b " not in page.text
    assert "&lt;b onclick=&#34;x&#34;&gt;&#34;&amp;" in page.text


def test_a_page_has_nothing_inline(http, status_service, log_in):
    log_in()
    for status in (ready(CLAIM), checking(), UNAVAILABLE):
        status_service.status = status
        page = http.get(WIDGET).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script[^>]*>[^<]", page)


def test_without_script_a_checking_page_comes_again_by_itself(http, status_service, log_in):
    log_in()
    status_service.status = checking(CLAIM, refresh_after=4)
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in http.get(WIDGET).text
    status_service.status = ready()
    assert 'http-equiv="refresh"' not in http.get(WIDGET).text


def test_without_script_check_again_checks_and_shows_the_page(http, status_service, log_in):
    log_in()
    answer = http.post(WIDGET, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, WIDGET)
    assert status_service.came_back == [StatusRequest("demo", "ada", "CE-1")]


def test_check_again_without_a_login_does_nothing(http, status_service):
    assert http.post(WIDGET, headers=SAME_ORIGIN).status_code == 303
    assert status_service.came_back == []


@pytest.mark.parametrize("path", ["/widget/nobody/sessions/CE-1", "/widget/demo/sessions/NONE"])
def test_an_unknown_place_is_a_friendly_page(http, log_in, path):
    for _ in range(2):
        page = http.get(path)
        assert (page.status_code, page.mimetype) == (404, "text/html")
        assert "There is nothing here" in page.text
        log_in(path.split("/")[2])


def test_the_signed_way_back_checks_and_leads_to_the_app(http, status_service, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, session_url="https://app.example.org/s/{session_id}")
    try:
        answer = http.get(f"/r/{status_service.tokens.make('demo', 'ada', 'CE-1')}")
        to_app = http.get("/app/demo/sessions/CE-1")
    finally:
        with database.session() as db:
            implementations.update(db, implementations.find(db, "demo"), session_url="")
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://app.example.org/s/CE-1")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert status_service.came_back == [StatusRequest("demo", "ada", "CE-1")]
    assert to_app.headers["Location"] == "https://app.example.org/s/CE-1"


def test_the_signed_way_back_leads_to_the_widget_where_no_app_is_set(http, status_service):
    answer = http.get(f"/r/{status_service.tokens.make('demo', 'ada', 'CE-1')}")
    assert (answer.status_code, answer.headers["Location"]) == (303, WIDGET)


def test_a_way_back_to_a_session_that_is_gone_is_a_friendly_page(http, status_service):
    answer = http.get(f"/r/{status_service.tokens.make('demo', 'ada', 'GONE')}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_tint_is_a_style_sheet_for_ever(http):
    answer = http.get("/widget/tints/006109.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "--message:#006109" in answer.text


@pytest.mark.parametrize("color", ["red", "00610", "0061099", "00610G", "AABBCC", "}body{", "006109%0a"])
def test_a_tint_that_is_no_colour_is_404(http, color):
    assert http.get(f"/widget/tints/{color}.css").status_code == 404


@given(st.integers(min_value=0, max_value=0xFFFFFF))
def test_every_colour_has_a_readable_colour_for_dark_mode(number):
    color = f"#{number:06x}"
    mixed = dark_mode_colour(color)
    assert contrast(mixed, DARK_BACKGROUND) >= LEAST_CONTRAST
    assert contrast(mixed, WHITE) <= contrast(color, WHITE)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_an_age_is_told_in_the_largest_unit(passed, words):
    assert age(passed) == words
