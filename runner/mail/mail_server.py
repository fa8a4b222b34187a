"""The operator's mail server as one value, and why a mail could not be handed to it."""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass, field

from runner.settings.operator_settings import Settings

#: Characters of a server's answer that are kept.
LONGEST_ANSWER = 240


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over, and in whose name."""

    host: str
    port: int
    tls: str  #: "starttls", "implicit" or "none"
    username: str
    password: str = field(repr=False)
    sender: str
    sender_name: str
    timeout_s: float  #: for all steps of one mail together
    own_name: str  #: how we call ourselves (EHLO)
    ca_file: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> MailServer:
        """Take what the settings say."""
        authority = settings.public_url.partition("://")[2]
        host = authority.rpartition(":")[0] if authority.rpartition(":")[2].isdecimal() else authority
        return cls(
            host=settings.mail_host,
            port=settings.mail_port,
            tls=settings.mail_tls,
            username=settings.mail_username,
            password=settings.mail_password,
            sender=settings.mail_sender,
            sender_name=settings.mail_sender_name,
            timeout_s=settings.mail_timeout_s,
            own_name=host or "localhost",
            ca_file=settings.vendor_ca_file,
        )

    def cleaned(self, answer: str, *, address: str = "") -> str:
        """Return a server's answer as one bounded line, without our password, which a server may repeat, and without the address."""
        login = f"\0{self.username}\0{self.password}"
        for secret in (login, self.password) if self.password else ():
            encoded, escaped = base64.b64encode(secret.encode()).decode(), repr(secret.encode())[2:-1]
            for written in (secret, encoded, escaped):
                answer = answer.replace(written, "(password)")
        if address:
            answer = re.sub(re.escape(address), "(address)", answer, flags=re.IGNORECASE)
        shown = "".join(" " if unicodedata.category(one)[0] == "C" else one for one in answer)
        return " ".join(shown.split())[:LONGEST_ANSWER]


class MailNotSent(Exception):
    """A mail could not be handed over; the text says at which step and why.

    `final`: the server refuses this mail for good. `maybe_sent`: the connection was lost after the text was sent, so the
    server may have accepted it. `general`: it says nothing about this mail, so the next one would meet the same.
    """

    def __init__(
        self, step: str, said: str, *, final: bool = False, maybe_sent: bool = False, general: bool = False
    ) -> None:
        super().__init__(f"{step}: {said}")
        self.step = step
        self.said = said
        self.final = final
        self.maybe_sent = maybe_sent
        self.general = general
