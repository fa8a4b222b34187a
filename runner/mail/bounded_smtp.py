"""SMTP with a server that may be slow, broken or hostile: every step ends at one deadline, and every answer is bounded.

The standard library's client waits for each line anew and collects an answer of any length. Here the whole conversation
has one deadline, and an answer has at most `MOST_ANSWER` bytes. STARTTLS is never optional, and what a server, or somebody
between, sent in plain text behind it is an attack and not an answer.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time

#: Bytes of one answer, with all its lines.
MOST_ANSWER = 64 * 1024
_READ = 4096
_READY = 220


class AnswerReader:
    """Reads lines from a connection until a deadline (monotonic seconds). Raises OSError if it passes, and for a huge answer."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._rest = b""
        self._left = MOST_ANSWER

    def begin_answer(self) -> None:
        """Let the next answer have its bytes."""
        self._left = MOST_ANSWER

    @property
    def has_rest(self) -> bool:
        """Whether something follows the last line that was read."""
        return bool(self._rest)

    def readline(self, limit: int = -1) -> bytes:
        """Return the next line with its end, or the first `limit` bytes; b"" if the connection was closed."""
        while b"\n" not in self._rest and not 0 <= limit <= len(self._rest):
            self._connection.settimeout(remaining(self._deadline))
            read = self._connection.recv(_READ)
            if not read:
                break
            self._rest += read
        end = self._rest.find(b"\n") + 1 or len(self._rest)
        end = min(end, limit) if limit >= 0 else end
        line, self._rest = self._rest[:end], self._rest[end:]
        self._left -= len(line)
        if self._left < 0:
            raise OSError(f"the answer is longer than {MOST_ANSWER} bytes")
        return line

    def close(self) -> None:
        """Nothing to close: the connection belongs to the client."""


class BoundedSmtp(smtplib.SMTP):
    """The client on a connection that is open already."""

    def __init__(self, connection: socket.socket, *, host: str, own_name: str, deadline: float) -> None:
        super().__init__(local_hostname=own_name)
        self.sock = connection
        self._host = host
        self._deadline = deadline
        self.file: AnswerReader | None = None

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer."""
        if self.file is None and self.sock is not None:
            self.file = AnswerReader(self.sock, self._deadline)
        if self.file is not None:
            self.file.begin_answer()
        return super().getreply()

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # the buffers that the base class also takes are never sent
        """Send a command or a text."""
        if self.sock is not None:
            self.sock.settimeout(remaining(self._deadline))
        super().send(s)

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Encrypt the connection. Raises `smtplib.SMTPException` and OSError.

        1. The server offers it. One that does not, or whose offer was taken out on the way, gets nothing from us.
        2. It is ready.
        3. Nothing follows its answer in plain text, where somebody could have put answers of their own.
        4. Its certificate is valid for its name.
        5. What it said before is forgotten.
        """
        # 1.
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("it does not offer STARTTLS, so nothing was sent")
        # 2.
        code, said = self.docmd("STARTTLS")
        if code != _READY:
            raise smtplib.SMTPResponseException(code, said)
        # 3.
        if self.file is not None and self.file.has_rest:
            raise smtplib.SMTPException("it sent something in plain text after STARTTLS, so nothing was sent")
        # 4.
        assert self.sock is not None
        self.sock.settimeout(remaining(self._deadline))
        self.sock = context.wrap_socket(self.sock, server_hostname=self._host)
        # 5.
        self.file = self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False


def remaining(deadline: float) -> float:
    """Return the seconds until a deadline. Raises TimeoutError if it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left
