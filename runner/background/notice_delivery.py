"""Makes notices and sends mails, in one thread of a background worker, every few seconds.

It is no job of the queue: nobody orders it, it consists of many small transactions, and a process for each would cost more
than the work. Several workers may do it at once, because the records let one make notices and one have a mail at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from records import Database, DatabaseUnavailable
from records.notices import ends_soon, mail_content, notice_list, notice_making, outbox
from records.notices.mail_content import MailContent, NotToSend
from records.notices.notice_making import Upcoming
from runner.mail.handing_over import hand_over
from runner.mail.mail_message import MailLinks, as_bytes, mail_of
from runner.mail.mail_server import MailNotSent, MailServer
from runner.mail.unsubscribe_tokens import UnsubscribeTokens
from runner.settings.operator_settings import Settings

from .background_services import BackgroundServices
from .vendor_watch import VendorWatch

#: Seconds between two looks.
EVERY_S = 2.0
#: Seconds after which a stop is noticed between them.
STOP_S = 0.1
#: Seconds between two looks for what ends soon and for what is forgotten.
SELDOM_S = 3600.0
#: Seconds for which no mail is tried after the server failed in a way that all mails would meet.
PAUSE_S = 60.0
#: Mails and entries in one look, so that a stop does not wait for long.
MOST_MAILS, MOST_ENTRIES = 20, 200

#: Seconds for which a stop waits at most for a mail that is being sent. Whoever stops the process waits a little longer.
END_S = 25.0

log = logging.getLogger(__name__)


@contextmanager
def delivering(services: BackgroundServices) -> Iterator[None]:
    """Make notices and send mails in the meantime. At the end, a mail that is being sent is waited for."""
    settings = services.settings
    database = Database(settings.database_url, environment=settings.environment, pool_size=2, watch=services.outages)
    watch = VendorWatch(database, services.redis, mailing=settings.mailing)
    delivery = NoticeDelivery(settings, database, lambda: services.stop.requested, watch=watch.look)
    thread = threading.Thread(target=delivery.run, name="notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=END_S)
        database.dispose()


class NoticeDelivery:
    """`run` is the thread; `is_stopping` is asked between two steps. `clock` is monotonic, in seconds.

    `watch` announces what no audit entry says.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        is_stopping: Callable[[], bool],
        *,
        watch: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._settings = settings
        self._database = database
        self._is_stopping = is_stopping
        self._clock = clock
        self._server = MailServer.from_settings(settings) if settings.mailing else None
        self._links = MailLinks(settings.public_url, UnsubscribeTokens(settings.keys))
        self._seldom_at = self._mails_at = clock()

    def run(self) -> None:
        """Look again and again until a stop is signalled."""
        next_at = 0.0
        while not self._is_stopping():
            if time.monotonic() >= next_at:
                self.look()
                next_at = time.monotonic() + EVERY_S
            time.sleep(STOP_S)

    def look(self) -> None:
        """Make the notices that are due, and send the mails that are due. Raises nothing."""
        for step in (self._make_notices, self._watch, self._do_seldom, self._send_mails):
            try:
                step()
            except DatabaseUnavailable as error:  # the database's own watch reports it; the next look comes soon
                log.debug("notices wait for the database error=%s", error)
            except Exception:  # a bug must not end the thread
                log.exception("notices not delivered step=%s", getattr(step, "__name__", step))

    def _make_notices(self) -> None:
        for _ in range(MOST_ENTRIES):
            if self._is_stopping() or not self._make_next():
                return

    def _make_next(self) -> bool:
        """Make the notices of the next entry; return whether there was one."""
        try:
            with self._database.reading() as db:
                found = notice_making.upcoming(db)
            if found is None:
                return False
            self._record(found)
        except DatabaseUnavailable:
            raise
        except Exception:  # one entry must not keep all later ones from being told
            log.exception("no notice made of an audit entry")
            with self._database.reading() as db:
                found = notice_making.upcoming(db, skip=True)
            if found is not None:
                self._record(found)
        return True

    def _record(self, found: Upcoming) -> None:
        with self._database.session() as db:
            notice_making.record(db, found, mailing=self._settings.mailing)

    def _do_seldom(self) -> None:
        if self._clock() < self._seldom_at:
            return
        now = datetime.now(UTC)
        with self._database.session() as db:
            ends_soon.announce_ends(db, now, mailing=self._settings.mailing)
            notice_list.forget_old(db, now - timedelta(days=self._settings.notice_days))
            outbox.forget_old(db, now)
        self._seldom_at = self._clock() + SELDOM_S

    def _send_mails(self) -> None:
        if self._server is None or self._clock() < self._mails_at:
            return
        for _ in range(MOST_MAILS):
            if self._is_stopping() or not self._send_next(self._server):
                return

    def _send_next(self, server: MailServer) -> bool:
        """Send the next mail; return whether there was one, and another may be tried now.

        1. It is claimed. 2. It says what its person may still see. 3. It is sent, without a transaction. 4. The end is noted.
        """
        now = datetime.now(UTC)
        with self._database.reading() as db:
            if not outbox.is_due(db, now):
                return False
        with self._database.session() as db:
            mail = outbox.claim_next(db, now, per_hour=self._settings.mail_per_hour)  # 1
        if mail is None:
            return False
        with self._database.reading() as db:
            content = mail_content.content_of(db, mail)  # 2
        if isinstance(content, NotToSend):
            with self._database.session() as db:
                outbox.note_dropped(db, mail.id, datetime.now(UTC), content.reason)
            log.info("mail dropped id=%d why=%s", mail.id, content.reason)
            return True
        return self._hand_over(server, mail.id, content)

    def _hand_over(self, server: MailServer, mail_id: int, content: MailContent) -> bool:
        now = datetime.now(UTC)
        try:
            hand_over(server, content.address, as_bytes(mail_of(content, server, self._links, now)))  # 3
        except MailNotSent as error:
            self._note_failure(mail_id, error)  # 4
            return not error.general
        with self._database.session() as db:
            outbox.note_sent(db, mail_id, datetime.now(UTC))  # 4
        log.info("mail sent id=%d", mail_id)
        return True

    def _note_failure(self, mail_id: int, error: MailNotSent) -> None:
        log.warning("mail not sent id=%d step=%s final=%s said=%s", mail_id, error.step, error.final, error.said)
        if error.general:
            self._mails_at = self._clock() + PAUSE_S
        with self._database.session() as db:
            outbox.note_not_sent(
                db, mail_id, datetime.now(UTC), str(error), final=error.final, maybe_sent=error.maybe_sent
            )
