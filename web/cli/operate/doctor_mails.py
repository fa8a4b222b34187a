"""The check of `doctor` for mails: whether any could not be sent, or waits for too long. It calls no mail server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from records import Database
from records.notices import outbox
from records.plurals import counted
from runner.settings.operator_settings import Settings

from .doctor_lines import DoctorFinding


def mail_lines(database: Database, settings: Settings) -> Iterator[DoctorFinding]:
    """Report mails that failed or wait; nothing is wrong if no mail server is set. It is never a failure: no status depends on it."""
    with database.reading() as db:
        counts = outbox.counts(db, datetime.now(UTC))
    if counts.failed:
        found = f"{counted(counts.failed, 'mail')} could not be sent"
        yield DoctorFinding("mail", "warn", found, "session-status mail outbox --state failed")
    if not settings.mailing:
        yield DoctorFinding("mail", "ok", "no mail is sent: no mail server is set")
    elif counts.overdue_since is not None:
        found = f"mails wait since {counts.overdue_since:%Y-%m-%d %H:%M} UTC"
        yield DoctorFinding(
            "mail", "warn", found, "session-status mail test you@example.org; is a background worker running?"
        )
    elif not counts.failed:
        yield DoctorFinding("mail", "ok", f"{settings.mail_host}, {counted(counts.waiting, 'mail')} waiting")
