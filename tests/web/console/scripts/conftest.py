"""Fixtures: a script with a past, from its first version to one that waits for a review, and pictures of its pages."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from records import Database
from records.audit import AuditContext
from records.changes.scripts import deployments as deploying
from records.changes.scripts import submissions as handing_in
from records.changes.scripts.checked_scripts import CheckedScript
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import NeededCall, ScriptNeeds
from tests.support.application import copied, make_app, make_settings
from tests.support.browser import serving
from tests.support.looks import SCHEMES, SIZES, look_at

DEMO = "/console/implementations/demo"
SCRIPTS = f"{DEMO}/scripts"

#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("SCRIPT_PICTURES")

FIRST = '''"""CE credit."""


def status(user, session, api):
    answer = api.get("ethosce", "/credits", params={"user": user.id})
    if not answer.ok:
        return hidden()
    for row in answer.json():
        if row["session"] == session.id:
            return message("Claim 1.0 CE credit", link="https://cme.example.org/claim")
    return hidden()
'''
SECOND = FIRST.replace("Claim 1.0 CE credit", "Claim your 1.0 CE credit")
#: Shows something else to a reader than to Python: a control of the writing direction, and a Cyrillic letter.
DECEPTIVE = SECOND.replace("row", "r\u043ew").replace('"""CE credit."""', '"""CE credit\u202e."""')
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmitgliederversammlung"


def checked(source, *findings):
    """A text as if a check had let it pass with these warnings; the last one of `past` needs a setting that is lacking."""
    needs = ScriptNeeds(settings=("claim_url",) if source == DECEPTIVE else ())
    return CheckedScript(source, 1, findings, needs, "tests", b"code")


def warning(line, what="This link leads to another host.", severity="warning"):
    place = {"rule": "link-host", "line": line, "column": 9, "severity": severity}
    return place | {"what": what, "why": "It is not on the list.", "instead": "Use a host of the list."}


def actor(name, home="demo"):
    return AuditContext(f"{home}/{name}", "")


@pytest.fixture
def change(database):
    """Make a change of `records.changes` in the demo; returns its value."""
    return changing(database)


def changing(database):
    def make(function, *arguments, **more):
        with database.session() as db:
            return function(db, implementations.find(db, "demo"), *arguments, **more).value

    return make


@pytest.fixture
def past(database, records_with_past):
    """Version 1 is active, 2 is staged for 10 %, 3 waits for a review; each was submitted by the author."""
    copied(records_with_past[0], database.engine.url.database)
    return records_with_past[1]


@pytest.fixture(scope="session")
def records_with_past(seeded, tmp_path_factory):
    """Records in which all of the past has happened, made once, and the last change."""
    database = Database(f"sqlite:///{copied(seeded, tmp_path_factory.mktemp('past') / 'console.db')}")
    yield database, make_past(changing(database))
    database.dispose()


def make_past(change):
    author, reviewer = actor("author"), actor("reviewer", "staff")
    for number, (source, note) in enumerate(((FIRST, "The first text"), (SECOND, f"Says whose: {LONG}")), 1):
        made = change(handing_in.submit, checked(source), SubmissionDraft(note), author)
        decision = ReviewDecision(
            "approved",
            made.version.sha256,
            public_note="Good.",
            private_note="Met them.",
            untried_reason="tests try nothing",
        )
        change(handing_in.decide, made.submission.number, decision, reviewer)
        assert made.version.number == number
    change(deploying.activate, 1, AuditContext("staff/reviewer", "approved by the client"))
    change(deploying.stage, 2, 10, AuditContext("staff/reviewer", f"a look first: {LONG} نور"))
    findings = (warning(10), warning(5, "The connection ethosce is read without a limit."))
    third = change(handing_in.submit, checked(DECEPTIVE, *findings), SubmissionDraft("Reads rows"), author)
    change(handing_in.comment, third.submission.number, CommentDraft("Why here?", line=8), reviewer)
    return third


#: Needs of a version that the demo lacks.
LACKING = ScriptNeeds(
    ("claim_url",), (NeededCall("ethosce", "POST", "/claims"), NeededCall("survey", "GET")), ("evil.example.org",)
)


@pytest.fixture
def lacking(past, change):
    """The number of an approved version that needs what the demo lacks."""
    script = replace(checked(SECOND + "\n"), needs=LACKING)
    made = change(handing_in.submit, script, SubmissionDraft(), actor("author"))
    change(
        handing_in.decide,
        made.submission.number,
        ReviewDecision("approved", made.version.sha256, untried_reason="urgent"),
        actor("reviewer", "staff"),
    )
    return made.version.number


@pytest.fixture(params=SIZES)
def page_as(request, open_page):
    """Open pages as somebody, in one size after the other."""

    def opened(name):
        page = open_page(name, width=SIZES[request.param]["width"])
        page.look = request.param
        return page

    yield opened
    # The browser complains about each answer to a refused form.
    open_page.complaints[:] = [said for said in open_page.complaints if "422" not in said]


def write(page, text):
    """Replace what is in the editor. (Playwright's own `fill` lets the browser make elements with styles of their own.)"""
    page.get_by_role("textbox", name="Text of the script").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def looked_at(page, name):
    """Look at the page in each scheme; keeps pictures if a folder for them is named."""
    picture = PICTURES and Path(PICTURES) / f"{name}-{getattr(page, 'look', 'once')}"
    look_at(page, picture, schemes=getattr(page, "schemes", SCHEMES))


@pytest.fixture
def app(database, store, checking_worker):
    return make_app(database, store)


@pytest.fixture
def served(database, store, checking_worker):
    """The application at an address for browsers, with the real check."""

    def make(address):
        return make_app(database, store, make_settings(address))

    with serving(make) as (address, app):
        app.config["address"] = address
        yield app
