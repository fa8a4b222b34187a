"""What a hostile author or a curious organizer sends to the pages of scripts: numbers and texts that no page makes."""

import pytest

from tests.web.console.scripts.conftest import FIRST, SCRIPTS

#: Beyond what a column holds, beyond what SQLite takes, and beyond what Python reads as a number.
NUMBERS = ("2147483648", "9223372036854775808", "9" * 30, "9" * 5000)
READ = (
    *("/versions/{}", "/versions/{}/activate", "/versions/{}/stage", "/submissions/{}", "/submissions/{}/trial"),
    *(
        "/draft?version={}",
        "?before={}",
        "/compare?old={0}&new={0}",
        "/submissions/3?with={}",
        "/submissions/3?line={}",
    ),
)
SENT = (
    *("/submissions/{}/withdraw", "/submissions/{}/decision", "/submissions/{}/comments", "/submissions/{}/trial"),
    *("/submissions/3/comments/{}/resolve", "/submissions/{}/comments/1/resolve", "/submissions/{}/trial/x/cancel"),
    *("/versions/{}/activate", "/versions/{}/stage", "/versions/{}/suspend", "/versions/{}/reinstate"),
)


@pytest.mark.parametrize("page", READ)
def test_a_number_that_no_version_has_opens_no_page_and_is_no_error_of_ours(browser_for, past, page):
    reader = browser_for("administrator")
    assert {reader.get(SCRIPTS + page.format(number)).status_code for number in NUMBERS} <= {200, 404}


@pytest.mark.parametrize("page", SENT)
def test_a_number_that_no_version_has_changes_nothing_and_is_no_error_of_ours(browser_for, past, page):
    fields = {"text": "x", "sha256": "0" * 64, "decision": "approved", "reason": "r", "share": "5"}
    sender = browser_for("administrator")
    assert {sender.send(SCRIPTS + page.format(number), **fields).status_code for number in NUMBERS} <= {
        303,
        404,
        405,
        422,
    }


ODD = ("\0", "\x1b[31m", "\u202e", "\ufffe\uffff", "a" * 5000, "<script>alert(1)</script>", "\r\nSet-Cookie: a=b")
ODD_NUMBERS = ("9" * 5000, "-1", "1e400", "NaN", "٣", "0x10")
FORMS = {
    "/draft": {"source": FIRST, "note": "n", "revision": "0", "do": "save"},
    "/draft/findings": {"source": FIRST},
    "/draft/keep": {"source": FIRST, "revision": "0"},
    "/submissions/3/comments": {"text": "t", "line": "1", "private": "y"},
    "/submissions/3/decision": {"decision": "rejected", "sha256": "0", "public_note": "p", "private_note": "q", "waive_0": "w"},
    "/tokens": {"name": "laptop", "permissions": "SUBMIT_SCRIPTS", "days": "3"},
    "/versions/3/stage": {"reason": "r", "share": "20", "active": "1", "staged": "2"},
    "/versions/1/suspend": {"reason": "r"},
    "/live/stop": {"reason": "r"},
    "/live/widen": {"reason": "r", "share": "30", "staged": "2"},
}  # fmt: skip


@pytest.mark.parametrize(("form", "field"), [(form, field) for form, fields in FORMS.items() for field in fields])
def test_whatever_a_field_holds_is_no_error_of_ours_no_markup_and_no_header(browser_for, past, form, field):
    sender = browser_for("administrator")
    for odd in (*ODD, *ODD_NUMBERS):
        answer = sender.send(SCRIPTS + form, **FORMS[form] | {field: odd})
        assert answer.status_code < 500, odd[:20]
        assert answer.mimetype == "application/json" or "<script>alert" not in answer.text
        assert "a=b" not in answer.headers.get_all("Set-Cookie")
    assert "<script>alert" not in sender.get(f"{SCRIPTS}/submissions/3").text


@pytest.mark.parametrize("name", ["%00", "%0d%0aX:y", "<script>alert(1)</script>", "a" * 5000, "%ff"])
def test_a_token_with_a_hostile_name_is_revoked_by_nobody_and_its_name_steers_no_page(browser_for, past, name):
    sender = browser_for("administrator")
    answer = sender.send(f"{SCRIPTS}/tokens/{name}/revoke")
    assert answer.status_code in (303, 404)
    assert "X" not in answer.headers
    assert "<script>alert" not in sender.get(f"{SCRIPTS}/tokens").text
