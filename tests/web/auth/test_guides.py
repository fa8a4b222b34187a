"""The guides for identity providers, followed as written: the message that each describes logs a person in."""

import re

import pytest

from records.people import users
from records.tenants import implementations
from tests.support import ROOT
from tests.support.saml_browser import IDP, Browser, connect, is_refused, sp_of
from web.auth.login_choice.refusal_codes import CODES as OF_PEOPLE
from web.auth.login_choice.refusal_codes import EVERY_CODE
from web.auth.saml.protocol.codes import CODES as OF_MESSAGES

FOLDER = ROOT / "docs" / "identity-providers"
GUIDES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
FIELDS = {
    "subject": "subject",
    "username": "username",
    "user type": "user_type",
    "first name": "first_name",
    "last name": "last_name",
}
PERSON = {"username": "mei.chen", "user_type": "member", "first_name": "Mei", "last_name": "Chen"}


def rows(text, heading):
    """The rows of the table below a heading, without marks."""
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {cells[0].strip(): cells[1].strip().strip("`") for cells in table[2:]}


def followed(app, database, box, guide):
    """Set our side up as the guide says; return what its provider sends."""
    text = guide.read_text()
    ours = {FIELDS[name]: value for name, value in rows(text, "On our side").items()}
    subject = ours.pop("subject")
    with database.session() as db:
        connect(
            db,
            box,
            "empty",
            IDP,
            attribute_map={name: [value] for name, value in ours.items()},
            subject_attribute="" if subject == "NameID" else subject,
        )
    arrives = rows(text, "What arrives")
    sent = {ours[name]: (value,) for name, value in PERSON.items() if name in ours}
    if subject != "NameID":
        sent[subject] = (sent.get(subject, ("m-1001",))[0],)
    return {
        "attributes": sent,
        "nameid": "m-1001",
        "nameid_format": arrives["NameID"],
        "sign_assertion": "assertion" in arrives["signed"],
        "sign_response": "response" in arrives["signed"],
        "encrypt": "aes256-gcm" if arrives["encrypted"] != "no" else None,
    }


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_what_a_guide_says_that_arrives_logs_the_person_in(app, database, box, guide):
    recipe = followed(app, database, box, guide)
    browser = Browser(app)
    started = browser.begin("empty")
    message = IDP.response(sp_of(app, "empty"), started.request_id, **recipe)
    response = browser.answer(message, started.relay_state, "empty")
    assert response.status_code == 303, guide.name
    browser.http.get(response.location)
    visitor = browser.visitor()
    with database.reading() as db:
        person = users.find(db, implementations.find(db, "empty"), visitor.subject)
    assert {name: getattr(person, name) for name in PERSON} == PERSON


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_without_the_signature_that_a_guide_asks_for_nobody_gets_in(app, database, box, guide):
    recipe = followed(app, database, box, guide) | {"sign_assertion": False}
    browser = Browser(app)
    started = browser.begin("empty")
    message = IDP.response(sp_of(app, "empty"), started.request_id, **recipe)
    assert is_refused(browser.answer(message, started.relay_state, "empty"))


@pytest.mark.parametrize("guide", [*GUIDES, FOLDER / "README.md"], ids=lambda path: path.stem)
def test_every_code_in_a_guide_is_one_of_ours(guide):
    named = set()
    for line in guide.read_text().splitlines():
        if line.startswith("- Code "):
            named |= set(re.findall(r"`([a-z-]+)`", line.split(":")[0]))
        if line.startswith("| `") and guide.name == "README.md":
            named |= set(re.findall(r"`([a-z-]+)`", line.split("|")[1]))
    assert named <= set(OF_MESSAGES) | set(OF_PEOPLE)
    assert named


def test_the_guide_has_every_code_that_exists_and_says_what_the_console_says():
    table = {}
    for line in (FOLDER / "README.md").read_text().splitlines():
        if line.startswith("| `"):
            codes, words, *_ = (cell.strip() for cell in line.strip("|").split("|"))
            table |= dict.fromkeys(re.findall(r"`([a-z0-9-]+)`", codes), (words, len(_)))
    assert table.keys() == EVERY_CODE.keys()
    short = {code: words for code, (words, more) in table.items() if not more}
    assert len(short) > 50
    assert short == {code: EVERY_CODE[code] for code in short}
