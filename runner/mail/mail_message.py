"""A mail with its headers, from what it says. Nothing that a person wrote can become a header, or another line of one.

Names and subjects are made one short line first (`records.notices.plain_line`). Then `email` encodes the headers, and
refuses a line break in one. Bodies are encoded as a whole, and HTML is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Final

from records.notices.mail_content import MailContent, NoticeWords, group_label
from records.notices.plain_line import one_line

from .mail_server import MailServer
from .mail_templates import rendered
from .unsubscribe_tokens import UnsubscribeTokens, Unsubscription

#: Characters of a subject, and of a notice in a mail.
LONGEST_SUBJECT: Final = 140


@dataclass(frozen=True)
class MailLinks:
    """The addresses in a mail, below the configured public address of the service."""

    public_url: str
    tokens: UnsubscribeTokens

    def notice(self, number: int) -> str:
        """Return the address of a notice, which leads to its place."""
        return f"{self.notices}/{number}"

    @property
    def notices(self) -> str:
        """The page of notices."""
        return f"{self.public_url}/console/notices"

    @property
    def choices(self) -> str:
        """The page of choices."""
        return f"{self.notices}/settings"

    def unsubscribe(self, content: MailContent) -> str:
        """Return the address that ends the mails of the mail's group."""
        wanted = Unsubscription(content.user, content.group, content.mark)
        return f"{self.public_url}/unsubscribe/{self.tokens.make(wanted)}"


def mail_of(content: MailContent, server: MailServer, links: MailLinks, now: datetime) -> EmailMessage:
    """Return the mail."""
    subject = _subject(content)
    mail = _headed(server, content.address, content.name, subject, now)
    mail["Message-ID"] = f"<{content.message_id}@{server.sender.rpartition('@')[2]}>"
    unsubscribe = links.unsubscribe(content)
    mail["List-Unsubscribe"] = f"<{unsubscribe}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    values: dict[str, Any] = {
        "subject": subject,
        "daily": content.daily,
        "notices": [_drawn(notice, links) for notice in content.notices],
        "more": content.more,
        "why": content.notices[0].why if not content.daily else "you chose a daily summary",
        "ends": f"about “{group_label(content.group)}”" if content.group else "at all",
        "list_link": links.notices,
        "choices_link": links.choices,
        "unsubscribe_link": unsubscribe,
    }
    _fill(mail, rendered("notices.txt", **values), rendered("notices.html", **values))
    return mail


def trial_mail(server: MailServer, address: str, public_url: str, now: datetime) -> EmailMessage:
    """Return the mail by which an operator tests the mail server."""
    mail = _headed(server, address, "", "Test of the mail server", now)
    mail["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    said = f"This is a test of {public_url}. Notices can be sent by mail: nothing is left to do."
    mail.set_content(f"{said}\n", cte="quoted-printable")
    return mail


def as_bytes(mail: EmailMessage) -> bytes:
    """Return a mail as it is sent: ASCII, with the line ends of SMTP."""
    return mail.as_bytes(policy=policy.SMTP)


def _headed(server: MailServer, address: str, name: str, subject: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(one_line(server.sender_name), addr_spec=server.sender)
    mail["To"] = Address(one_line(name), addr_spec=address)
    mail["Subject"] = one_line(subject, LONGEST_SUBJECT)
    mail["Date"] = format_datetime(now)
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _fill(mail: EmailMessage, text: str, html: str) -> None:
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")


def _subject(content: MailContent) -> str:
    if content.daily:
        count = len(content.notices) + content.more
        return f"{count} notices since yesterday" if count > 1 else "1 notice since yesterday"
    (first,) = content.notices[:1]
    return f"{_short(first.words)} ({one_line(first.implementation)})"


def _drawn(notice: NoticeWords, links: MailLinks) -> dict[str, str]:
    return {
        "implementation": one_line(notice.implementation),
        "words": _short(notice.words),
        "todo": notice.todo,
        "link": links.notice(notice.number),
    }


def _short(text: str) -> str:
    return one_line(text, LONGEST_SUBJECT)
