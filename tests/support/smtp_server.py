"""A mail server for tests: a real one that keeps what it gets, with TLS and logins, and others that do what no server should."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpServer:
    """Answers on a port of this machine. What a test changes holds for the next command."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    #: command -> what is answered instead, such as {"RCPT": "550 no such user"}
    answers: dict[str, str] = field(default_factory=dict)
    #: called with the connection right after it is accepted, instead of everything else
    hostile: Callable[[socket.socket], None] | None = None
    lost_after_data: bool = False  #: close after the text, without an answer
    on_mail: Callable[[], object] | None = None  #: called with each mail, before the answer
    heard: list[str] = field(default_factory=list)  #: commands, in order
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)  #: recipient and mail
    port: int = 0

    def serve(self, listener: socket.socket) -> None:
        """Serve one connection after the other until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(10)
            with connection, suppress(OSError, ValueError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        if self.hostile:
            self.hostile(connection)
            return
        if self.implicit and self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        conversation = _Conversation(self, connection, encrypted=self.implicit)
        try:
            conversation.hold()
        finally:
            conversation.close()


class _Conversation:
    """One connection."""

    def __init__(self, server: SmtpServer, connection: socket.socket, *, encrypted: bool) -> None:
        self.server = server
        self.connection = connection
        self.encrypted = encrypted
        self.file = connection.makefile("rb")
        self.recipient = ""
        self.known = server.login is None

    def close(self) -> None:
        self.file.close()
        self.connection.close()

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def hold(self) -> None:
        self.say(self.server.answers.get("GREETING", "220 mail.example.org ready"))
        while line := self.file.readline().decode("latin-1").strip():
            command = line.split(" ")[0].upper()
            self.server.heard.append(command if command == "AUTH" else command + line[len(command) :])
            if command in self.server.answers:
                self.say(self.server.answers[command])
            elif not getattr(self, f"on_{command.lower()}", self.on_unknown)(line):
                return

    def on_unknown(self, _: str) -> bool:
        self.say("502 what?")
        return True

    def on_ehlo(self, _: str) -> bool:
        offers = ["mail.example.org", "SIZE 1000000"]
        offers += ["STARTTLS"] if self.server.tls and not self.encrypted else []
        offers += ["AUTH PLAIN"] if self.server.login and (self.encrypted or not self.server.tls) else []
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.say("\r\n".join(lines))
        return True

    def on_starttls(self, _: str) -> bool:
        assert self.server.tls
        self.say("220 go ahead")
        self.file.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.file, self.encrypted = self.connection.makefile("rb"), True
        return True

    def on_auth(self, line: str) -> bool:
        _, name, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        self.known = (name, password) == self.server.login
        self.say("235 welcome" if self.known else f"535 no: {line.split(' ')[2]} {password}")
        return True

    def on_mail(self, _: str) -> bool:
        self.say("250 ok" if self.known else "530 log in first")
        return True

    def on_rcpt(self, line: str) -> bool:
        self.recipient = line.partition("<")[2].rpartition(">")[0]
        self.say("250 ok")
        return True

    def on_data(self, _: str) -> bool:
        self.say("354 go on")
        text = b""
        while (line := self.file.readline()) not in (b".\r\n", b""):
            text += line.removeprefix(b".") if line.startswith(b"..") else line
        parsed = message_from_bytes(text, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.server.mails.append((self.recipient, parsed))
        if self.server.on_mail:
            self.server.on_mail()
        if self.server.lost_after_data:
            return False
        self.say("250 accepted")
        return True

    def on_quit(self, _: str) -> bool:
        self.say("221 bye")
        return False


@contextmanager
def smtp_serving(server: SmtpServer | None = None) -> Iterator[SmtpServer]:
    """Let a mail server answer within the block."""
    server = server or SmtpServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=15)
