"""From a change to a mail: sent once, to those who may still see it, whatever the mail server and the worker do."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from records import Database, UserProfile
from records.audit import AuditContext
from records.changes import notices as changes
from records.changes.scripts import submissions
from records.changes.scripts.checked_scripts import CheckedScript
from records.notices import mail_content, outbox
from records.notices.notice_tables import Mail, Notice
from records.people import grants, users
from records.scripts.reviews import CommentDraft
from records.scripts.submissions import SubmissionDraft
from records.storage import environment_mark
from records.tenants import implementations
from records.tenants.script_needs import ScriptNeeds
from runner.background.background_services import BackgroundServices
from runner.background.notice_delivery import PAUSE_S, NoticeDelivery, delivering
from runner.health.outages import OutageLog
from runner.queues.thread_worker import StopSignal
from tests.support import ROOT
from tests.support.application import KEY, copied, make_settings
from tests.support.eventually import eventually
from tests.support.records import new_records
from tests.support.smtp_server import SmtpServer, smtp_serving

ANN, RITA = AuditContext("demo/ann"), AuditContext("staff/rita")
SOURCE = "def status(u, s, a):\n    return message('s3cret-source')\n"
SCRIPT = CheckedScript(SOURCE, 1, (), ScriptNeeds(), "runtime", b"code")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    database = new_records(f"sqlite:///{tmp_path_factory.mktemp('delivery') / 'records.db'}")
    with database.session() as db:
        demo, staff = implementations.create(db, "demo", "Demo Congress"), implementations.staff(db)
        for home, name, role in ((demo, "ann", "author"), (staff, "rita", "reviewer")):
            profile = UserProfile(f"{name}@example.org", "", name.title(), "Example")
            users.remember(db, home, name, profile)
            grants.add(db, home, kind="username", value=profile.username, role=role, by="tests")
    yield database
    database.dispose()


@pytest.fixture
def database(template, tmp_path):
    database = Database(f"sqlite:///{copied(template, tmp_path / 'records.db')}")
    yield database
    database.dispose()


@pytest.fixture
def server():
    with smtp_serving() as server:
        yield server


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def delivery(database, server, clock):
    """A delivery to the server; its clock moves when a test says so."""
    return make_delivery(database, server, clock)


def make_delivery(database, server, clock, **changes):
    mail = {"mail_host": "127.0.0.1", "mail_port": server.port, "mail_tls": "none", "mail_sender": "status@example.org"}
    settings = make_settings(**(mail | {"mail_timeout_s": 2} | changes))
    return NoticeDelivery(settings, database, lambda: False, clock=clock)


@pytest.fixture
def act(database):
    """Make a change in the demo."""

    def make(function, *arguments, **more):
        with database.session() as db:
            return function(db, implementations.find(db, "demo"), *arguments, **more).value

    return make


def mails(database):
    with database.reading() as db:
        return db.scalars(select(Mail).order_by(Mail.id)).all()


def set_all(database, table, **values):
    with database.session() as db:
        db.execute(update(table).values(**values))


def test_a_change_becomes_a_mail_to_whom_it_concerns(delivery, server, act):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery.look()
    ((recipient, mail),) = server.mails
    assert recipient == "rita@example.org"
    assert mail["To"] == "Rita Example <rita@example.org>"
    assert mail["From"] == "Session status <status@example.org>"
    assert mail["Subject"] == "Ann Example handed in version 1 for review (Demo Congress)"
    text = mail.get_body(("plain",)).get_content()
    assert "https://status.example.org/console/notices/1" in text
    assert "You get this because you review scripts." in text
    assert "s3cret-source" not in mail.as_string()
    delivery.look()
    assert len(server.mails) == 1


def test_without_a_mail_server_there_are_notices_and_no_mails(database, server, clock, act):
    delivery = make_delivery(database, server, clock, mail_host="", mail_sender="")
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery.look()
    with database.reading() as db:
        assert len(db.scalars(select(Notice)).all()) == 1
    assert (mails(database), server.mails) == ([], [])


def test_a_worker_that_dies_after_the_mail_was_sent_sends_it_once_more_and_never_a_third_time(
    database, delivery, server, act, monkeypatch
):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "note_sent", lambda *_: 1 / 0)  # as if it died here
        for expected in (1, 2, 2):
            delivery.look()
            assert len(server.mails) == expected
            past = datetime.now(UTC) - timedelta(minutes=1)
            with database.session() as db:
                db.execute(update(Mail).where(Mail.state == "sending").values(claimed_until=past))
                outbox.claim_next(db, datetime.now(UTC), per_hour=0)  # frees it
            set_all(database, Mail, due_at=past)
    (mail,) = mails(database)
    assert (mail.state, mail.error) == ("failed", outbox.MAYBE_SENT)
    assert len({one["Message-ID"] for _, one in server.mails}) == 1


def test_a_worker_that_dies_before_it_sent_loses_nothing(database, delivery, server, act):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery._make_notices()
    with database.session() as db:
        outbox.claim_next(db, datetime.now(UTC), per_hour=9)
    delivery.look()
    assert server.mails == []  # another worker may be sending it
    past = datetime.now(UTC) - timedelta(minutes=1)
    set_all(database, Mail, claimed_until=past)
    delivery.look()
    assert server.mails == []  # after a pause
    set_all(database, Mail, due_at=past)
    delivery.look()
    assert len(server.mails) == 1


#: One look of a delivery, in a process of its own with the settings of its environment.
ONE_LOOK = """
import os
from records import Database
from records.tenants.script_needs import ScriptNeeds
from runner.background.notice_delivery import NoticeDelivery
from runner.settings.operator_settings import Settings

settings = Settings.from_environment(os.environ)
NoticeDelivery(settings, Database(settings.database_url), lambda: False).look()
"""


def test_a_process_that_is_killed_while_the_server_accepts_the_mail_loses_nothing(database, delivery, server, act):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    mail = {
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(server.port),
        "MAIL_TLS": "none",
        "MAIL_SENDER": "status@example.org",
    }
    settings = {
        f"SESSION_STATUS_{name}": value for name, value in {"ENV": "development", "SECRET_KEY": KEY, **mail}.items()
    }
    settings["DATABASE_URL"] = f"sqlite:///{database.engine.url.database}"
    process = subprocess.Popen([sys.executable, "-c", ONE_LOOK], env=os.environ | settings, cwd=ROOT)
    server.on_mail = process.kill
    assert process.wait(timeout=60) == -signal.SIGKILL
    server.on_mail = None
    assert [(mail.state, mail.attempts) for mail in mails(database)] == [("sending", 1)]
    past = datetime.now(UTC) - timedelta(minutes=1)
    set_all(database, Mail, claimed_until=past)
    delivery.look()
    set_all(database, Mail, due_at=past)
    delivery.look()
    delivery.look()
    assert [(mail.state, mail.attempts) for mail in mails(database)] == [("sent", 2)]
    first, second = (one["Message-ID"] for _, one in server.mails)
    assert first == second


def test_the_thread_of_a_worker_delivers_until_it_is_stopped(database, server, act, monkeypatch):
    monkeypatch.setattr("runner.background.notice_delivery.EVERY_S", 0.05)
    mail = {"mail_host": "127.0.0.1", "mail_port": server.port, "mail_tls": "none", "mail_sender": "status@example.org"}
    settings = make_settings(database_url=f"sqlite:///{database.engine.url.database}", **mail)
    with database.session() as db:
        environment_mark.change(db, "development")
    stop = StopSignal()
    services = BackgroundServices(settings, stop, OutageLog({}), None, None, None, None)
    with delivering(services):
        act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
        eventually(lambda: server.mails)
        stop()
    assert [mail.state for mail in mails(database)] == ["sent"]
    assert "notices" not in {thread.name for thread in threading.enumerate()}


def test_a_server_that_fails_is_tried_again_later_and_all_others_wait_meanwhile(database, delivery, server, clock, act):
    server.answers["MAIL"] = "451 later"
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    act(submissions.comment, 1, CommentDraft("x"), RITA)
    delivery.look()
    assert [(mail.state, mail.attempts) for mail in mails(database)] == [("waiting", 1), ("waiting", 0)]
    assert mails(database)[0].error == "sender: 451 later"
    server.answers.clear()
    delivery.look()
    assert server.mails == []
    clock.now += PAUSE_S
    delivery.look()
    assert [recipient for recipient, _ in server.mails] == ["ann@example.org"]
    set_all(database, Mail, due_at=datetime.now(UTC))
    delivery.look()
    assert [mail.state for mail in mails(database)] == ["sent", "sent"]


def test_an_unknown_recipient_fails_at_once_and_keeps_no_other_mail(database, delivery, server, act):
    server.answers["RCPT"] = "550 no such user"
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    act(submissions.comment, 1, CommentDraft("x"), RITA)
    delivery.look()
    assert [(mail.state, mail.attempts) for mail in mails(database)] == [("failed", 1), ("failed", 1)]


def test_attempts_end(database, delivery, server, act):
    server.answers["RCPT"] = "451 greylisted"
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    for _ in range(outbox.MOST_ATTEMPTS + 2):
        delivery.look()
        with database.session() as db:
            db.execute(update(Mail).where(Mail.state == "waiting").values(due_at=datetime.now(UTC)))
    assert [(mail.state, mail.attempts) for mail in mails(database)] == [("failed", outbox.MOST_ATTEMPTS)]
    assert server.heard.count("RCPT TO:<rita@example.org>") == outbox.MOST_ATTEMPTS


def test_no_more_mails_than_the_limit_are_sent_in_an_hour(database, server, clock, act):
    delivery = make_delivery(database, server, clock, mail_per_hour=1)
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    act(submissions.comment, 1, CommentDraft("x"), RITA)
    delivery.look()
    delivery.look()
    assert [mail.state for mail in mails(database)] == ["sent", "waiting"]
    set_all(database, Mail, ended_at=datetime.now(UTC) - timedelta(minutes=61))
    delivery.look()
    assert len(server.mails) == 2


@pytest.mark.parametrize("why", ["lost the role", "locked out", "unsubscribed", "read it", "archived"])
def test_whether_a_person_is_told_is_decided_when_the_mail_is_sent(database, delivery, server, act, why):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery._make_notices()
    with database.session() as db:
        staff, demo = implementations.staff(db), implementations.find(db, "demo")
        rita = users.find(db, staff, "rita")
        if why == "lost the role":
            (grant,) = grants.every(db, staff)
            grants.remove(db, staff, grant.id)
        elif why == "locked out":
            users.disable(db, rita, "left")
        elif why == "unsubscribed":
            changes.unsubscribe(db, staff, rita, frozenset({"review"}), RITA)
        elif why == "read it":
            changes.read(db, rita, number=1)
        else:
            demo.archived_at = datetime.now(UTC)
    delivery.look()
    assert server.mails == []
    assert [(mail.state, mail.error) for mail in mails(database)] == [("dropped", mail_content.NOTHING_LEFT)]


def test_a_person_without_an_address_gets_no_mail(database, delivery, server, act):
    set_all(database, users.User, username="rita")
    with database.session() as db:
        grants.add(db, implementations.staff(db), kind="username", value="rita", role="reviewer", by="tests")
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery.look()
    assert [(mail.state, mail.error) for mail in mails(database)] == [("dropped", mail_content.NO_ADDRESS)]


def test_a_daily_summary_is_one_mail_with_everything(database, delivery, server, act):
    with database.session() as db:
        staff = implementations.staff(db)
        changes.choose(db, staff, users.find(db, staff, "rita"), {"review": "daily", "answer": "daily"}, RITA)
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    act(submissions.comment, 1, CommentDraft("x"), RITA)
    act(submissions.comment, 1, CommentDraft("y"), ANN)
    delivery.look()
    assert [recipient for recipient, _ in server.mails] == ["ann@example.org"]
    summary = next(mail for mail in mails(database) if mail.daily)
    assert summary.due_at.hour == outbox.DAILY_HOUR
    set_all(database, Mail, due_at=datetime.now(UTC))
    delivery.look()
    recipient, mail = server.mails[-1]
    assert (recipient, mail["Subject"]) == ("rita@example.org", "2 notices since yesterday")
    text = mail.get_body(("plain",)).get_content()
    assert "handed in version 1" in text
    assert "commented on submission 1" in text


def test_a_flood_of_mails_to_one_person_ends_in_the_summary(database, delivery, act, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_AT_ONCE", 2)
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    for text in "abcd":
        act(submissions.comment, 1, CommentDraft(text), RITA)
    delivery._make_notices()
    to_ann = [mail.daily for mail in mails(database)][1:]
    assert to_ann == [False, False, True]


def test_a_bug_with_one_entry_keeps_no_later_one_from_being_told(delivery, server, act, monkeypatch, caplog):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    with monkeypatch.context() as patch:
        patch.setattr("records.notices.notice_making._of_entry", lambda *_: 1 / 0)
        delivery.look()
    assert "no notice made of an audit entry" in caplog.text
    act(submissions.comment, 1, CommentDraft("x"), RITA)
    delivery.look()
    assert [recipient for recipient, _ in server.mails] == ["ann@example.org"]


def test_old_notices_and_mails_are_forgotten(database, delivery, clock, act):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery.look()
    long_ago = datetime.now(UTC) - timedelta(days=91)
    set_all(database, Notice, at=long_ago)
    set_all(database, Mail, ended_at=long_ago)
    clock.now += 3601
    delivery.look()
    with database.reading() as db:
        assert db.scalars(select(Notice)).all() == []
    assert mails(database) == []


def test_mails_that_waited_for_days_are_not_sent(database, delivery, server, clock, act):
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery._make_notices()
    set_all(database, Mail, made_at=datetime.now(UTC) - timedelta(days=4))
    clock.now += 3601
    delivery.look()
    assert [mail.state for mail in mails(database)] == ["dropped"]
    assert server.mails == []


def test_neither_the_log_nor_the_outbox_shows_an_address(database, delivery, server, act, caplog):
    server.answers["RCPT"] = "550 rita@example.org is unknown, Rita Example"
    caplog.set_level("INFO")
    act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
    delivery.look()
    assert "mail not sent" in caplog.text
    assert "rita@example.org" not in caplog.text
    assert "rita@example.org" not in mails(database)[0].error


def test_a_hanging_server_blocks_no_longer_than_the_timeout(database, clock, act):
    with smtp_serving(SmtpServer(hostile=lambda connection: connection.recv(1))) as server:
        delivery = make_delivery(database, server, clock, mail_timeout_s=1)
        act(submissions.submit, SCRIPT, SubmissionDraft("one"), ANN)
        delivery.look()
    assert mails(database)[0].error == "greeting: it took too long"
