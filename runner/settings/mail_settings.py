"""The operator's settings of notices and mail, in a module of their own so that the table of settings stays readable."""

from __future__ import annotations

from dataclasses import dataclass

from .declaration import setting
from .readers import mail_address, mail_host, name_of_sender, one_of, text, whole
from .rules import PREFIX

STARTTLS, IMPLICIT, NO_TLS = "starttls", "implicit", "none"
#: Days for which notices are kept at least: longer than the time for which people are told of anything beforehand.
LEAST_NOTICE_DAYS = 60


@dataclass(frozen=True)
class MailSettings:
    """Which mail server sends the service's mails, and how long notices are kept."""

    mail_host: str = setting(
        PREFIX + "MAIL_HOST",
        mail_host,
        "",
        "the mail server (SMTP) that sends notices. If it is empty, no mail is sent",
    )
    mail_port: int = setting(
        PREFIX + "MAIL_PORT", whole(1, 65_535), 587, "port of the mail server; for implicit TLS usually 465"
    )
    mail_tls: str = setting(
        PREFIX + "MAIL_TLS",
        one_of(STARTTLS, IMPLICIT, NO_TLS),
        STARTTLS,
        "how the connection to the mail server is encrypted: `starttls`, `implicit`, or `none`, which is allowed for a server "
        "on this machine only",
    )
    mail_username: str = setting(
        PREFIX + "MAIL_USERNAME", text, "", "user name at the mail server; empty if it requires no login"
    )
    mail_password: str = setting(PREFIX + "MAIL_PASSWORD", text, "", "password at the mail server", secret=True)
    mail_sender: str = setting(
        PREFIX + "MAIL_SENDER", mail_address, "", "address that mails come from, such as status@example.org"
    )
    mail_sender_name: str = setting(
        PREFIX + "MAIL_SENDER_NAME", name_of_sender, "Session status", "name that mails come from"
    )
    mail_timeout_s: int = setting(
        PREFIX + "MAIL_TIMEOUT", whole(1, 60), 20, "how long it may take to hand one mail to the server", unit="seconds"
    )
    mail_per_hour: int = setting(
        PREFIX + "MAIL_PER_HOUR", whole(1, 10_000), 200, "mails that are sent within an hour; further ones wait"
    )
    notice_days: int = setting(
        PREFIX + "NOTICE_DAYS",
        whole(LEAST_NOTICE_DAYS, 730),
        90,
        "how long notices are kept in the console",
        unit="days",
    )

    @property
    def mailing(self) -> bool:
        """Whether mails are sent."""
        return bool(self.mail_host)
