"""Hands one mail to the mail server, step by step, in one connection and before one deadline.

1. The server's name is looked up.
2. A connection is opened. Without encryption, only to this machine.
3. The server greets.
4. The connection is encrypted, and the server's certificate is valid for its name.
5. We log in, if the settings say so.
6. The server accepts the sender, 7. the recipient, and 8. the mail. A refusal of these two for good ends the mail.

A server's fault becomes a `MailNotSent`; nothing else is raised.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from records.ip_addresses import is_loopback
from runner.powers.http.tls_contexts import tls_context
from runner.settings.mail_settings import IMPLICIT, NO_TLS, STARTTLS

from .bounded_smtp import BoundedSmtp, remaining
from .mail_server import MailNotSent, MailServer

DNS, CONNECTION, GREETING, ENCRYPTION = "name", "connection", "greeting", "encryption"
LOGIN, SENDER, RECIPIENT, MESSAGE = "login", "sender", "recipient", "message"
#: Each step, and what to do if it fails.
STEPS = {
    DNS: "correct SESSION_STATUS_MAIL_HOST, or the name service of this machine",
    CONNECTION: "correct SESSION_STATUS_MAIL_HOST and SESSION_STATUS_MAIL_PORT; a firewall may be between, and the server may be down",
    GREETING: "SESSION_STATUS_MAIL_PORT may be that of another service, or need SESSION_STATUS_MAIL_TLS=implicit (usual for port 465)",
    ENCRYPTION: "correct SESSION_STATUS_MAIL_TLS; for an authority of your own, set SESSION_STATUS_VENDOR_CA_FILE",
    LOGIN: "correct SESSION_STATUS_MAIL_USERNAME and SESSION_STATUS_MAIL_PASSWORD",
    SENDER: "set SESSION_STATUS_MAIL_SENDER to an address in whose name the server lets you send",
    RECIPIENT: "try another address; the server may send to its own addresses only",
    MESSAGE: "the server says what it does not accept; its own log may say more",
}
#: Addresses of a server that are tried.
MOST_ADDRESSES = 4
_READY, _OK, _REFUSED_FOR_GOOD = range(220, 221), range(250, 260), range(500, 600)

#: How the standard library's client begins what it says about a connection that ended; and what a socket says of a deadline.
_CLOSED = re.compile(r"^Connection unexpectedly closed(: )?")
_TIMED_OUT = frozenset({"timed out", "it took too long", "The read operation timed out"})

#: Told of each step that is done, and what came of it.
OnStep = Callable[[str, str], object]


def hand_over(server: MailServer, address: str, mail: bytes, on_step: OnStep | None = None) -> None:
    """Hand a mail over. Raises `MailNotSent`."""
    deadline = time.monotonic() + server.timeout_s
    on_step = on_step or _not_told
    connection = _connect(server, deadline, on_step)
    client = BoundedSmtp(connection, host=server.host, own_name=server.own_name, deadline=deadline)
    try:
        with _step(server, GREETING, general=True):  # 3.
            on_step(GREETING, server.cleaned(_expect(client.getreply(), _READY)))
            client.ehlo_or_helo_if_needed()
        _encrypt(server, client, on_step)
        _log_in(server, client, on_step)
        _transfer(server, client, address, mail, on_step)
        with suppress(smtplib.SMTPException, OSError):  # it has the mail already
            client.quit()
    finally:
        client.close()


def _not_told(*_: str) -> None:
    """Do nothing with a step."""


def _connect(server: MailServer, deadline: float, on_step: OnStep) -> socket.socket:
    with _step(server, DNS, general=True):  # 1.
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MOST_ADDRESSES]
        on_step(DNS, ", ".join(addresses))
    if server.tls == NO_TLS and not all(map(is_loopback, addresses)):  # 2.
        raise MailNotSent(
            CONNECTION, f"{server.host} is not this machine, and the connection is not encrypted", general=True
        )
    with _step(server, CONNECTION, general=True):
        connection = _first_that_answers(addresses, server.port, deadline)
        on_step(CONNECTION, f"{connection.getpeername()[0]}, port {server.port}")
    if server.tls != IMPLICIT:
        return connection
    try:
        with _step(server, ENCRYPTION, general=True):  # 4.
            connection.settimeout(remaining(deadline))
            encrypted = tls_context(server.ca_file or None).wrap_socket(connection, server_hostname=server.host)
            on_step(ENCRYPTION, str(encrypted.version()))
    except MailNotSent:
        connection.close()
        raise
    return encrypted


def _first_that_answers(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """Connect to one of the addresses, each with its share of the time. Raises OSError."""
    error = OSError("there is no address")
    for number, address in enumerate(addresses):
        try:
            return socket.create_connection((address, port), timeout=remaining(deadline) / (len(addresses) - number))
        except OSError as failed:
            error = failed
    raise error


def _encrypt(server: MailServer, client: BoundedSmtp, on_step: OnStep) -> None:
    if server.tls != STARTTLS:
        return
    with _step(server, ENCRYPTION, general=True):  # 4.
        client.encrypt(tls_context(server.ca_file or None))
        assert isinstance(client.sock, ssl.SSLSocket)
        on_step(ENCRYPTION, str(client.sock.version()))
        client.ehlo_or_helo_if_needed()


def _log_in(server: MailServer, client: BoundedSmtp, on_step: OnStep) -> None:
    if not server.username:
        return
    with _step(server, LOGIN, general=True):  # 5.
        client.login(server.username, server.password)
        on_step(LOGIN, server.username)


def _transfer(server: MailServer, client: BoundedSmtp, address: str, mail: bytes, on_step: OnStep) -> None:
    with _step(server, SENDER, general=True):  # 6.
        on_step(SENDER, server.cleaned(_expect(client.mail(server.sender), _OK)))
    with _step(server, RECIPIENT, address=address):  # 7.
        on_step(RECIPIENT, server.cleaned(_expect(client.rcpt(address), _OK), address=address))
    with _step(server, MESSAGE, address=address, maybe_sent=True):  # 8.
        on_step(MESSAGE, server.cleaned(_expect(client.data(mail), _OK), address=address))


def _expect(answer: tuple[int, bytes], wanted: range) -> str:
    """Return what the server said. Raises `smtplib.SMTPResponseException` for an answer that is not wanted."""
    code, said = answer
    if code not in wanted:
        raise smtplib.SMTPResponseException(code, said)
    return f"{code} {said.decode('ascii', 'replace')}"


@contextmanager
def _step(
    server: MailServer, step: str, *, general: bool = False, maybe_sent: bool = False, address: str = ""
) -> Iterator[None]:
    """Translate what goes wrong at a step.

    An answer of the server is clear; only a lost connection leaves open what became of the mail.
    """
    try:
        yield
    except smtplib.SMTPResponseException as error:
        text = error.smtp_error.decode("ascii", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        final = not general and error.smtp_code in _REFUSED_FOR_GOOD
        said = server.cleaned(f"{error.smtp_code} {text}", address=address)
        raise MailNotSent(step, said, final=final, general=general) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        said = server.cleaned(_in_words(error), address=address)
        raise MailNotSent(step, said, maybe_sent=maybe_sent, general=general) from None


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return f"the name cannot be looked up: {error.strerror}"
    if isinstance(error, TimeoutError) or _CLOSED.sub("", str(error)) in _TIMED_OUT:
        return "it took too long"
    return _CLOSED.sub("the connection was closed: ", str(error)).removesuffix(": ") or type(error).__name__
