"""`session-status mail`: the mail server step by step, and the outbox; and what `doctor` says of both."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from records import Database, UserProfile
from records.notices import outbox
from records.notices.notice_tables import Mail
from records.people import users
from records.tenants import implementations
from runner.settings.rules import own_database
from tests.support.smtp_server import SmtpServer, smtp_serving


def mail_settings(server, **changes):
    usual = {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(server.port), "MAIL_TLS": "none", "MAIL_TIMEOUT": "2"}
    return {
        f"SESSION_STATUS_{name}": value for name, value in (usual | {"MAIL_SENDER": "s@example.org"} | changes).items()
    }


@pytest.fixture
def server():
    with smtp_serving() as server:
        yield server


@pytest.fixture
def mails(records):
    """Three mails to Olga: one waits, one failed, one was sent."""
    database = Database(own_database(Path(records["SESSION_STATUS_DATA_FOLDER"])))
    with database.session() as db:
        demo = implementations.create(db, "aha26", "AHA")
        olga = users.remember(db, demo, "olga", UserProfile("olga@example.org", "", "Olga\x1b[31m"[:4], "Example"))
        now = datetime.now(UTC)
        for state, error in (("waiting", ""), ("failed", "recipient: 550 no such user"), ("sent", "")):
            ended = None if state == "waiting" else now
            mail = Mail(
                user_id=olga.id, implementation_id=demo.id, message_id=state, state=state, due_at=now, error=error
            )
            mail.claimed_until, mail.ended_at = None, ended
            db.add(mail)
    yield records
    database.dispose()


def test_the_test_says_of_each_step_that_it_works(cli, records, server):
    result = cli("mail", "test", "you@example.org", env=records | mail_settings(server))
    assert result.exit_code == 0, result.output
    steps = [line.split()[:2] for line in result.stdout.splitlines()[:6]]
    assert steps == [["ok", one] for one in ("name", "connection", "greeting", "sender", "recipient", "message")]
    ((recipient, mail),) = server.mails
    assert (recipient, mail["Subject"]) == ("you@example.org", "Test of the mail server")


@pytest.mark.parametrize(
    ("command", "step", "advice"),
    [
        ("GREETING", "greeting", "MAIL_PORT"),
        ("MAIL", "sender", "SESSION_STATUS_MAIL_SENDER"),
        ("RCPT", "recipient", "another address"),
        ("DATA", "message", "the server says"),
    ],
)
def test_the_test_says_which_step_fails_and_what_to_do(cli, records, command, step, advice):
    with smtp_serving(SmtpServer(answers={command: "554 go away"})) as server:
        result = cli("mail", "test", "you@example.org", env=records | mail_settings(server))
    assert result.exit_code == 1
    failed, todo = result.stdout.splitlines()[-2:]
    assert failed.split()[:2] == ["fail", step]
    assert advice in todo


def test_the_test_fails_where_encryption_is_not_offered(cli, records, server):
    result = cli("mail", "test", "you@example.org", env=records | mail_settings(server, MAIL_TLS="starttls"))
    assert result.exit_code == 1
    assert "does not offer STARTTLS" in result.stdout


def test_the_test_never_prints_the_password(cli, records):
    login = {"MAIL_USERNAME": "status", "MAIL_PASSWORD": "s3cret-of-mail"}
    with smtp_serving(SmtpServer(login=("status", "another"))) as server:
        result = cli("mail", "test", "you@example.org", env=records | mail_settings(server, **login))
    assert result.exit_code == 1
    assert "login" in result.stdout
    assert "s3cret-of-mail" not in result.output


@pytest.mark.parametrize("address", ["you", "a@b@c", "you@example.org\nBcc: x@example.org", "-x"])
def test_what_is_no_address_is_refused_before_anything_is_called(cli, records, server, address):
    result = cli("mail", "test", "--", address, env=records | mail_settings(server))
    assert result.exit_code == 2
    assert "is not one e-mail address" in result.output
    assert server.heard == []


def test_without_a_mail_server_the_test_says_which_setting_is_missing(cli, records):
    result = cli("mail", "test", "you@example.org", env=records)
    assert result.exit_code == 2
    assert "SESSION_STATUS_MAIL_HOST is not set" in result.output


def test_the_outbox_lists_mails_with_what_the_server_said(cli, mails):
    result = cli("mail", "outbox", env=mails)
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["MAIL", "3", "2", "1"]
    assert "recipient: 550 no such user" in result.stdout
    assert "olga@example.org" not in result.stdout
    assert "1 mail waiting, 1 failed." in result.stderr
    failed = cli("mail", "outbox", "--state", "failed", "--json", env=mails).stdout.splitlines()
    assert [json.loads(line)["mail"] for line in failed] == [2]


def test_mails_are_sent_again_and_dropped(cli, mails):
    assert cli("mail", "retry", "--all-failed", env=mails).stdout == "1 mail will be sent again.\n"
    assert cli("mail", "drop", "1", env=mails).stdout == "Dropped mail 1.\n"
    assert cli("mail", "drop", "3", env=mails).stdout == "Nothing was changed.\n"
    assert cli("mail", "retry", "--all-failed", env=mails).stdout == "Nothing was changed.\n"
    states = [json.loads(line)["state"] for line in cli("mail", "outbox", "--json", env=mails).stdout.splitlines()]
    assert states == ["sent", "waiting", "dropped"]
    entries = cli("audit", "list", env=mails).stdout
    assert "mail.retried" in entries
    assert "mail.dropped" in entries


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("retry",), "Give the number of a mail, or --all-failed"),
        (("retry", "1", "--all-failed"), "Give the number of a mail, or --all-failed"),
        (("retry", "4711"), "4711 does not exist"),
        (("drop", "4711"), "4711 does not exist"),
        (("drop", "0"), "not in the range"),
    ],
)
def test_a_mail_that_cannot_be_meant_is_refused_with_what_to_do(cli, mails, arguments, says):
    result = cli("mail", *arguments, env=mails)
    assert result.exit_code == 2
    assert says in result.output


def test_an_empty_outbox_says_so(cli, records):
    assert "No mail is listed." in cli("mail", "outbox", env=records).stdout


def doctor_line(cli, env):
    lines = json.loads(cli("doctor", "--json", env=env).stdout)["lines"]
    return [(line["state"], line["found"]) for line in lines if line["part"] == "mail"]


def test_the_doctor_tells_of_mails_that_failed_or_wait_and_calls_no_mail_server(cli, mails, server):
    assert doctor_line(cli, mails) == [
        ("warn", "1 mail could not be sent"),
        ("ok", "no mail is sent: no mail server is set"),
    ]
    env = mails | mail_settings(server)
    cli("mail", "drop", "2", env=mails)
    assert doctor_line(cli, env) == [("ok", "127.0.0.1, 1 mail waiting")]
    database = Database(own_database(Path(mails["SESSION_STATUS_DATA_FOLDER"])))
    with database.session() as db:
        db.get(Mail, 1).due_at = datetime.now(UTC) - timedelta(hours=2)
    database.dispose()
    ((state, found),) = doctor_line(cli, env)
    assert (state, found.startswith("mails wait since")) == ("warn", True)
    assert server.heard == []


def test_pauses_between_attempts_grow_and_end_within_the_longest_wait():
    assert list(outbox.PAUSES) == sorted(outbox.PAUSES)
    assert sum(outbox.PAUSES, timedelta()) < outbox.LONGEST_WAIT
