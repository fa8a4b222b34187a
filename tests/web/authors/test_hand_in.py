"""Handing a script in over HTTP: what is stored, and what is refused with its findings."""

import pytest

from records import UserProfile, audit
from records.audit import AuditContext
from records.changes.scripts import deployments, submissions
from records.people import users
from records.scripts import author_tokens, versions
from records.scripts import submissions as rows
from records.scripts.reviews import CommentDraft, ReviewDecision
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.checks.script_checks import ChecksUnavailable, ScriptChecks
from tests.support.author_house import ANOTHER, BROKEN, GOOD
from web.auth.services import AuthServices
from web.authors import token_access
from web.cli.service.submission_commands import submission_lines

CASE = {"name": ".", "input": {"user": {"id": "1"}}, "answers": [], "expected": {"outcome": "returned"}}


def stored(house):
    with house.database.reading() as db:
        return [row for row, _ in rows.every(db, house.owner(db))]


def decide(house, number, decision):
    with house.database.session() as db:
        owner = house.owner(db)
        sha256 = {row.number: version.sha256 for row, version in rows.every(db, owner)}[number]
        draft = ReviewDecision(
            decision,
            sha256,
            public_note="Well made.",
            private_note="Not for authors.",
            untried_reason="tests try nothing",
        )
        submissions.decide(db, owner, number, draft, AuditContext("staff/rita"))


def test_a_script_is_handed_in_in_the_name_of_the_token_and_its_person(http, house, hand_in):
    answer = hand_in(GOOD, note="First one.", scenarios=[CASE])
    assert answer.status_code == 201, answer.text
    told = answer.json
    assert (told["number"], told["version"], told["state"], told["superseded"]) == (1, 1, "submitted", None)
    assert (told["author"], told["scenarios"], told["note"]) == (f"{house.slug}/ann", 1, "First one.")
    assert told["submitted_by"].startswith("author token ci-")
    shown = http.get(answer.headers["Location"], headers=house.headers())
    assert shown.json == {name: value for name, value in told.items() if name != "superseded"}


def test_a_second_submission_supersedes_the_undecided_one(house, hand_in):
    hand_in(GOOD)
    assert hand_in(ANOTHER).json["superseded"] == 1
    assert [row.state for row in stored(house)] == ["submitted", "superseded"]


def test_a_script_with_errors_is_refused_with_what_to_write_instead(house, hand_in):
    answer = hand_in(BROKEN)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    first = answer.json["findings"][0]
    assert (first["line"], first["severity"]) == (1, "error")
    assert first["instead"]
    assert stored(house) == []
    with house.database.reading() as db:
        assert versions.versions(db, house.owner(db)) == []


def test_what_the_implementation_does_not_have_is_a_warning_of_the_submission(hand_in):
    told = hand_in('def status(user, session, api):\n    api.get("nowhere", "/x")\n    return hidden()\n').json
    assert [one["rule"] for one in told["findings"]] == ["unknown-connection"]


#: Bodies that are no submission, with the status and the field of the refusal.
BODIES = {
    "no JSON": (b"{", 400, "body"),
    "a list": (b"[]", 400, "body"),
    "not UTF-8": (b'{"source": "\xff"}', 400, "body"),
    "NaN": (b'{"source": NaN}', 400, "body"),
    "deep": (b"[" * 100_000, 400, "body"),
    "nothing": (b"{}", 400, "source"),
    "null": (b'{"source": null}', 400, "source"),
    "a number": (b'{"source": 1}', 400, "source"),
    "an unknown member": (b'{"source": "", "deploy": true}', 400, "body"),
    "cases that are no list": (b'{"source": "", "scenarios": {}}', 400, "scenarios"),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_submission_is_refused_by_name(http, house, what):
    body, status, field = BODIES[what]
    answer = http.post(
        f"{house.path}/scripts/submissions", data=body, content_type="application/json", headers=house.headers()
    )
    assert (answer.status_code, answer.json.get("field")) == (status, field)


def test_a_form_and_a_huge_body_are_refused(http, house):
    address, headers = f"{house.path}/scripts/submissions", house.headers()
    assert http.post(address, data={"source": GOOD}, headers=headers).status_code == 415
    assert http.post(address, json={"source": "#" * 1_100_000}, headers=headers).status_code == 413


#: Texts of any kind that are no script.
TEXTS = {
    "empty": "",
    "NUL": GOOD + "\0",
    "half a surrogate": GOOD + "# \ud800",
    "not Python": "def status(:",
    "deep": "x = " + "(" * 2000,
    "longer than a script": "#" * 300_000,
    "bidi override": GOOD.replace("Claim", "\u202eClaim"),
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_that_is_no_script_gets_findings(house, hand_in, what):
    answer = hand_in(TEXTS[what])
    assert answer.status_code == 422, answer.text
    assert answer.json["findings"]
    assert stored(house) == []


#: Cases that are none.
CASES = {
    "no object": [1],
    "a missing member": [{"name": "."}],
    "two of one name": [CASE, CASE],
    "too many": [CASE | {"name": str(number)} for number in range(201)],
}


@pytest.mark.parametrize("what", CASES)
def test_cases_that_are_none_are_refused_with_the_reason(house, hand_in, what):
    answer = hand_in(GOOD, scenarios=CASES[what])
    assert answer.status_code == 422
    assert answer.json["faults"][0]["field"] == "scenarios"
    assert stored(house) == []


@pytest.mark.parametrize("text", ["\0", "\ud800", "\x1b[31m"])
def test_a_note_or_a_case_that_no_database_can_store_is_refused(house, hand_in, text):
    assert hand_in(GOOD, note=f"a{text}").status_code == 422
    odd = hand_in(GOOD, scenarios=[CASE | {"input": {"user": {"id": text}}}])
    assert odd.status_code in (201, 422), odd.text
    assert all(row.note == "" for row in stored(house))


SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"


def test_a_secret_in_script_note_or_case_is_refused_and_not_repeated(house, hand_in):
    in_source = hand_in(f'KEY = "{SECRET}"\n' + GOOD)
    assert [one["rule"] for one in in_source.json["findings"]] == ["pasted-secret"]
    in_note = hand_in(GOOD, note=f"The key is {SECRET}.")
    in_case = hand_in(GOOD, scenarios=[CASE | {"answers": [{"json": {"key": SECRET}}]}])
    assert [one["field"] for one in in_note.json["faults"] + in_case.json["faults"]] == ["note", "scenarios[0]"]
    assert SECRET not in in_source.text + in_note.text + in_case.text
    assert stored(house) == []


def test_the_secret_of_a_connection_is_found_in_any_spelling(app, house, hand_in):
    with app.app_context(), house.database.session() as db:
        draft = ConnectionDraft("cme", "https://cme.example.org", auth_kind="bearer", secret="correct horse battery")
        connections.save(db, AuthServices.here().box, house.owner(db), draft)
    for spelled in ("correct horse battery", "Correct%20Horse%20Battery", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"):
        answer = hand_in(f"# {spelled}\n" + GOOD)
        assert [one["rule"] for one in answer.json["findings"]] == ["pasted-secret"], spelled
        assert hand_in(GOOD, note=spelled).status_code == 422


def test_what_is_approved_or_suspended_already_is_a_conflict(house, hand_in):
    hand_in(GOOD)
    decide(house, 1, "approved")
    assert hand_in(GOOD).status_code == 409
    with house.database.session() as db:
        deployments.suspend(db, house.owner(db), 1, AuditContext("staff/rita", "shows other people's credits"))
    answer = hand_in(GOOD)
    assert (answer.status_code, answer.json["faults"][0]["field"]) == (409, "version")


def test_a_token_that_is_revoked_during_the_check_hands_nothing_in(house, hand_in, monkeypatch):
    review = ScriptChecks.review

    def revoke_first(self, source, facts, *, by):
        with house.database.session() as db:
            author_tokens.revoke(db, author_tokens.every(db, house.owner(db))[0], "tests")
        return review(self, source, facts, by=by)

    monkeypatch.setattr(ScriptChecks, "review", revoke_first)
    assert hand_in(GOOD).status_code == 401
    assert stored(house) == []


def test_a_service_that_cannot_check_says_so(house, hand_in, monkeypatch):
    def refuse(*_, **__):
        raise ChecksUnavailable("Too many scripts are being checked.", busy=True)

    monkeypatch.setattr(ScriptChecks, "review", refuse)
    answer = hand_in(GOOD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_token_that_hands_in_too_often_must_wait(hand_in, monkeypatch):
    monkeypatch.setattr(token_access, "MOST_SUBMISSIONS", 1)
    assert [hand_in(GOOD).status_code, hand_in(ANOTHER).status_code] == [201, 429]


def test_an_author_takes_back_what_is_not_decided_and_only_their_own(http, house, hand_in, database):
    hand_in(GOOD)
    address, headers = f"{house.path}/scripts/submissions/1/withdraw", house.headers()
    assert http.post(address, headers=headers).json["state"] == "withdrawn"
    again = http.post(address, headers=headers)
    assert (again.status_code, again.json["faults"][0]["field"]) == (409, "submission")
    assert http.post(f"{house.path}/scripts/submissions/9/withdraw", headers=headers).status_code == 404


def test_an_author_reads_the_decision_and_the_comments_that_are_meant_for_them(http, house, hand_in):
    hand_in(GOOD)
    with house.database.session() as db:
        owner, by = house.owner(db), AuditContext("staff/rita")
        users.remember(db, implementations.staff(db), "rita", UserProfile("rsolberg", "ativ", "Rita", "Solberg"))
        submissions.comment(db, owner, 1, CommentDraft("Which session?", line=5), by)
        submissions.comment(db, owner, 1, CommentDraft("Looks like a copy.", private=True), by)
    decide(house, 1, "changes_requested")
    told = http.get(f"{house.path}/scripts/submissions/1", headers=house.headers())
    assert (told.json["state"], told.json["review"]["note"]) == ("changes_requested", "Well made.")
    assert (told.json["review"]["reviewer"], told.json["review"]["reviewer_name"]) == ("staff/rita", "Rita Solberg")
    assert any("by Rita Solberg (staff)" in line for line in submission_lines(told.json))
    assert [(one["line"], one["text"]) for one in told.json["comments"]] == [(5, "Which session?")]
    assert "Not for authors" not in told.text
    assert "copy" not in told.text


def test_an_audit_entry_names_the_token(house, hand_in):
    hand_in(GOOD)
    with house.database.reading() as db:
        entry = audit.newest(db, implementation=house.slug, action="script.submitted", target="submission 1")
    assert entry.actor.startswith("author token ci-")


def test_the_text_of_a_case_is_stored_as_it_was_sent(house, hand_in):
    hand_in(GOOD, scenarios=[CASE])
    with house.database.reading() as db:
        assert rows.find(db, house.owner(db), 1).scenarios == [CASE]
