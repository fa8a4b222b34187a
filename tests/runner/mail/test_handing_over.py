"""One mail to a mail server: a good one, a strict one, and those that no server should be."""

import dataclasses
import socket
import ssl
import time
from base64 import b64encode

import pytest
import trustme

from runner.mail.handing_over import hand_over
from runner.mail.mail_server import MailNotSent, MailServer
from tests.support.smtp_server import SmtpServer, smtp_serving

MAIL = b"Subject: x\r\n\r\nhello\r\n.\r\n..dots\r\n"
PASSWORD = "s3cret-of-the-mail-server"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def mail_server(port, **changes):
    usual = MailServer("localhost", port, "none", "", "", "status@example.org", "Status", 3, "status.example.org")
    return dataclasses.replace(usual, **changes)


def refusal(server, **changes):
    """Why a mail was not sent."""
    with pytest.raises(MailNotSent) as caught:
        hand_over(mail_server(server.port, **changes), "ann@example.org", MAIL)
    return caught.value


def test_a_mail_arrives_with_all_its_lines():
    steps = []
    with smtp_serving() as server:
        hand_over(mail_server(server.port), "ann@example.org", MAIL, lambda *step: steps.append(step))
    ((recipient, mail),) = server.mails
    assert (recipient, mail["Subject"], mail.get_content()) == ("ann@example.org", "x", "hello\r\n.\r\n..dots\r\n")
    assert [step for step, _ in steps] == ["name", "connection", "greeting", "sender", "recipient", "message"]
    assert "QUIT" in server.heard


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_a_login_is_sent_over_an_encrypted_connection_only(tls, ca_file, how):
    steps = []
    login = {"username": "status", "password": PASSWORD}
    with smtp_serving(SmtpServer(tls=tls, implicit=how == "implicit", login=("status", PASSWORD))) as server:
        wanted = mail_server(server.port, tls=how, ca_file=ca_file, **login)
        hand_over(wanted, "ann@example.org", MAIL, lambda *step: steps.append(step))
    assert len(server.mails) == 1
    assert ("login", "status") in steps
    assert [line for line in server.heard if line.startswith("MAIL")]
    if how == "starttls":
        assert server.heard.index("STARTTLS") < server.heard.index("AUTH")


def test_a_stripped_starttls_offer_sends_neither_password_nor_mail():
    with smtp_serving(SmtpServer(login=("status", PASSWORD))) as server:
        refused = refusal(server, tls="starttls", username="status", password=PASSWORD)
    assert (refused.step, refused.general) == ("encryption", True)
    assert "does not offer STARTTLS" in refused.said
    assert not [line for line in server.heard if line.startswith(("AUTH", "MAIL"))]


def test_answers_put_in_behind_starttls_in_plain_text_are_an_attack(tls, ca_file):
    def inject(connection):
        connection.sendall(b"220 hi\r\n")
        connection.recv(999)
        connection.sendall(b"250-me\r\n250 STARTTLS\r\n")
        connection.recv(999)
        connection.sendall(b"220 go\r\n250-me\r\n250 AUTH PLAIN\r\n")
        connection.recv(999)

    with smtp_serving(SmtpServer(hostile=inject)) as server:
        refused = refusal(server, tls="starttls", ca_file=ca_file)
    assert "in plain text after STARTTLS" in refused.said


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_a_certificate_of_nobody_we_trust_gets_nothing(tls, how):
    with smtp_serving(SmtpServer(tls=tls, implicit=how == "implicit")) as server:
        refused = refusal(server, tls=how)
    assert refused.step == "encryption"
    assert "certificate is not valid" in refused.said
    assert not [line for line in server.heard if line.startswith("MAIL")]


def test_a_certificate_for_another_name_gets_nothing(authority, ca_file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example.org").configure_cert(context)
    with smtp_serving(SmtpServer(tls=context)) as server:
        assert "certificate is not valid" in refusal(server, tls="starttls", ca_file=ca_file).said


def test_a_name_that_leads_elsewhere_is_not_called_without_encryption(monkeypatch):
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 25))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: elsewhere)
    with pytest.raises(MailNotSent, match="not this machine"):
        hand_over(mail_server(25), "ann@example.org", MAIL)


def test_a_server_that_repeats_our_password_does_not_get_it_into_our_records():
    with smtp_serving(SmtpServer(login=("status", PASSWORD))) as server:
        refused = refusal(server, username="status", password="wrong-" + PASSWORD)
    assert refused.step == "login"
    assert PASSWORD not in str(refused)
    assert "535" in refused.said
    assert refused.said.count("(password)") == 2


def test_a_password_that_is_repeated_in_any_writing_is_not_kept():
    server = dataclasses.replace(mail_server(25), username="status", password='it\'s\\a "ß"')
    for said in (server.password, repr(server.password.encode()), b64encode(server.password.encode()).decode()):
        assert server.cleaned(f"535 {said}") in ("535 (password)", "535 b'(password)'", '535 b"(password)"')


@pytest.mark.parametrize(
    ("command", "answer", "final", "general"),
    [
        ("GREETING", "554 go away", False, True),
        ("MAIL", "550 not from you", False, True),
        ("MAIL", "451 later", False, True),
        ("RCPT", "550 no such user <ann@example.org>", True, False),
        ("RCPT", "550 no such user <ANN@Example.ORG>", True, False),
        ("RCPT", "451 greylisted", False, False),
        ("DATA", "554 no", True, False),
        ("DATA", "451 later", False, False),
    ],
)
def test_what_a_server_refuses_is_final_for_the_mail_or_concerns_all(command, answer, final, general):
    with smtp_serving(SmtpServer(answers={command: answer})) as server:
        refused = refusal(server)
    assert (refused.final, refused.general, refused.maybe_sent) == (final, general, False)
    assert answer[:3] in refused.said
    assert "ann@example.org" not in refused.said.lower()


def test_a_connection_that_is_lost_after_the_text_leaves_open_whether_it_was_sent():
    with smtp_serving(SmtpServer(lost_after_data=True)) as server:
        refused = refusal(server)
    assert refused.maybe_sent
    assert not refused.final


def hang(connection):
    connection.recv(1)


def drip(connection):
    for _ in range(100):
        connection.sendall(b"2")
        time.sleep(0.05)


def never_ending(connection):
    while True:
        connection.sendall(b"220-more\r\n" * 1000)


def one_long_line(connection):
    while True:
        connection.sendall(b"2" * 10_000)


def garbage(connection):
    connection.sendall(bytes(range(256)) * 4 + b"\r\n")


def close_early(connection):
    connection.sendall(b"22")


def garbage_after_ehlo(connection):
    connection.sendall(b"220 hi\r\n")
    connection.recv(999)
    connection.sendall(b"250-\xff\xfe\r\n250 AUTH CRAM-MD5\r\n")
    connection.recv(999)
    connection.sendall(b"334 !!not base64!!\r\n")
    connection.recv(999)


@pytest.mark.parametrize("attack", [hang, drip, never_ending, one_long_line, garbage, close_early, garbage_after_ehlo])
def test_a_hostile_server_ends_the_attempt_in_time_and_with_one_line(attack):
    began = time.monotonic()
    with smtp_serving(SmtpServer(hostile=attack)) as server:
        refused = refusal(server, timeout_s=0.6, username="status", password=PASSWORD)
        assert time.monotonic() - began < 3
    assert refused.general
    assert len(refused.said) <= 240
    assert refused.said.isprintable()


def test_a_server_that_is_not_there_is_a_fault_of_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(MailNotSent) as caught:
        hand_over(mail_server(port), "ann@example.org", MAIL)
    assert (caught.value.step, caught.value.general) == ("connection", True)


def test_a_name_that_does_not_exist_is_a_fault_of_the_name():
    with pytest.raises(MailNotSent) as caught:
        hand_over(mail_server(25, host="mail.invalid"), "ann@example.org", MAIL)
    assert caught.value.step == "name"
