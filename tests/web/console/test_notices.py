"""The pages of notices: whose they are, what each shows, and what is done with them."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from records import audit
from records.audit import AuditContext
from records.changes import notices as changes
from records.changes.scripts import deployments, submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.changes.scripts.readiness import Without
from records.notices.mail_content import mark_of
from records.notices.notice_tables import Mail, MailChoice, Notice
from records.people import grants, users
from records.scripts.reviews import CommentDraft
from records.scripts.submissions import SubmissionDraft
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from runner.mail.unsubscribe_tokens import UnsubscribeTokens, Unsubscription
from tests.support.application import KEY
from tests.support.notices import make_all

AUTHOR, REVIEWER, NOBODY = (
    AuditContext("demo/author"),
    AuditContext("staff/reviewer"),
    AuditContext("command line", "x"),
)
NOTICES, SETTINGS, MAILS = "/console/notices", "/console/notices/settings", "/console/mails"


def script(text="1"):
    return CheckedScript(
        f"def status(u, s, a):\n    return message('{text}')\n", 1, (), ScriptNeeds(), "runtime", b"code"
    )


@pytest.fixture
def act(database):
    """Make a change, then its notices and mails."""

    def make(function, *arguments, owner="demo", **more):
        with database.session() as db:
            value = function(db, implementations.find(db, owner), *arguments, **more).value
        make_all(database)
        return value

    return make


@pytest.fixture
def submitted(act):
    """A submission in the demo, which the author made, and a comment of the reviewer."""
    made = act(submissions.submit, script(), SubmissionDraft("one"), AUTHOR)
    act(submissions.comment, 1, CommentDraft("Why?"), REVIEWER)
    return made


@pytest.fixture
def of(database):
    """The numbers of somebody's notices, the oldest first."""

    def read(name, home="demo"):
        with database.reading() as db:
            user = users.find(db, implementations.find(db, home), name)
            return list(db.scalars(select(Notice.id).where(Notice.user_id == user.id).order_by(Notice.id)))

    return read


def test_a_person_without_notices_reads_what_would_be_here(browser_for):
    page = browser_for("organizer").get(NOTICES)
    assert page.status_code == 200
    assert "No notices yet." in page.text
    assert "Mark all as read" not in page.text


def test_the_header_counts_what_is_unread_on_every_page(browser_for, submitted):
    author, reviewer = browser_for("author"), browser_for("reviewer")
    assert 'class="count">1<span class="unseen"> unread' in author.get("/console/implementations/demo/").text
    assert 'class="count">1<' in reviewer.get("/console/").text
    assert 'class="count"' not in browser_for("organizer").get("/console/implementations/demo/").text


def test_a_notice_leads_to_its_place_and_is_read_from_then_on(browser_for, submitted, of):
    author = browser_for("author")
    listed = author.get(NOTICES).text
    assert "Reviewer commented on submission 1 (version 1)" in listed
    assert listed.count('class="mark">unread') == 1
    (number,) = of("author")
    assert f'href="/console/notices/{number}"' in listed
    answer = author.get(f"{NOTICES}/{number}")
    assert (answer.status_code, answer.location) == (303, "/console/implementations/demo/scripts/submissions/1")
    assert author.get(answer.location).status_code == 200
    assert 'class="mark">unread' not in author.get(NOTICES).text


@pytest.mark.parametrize("name", ["organizer", "reviewer"])
def test_another_persons_notice_is_not_there(browser_for, submitted, of, name):
    (number,) = of("author")
    answer = browser_for(name).get(f"{NOTICES}/{number}")
    assert answer.status_code == 404
    assert "commented" not in answer.text
    assert 'class="mark">unread' in browser_for("author").get(NOTICES).text


def test_what_came_after_the_page_was_made_stays_unread(browser_for, act, submitted, of):
    author = browser_for("author")
    page = author.get(NOTICES).text
    (up_to,) = re.findall(r'name="up_to" value="(\d+)"', page)
    act(submissions.comment, 1, CommentDraft("And?"), REVIEWER)
    author.send(f"{NOTICES}/read", up_to=up_to)
    assert author.get(NOTICES).text.count('class="mark">unread') == 1
    author.send(f"{NOTICES}/read", up_to=str(max(of("author"))))
    assert 'class="mark">unread' not in author.get(NOTICES).text


def test_marking_all_as_read_touches_nobody_elses(browser_for, submitted, of):
    browser_for("author").send(f"{NOTICES}/read", up_to="999999")
    assert browser_for("reviewer").get(NOTICES).text.count('class="mark">unread') == 1


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 40])
def test_a_number_that_is_none_marks_nothing(browser_for, submitted, up_to):
    author = browser_for("author")
    author.send(f"{NOTICES}/read", up_to=up_to)
    assert author.get(NOTICES).text.count('class="mark">unread') == 1


def test_notices_of_another_implementation_are_never_shown(browser_for, act, database, of):
    act(submissions.submit, script(), SubmissionDraft("x"), AuditContext("other/bob"), owner="other")
    act(deployments.activate, 1, NOBODY, owner="other", without=Without.REVIEW | Without.NEEDS)
    with database.session() as db:  # as if one had been written by mistake
        author = users.find(db, implementations.find(db, "demo"), "author")
        row = db.scalars(select(Notice).where(Notice.kind == "script.activated").order_by(Notice.id.desc())).first()
        row.user_id, row.audience = author.id, "author"
    author = browser_for("author")
    (number,) = of("author")[-1:]
    page = author.get(NOTICES).text
    assert "No notices yet." in page
    assert 'class="count"' not in page
    assert author.get(f"{NOTICES}/{number}").status_code == 404
    assert "<bdi>Other Congress</bdi>" in browser_for("reviewer").get(NOTICES).text


def test_who_lost_a_role_sees_its_notices_no_more(browser_for, database, submitted, of):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        author = next(one for one in grants.every(db, demo) if one.role == "author")
        grants.remove(db, demo, author.id)
        grants.add(db, demo, kind="username", value="author@example.org", role="organizer", by="tests")
    browser = browser_for("author")
    assert "No notices yet." in browser.get(NOTICES).text
    assert 'class="count"' not in browser.get(NOTICES).text
    assert browser.get(f"{NOTICES}/{of('author')[0]}").status_code == 404


def test_an_organizer_who_may_not_see_scripts_is_led_to_the_overview(browser_for, act, submitted, of):
    act(deployments.activate, 1, REVIEWER, without=Without.REVIEW | Without.NEEDS)
    organizer = browser_for("organizer")
    assert "Reviewer activated version 1" in organizer.get(NOTICES).text
    answer = organizer.get(f"{NOTICES}/{of('organizer')[-1]}")
    assert answer.location == "/console/implementations/demo/"
    assert organizer.get(answer.location).status_code == 200


def test_every_kind_leads_to_a_page_that_is_there(browser_for, act, submitted, of, database):
    act(deployments.activate, 1, NOBODY, without=Without.REVIEW | Without.NEEDS)
    act(deployments.stop, NOBODY)
    with database.session() as db:
        user = users.find(db, implementations.staff(db), "administrator")
        demo = implementations.find(db, "demo")
        for kind, audience, values in (
            ("token.ends", "owner", {"token": "ci", "date": "1 May 2027"}),
            ("certificate.ends", "keeper", {"date": "1 May 2027"}),
        ):
            row = {"kind": kind, "audience": audience, "values": values, "about": kind, "at": datetime.now(UTC)}
            db.add(Notice(user_id=user.id, implementation_id=demo.id, read_at=None, mail_id=None, **row))
    browser = browser_for("administrator")
    assert "Your author token “ci” ends on 1 May 2027" in browser.get(NOTICES).text
    for number in of("administrator", "staff"):
        assert browser.get(browser.get(f"{NOTICES}/{number}").location).status_code == 200


def test_the_list_is_filtered_and_paged(browser_for, act, submitted, of, monkeypatch):
    monkeypatch.setattr("web.console.notices.ROWS", 2)
    for text in "ab":
        act(submissions.comment, 1, CommentDraft(text), REVIEWER)
    act(deployments.activate, 1, NOBODY, without=Without.REVIEW | Without.NEEDS)
    author = browser_for("author")
    first = author.get(NOTICES).text
    assert (first.count("<tr"), "activated version 1" in first) == (3, True)
    older = re.search(r'href="(/console/notices\?before=\d+)" rel="next"', first)[1]
    assert author.get(older).text.count("commented on") == 2
    assert "activated" not in author.get(f"{NOTICES}?about=answer").text
    author.get(f"{NOTICES}/{of('author')[-1]}")
    assert "activated" not in author.get(f"{NOTICES}?show=unread").text
    assert "No notice matches." in author.get(f"{NOTICES}?about=review").text
    assert "No notice matches." in author.get(f"{NOTICES}?conference=other").text
    assert author.get(f"{NOTICES}?before=x&about=%3Cb%3E&show=1").status_code == 200


def test_names_with_markup_and_direction_stay_text(browser_for, database, act, submitted):
    with database.session() as db:
        staff = implementations.staff(db)
        reviewer = users.find(db, staff, "reviewer")
        reviewer.first_name, reviewer.last_name = "<img src=x>", "نور\u202e"
    page = browser_for("author").get(NOTICES).text
    assert "<img" not in page
    assert "&lt;img src=x&gt; نور commented" in page


# -- what is wanted by mail ------------------------------------------------------------------------------------------


def chosen(database):
    with database.reading() as db:
        return {row.group: row.timing for row in db.scalars(select(MailChoice))}


def fields_of(page):
    """What a form would send as it is rendered."""
    return dict(re.findall(r'<input checked id="[^"]+" name="([^"]+)" type="radio" value="([^"]+)"', page))


def test_the_choices_begin_with_what_is_usual_and_are_kept(browser_for, database):
    author = browser_for("author")
    page = author.get(SETTINGS).text
    assert "author@example.org" in page
    assert "This service sends no mail" in page
    usual = fields_of(page)
    assert usual == {
        **dict.fromkeys(("answer", "alarm", "expiry"), "once"),
        **dict.fromkeys(("decision", "version"), "none"),
    }
    author.send(SETTINGS, **usual)
    assert chosen(database) == {}
    author.send(SETTINGS, **(usual | {"version": "daily"}))
    assert chosen(database) == {"version": "daily"}
    assert fields_of(author.get(SETTINGS).text)["version"] == "daily"
    with database.reading() as db:
        entry = audit.recent(db, limit=1)[0]
    assert (entry.action, entry.actor, entry.detail) == ("mail.chosen", "demo/author", {"version": ["none", "daily"]})


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("organizer", {"version", "alarm", "attendance"}),
        ("reviewer", {"review", "answer", "decision", "version", "alarm", "attendance"}),
        ("administrator", {"review", "answer", "decision", "version", "alarm", "expiry", "attendance"}),
    ],
)
def test_a_person_chooses_among_what_can_concern_them(browser_for, name, groups):
    assert set(fields_of(browser_for(name).get(SETTINGS).text)) == groups


def test_a_choice_that_is_none_is_a_fault_at_its_field(browser_for, database):
    author = browser_for("author")
    answer = author.send(SETTINGS, **(fields_of(author.get(SETTINGS).text) | {"alarm": "hourly"}))
    assert answer.status_code == 422
    assert "must be one of" in answer.text
    assert chosen(database) == {}


def test_a_person_without_an_address_reads_what_is_missing(browser_for, database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        users.find(db, demo, "author").username = "author"
        users.find(db, demo, "author").search_text = "author\n"
        grants.add(db, demo, kind="username", value="author", role="author", by="tests")
    assert "gives no e-mail address of yours" in browser_for("author").get(SETTINGS).text


# -- the link that ends mails ----------------------------------------------------------------------------------------


@pytest.fixture
def link(database):
    """Make the link of the author's mails."""

    def make(group="answer", **changed):
        with database.reading() as db:
            user = users.find(db, implementations.find(db, "demo"), "author")
        wanted = replace(Unsubscription(user.id, group, mark_of(user)), **changed)
        return f"/unsubscribe/{UnsubscribeTokens([KEY]).make(wanted)}"

    return make


def test_opening_the_link_changes_nothing_because_programs_open_links_too(browser_for, database, link):
    page = browser_for().get(link())
    assert page.status_code == 200
    assert "Get no more mails about “Changes requested, and comments”?" in page.text
    assert chosen(database) == {}


def test_one_click_of_a_mail_program_ends_this_group_and_nothing_else(browser_for, database, link):
    page = browser_for().post(link(), data={"List-Unsubscribe": "One-Click"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200
    assert "No more mails" in page.text
    assert chosen(database) == {"answer": "none"}
    assert browser_for().post(link()).status_code == 200
    with database.reading() as db:
        (entry,) = [one for one in audit.recent(db) if one.action == "mail.chosen"]
    assert (entry.actor, entry.reason) == ("demo/author", "by the link in a mail")


def test_the_link_of_a_summary_ends_all_mails(browser_for, database, link):
    browser_for().post(link(group=""))
    assert chosen(database) == dict.fromkeys(("review", "answer", "alarm", "expiry", "attendance"), "none")


@pytest.mark.parametrize(
    "attack",
    [
        {"user": 10**6},
        {"mark": "0" * 16},
        {"group": "everything"},
        {"user": "1 OR 1=1"},
        {"user": None},
        {"user": 10**30},
        {"group": ["answer"]},
        {"mark": 7},
    ],
    ids=repr,
)
def test_a_link_for_somebody_who_is_not_there_or_for_another_group_ends_nothing(browser_for, database, link, attack):
    assert browser_for().post(link(**attack)).status_code == 404
    assert chosen(database) == {}


def test_a_link_that_was_changed_on_its_way_ends_nothing(browser_for, database, link):
    for broken in (link()[:-1], link() + "x", "/unsubscribe/x", "/unsubscribe/" + "a" * 3000):
        assert browser_for().get(broken).status_code == 404
        assert browser_for().post(broken).status_code == 404
    assert chosen(database) == {}


def test_a_link_logs_nobody_in(browser_for, link):
    browser = browser_for()
    browser.post(link())
    assert browser.get(SETTINGS).status_code == 303


# -- the mails of everyone -------------------------------------------------------------------------------------------


@pytest.fixture
def failed(database, submitted):
    """The author's mail could not be sent; its number."""
    with database.session() as db:
        row = db.scalars(select(Mail).order_by(Mail.id.desc())).first()
        row.state, row.error, row.attempts, row.ended_at = "failed", "recipient: 550 <b>no</b>", 8, row.made_at
        return row.id


def state_of(database, number):
    with database.reading() as db:
        return db.get(Mail, number).state


def test_an_operator_reads_which_mails_failed_and_why(browser_for, failed):
    page = browser_for("administrator").get(MAILS)
    assert "1 mail could not be sent." in page.text
    assert "550 &lt;b&gt;no&lt;/b&gt;" in page.text
    assert "author@example.org" not in page.text
    assert "No mail is sent" in page.text
    assert browser_for("administrator").get(f"{MAILS}?state=sent").text.count("<tr") == 0
    assert "Mails of everyone" in browser_for("administrator").get(NOTICES).text
    assert "Mails of everyone" not in browser_for("reviewer").get(NOTICES).text


@pytest.mark.parametrize(("deed", "after"), [("retry", "waiting"), ("drop", "dropped")])
def test_an_operator_sends_a_mail_again_or_drops_it(browser_for, database, failed, deed, after):
    answer = browser_for("administrator").send(f"{MAILS}/{failed}/{deed}")
    assert answer.location == MAILS
    assert state_of(database, failed) == after
    with database.reading() as db:
        entry = audit.recent(db, limit=1)[0]
    assert (entry.action, entry.target) == (
        "mail.retried" if deed == "retry" else "mail.dropped",
        f"mail {failed}",
    )


def test_a_mail_that_was_sent_is_neither_sent_again_nor_dropped(browser_for, database, failed):
    with database.session() as db:
        db.execute(update(Mail).values(state="sent"))
    administrator = browser_for("administrator")
    administrator.send(f"{MAILS}/{failed}/retry")
    assert "the mail is sent" in administrator.get(MAILS).text
    assert state_of(database, failed) == "sent"


def test_a_mail_that_is_not_there_and_an_act_that_is_none_are_told_apart_from_a_fault(browser_for, failed):
    administrator = browser_for("administrator")
    administrator.send(f"{MAILS}/4711/retry")
    assert "does not exist" in administrator.get(MAILS).text
    assert administrator.send(f"{MAILS}/{failed}/burn").status_code == 404
    assert administrator.send(f"{MAILS}/{'9' * 30}/retry").status_code == 404


def test_what_is_read_leaves_no_entry(database, act, submitted):
    with database.session() as db:
        before = audit.recent(db, limit=1)[0].number
        author = users.find(db, implementations.find(db, "demo"), "author")
        assert changes.read(db, author, up_to=10**6).value == 1
        assert audit.recent(db, limit=1)[0].number == before
