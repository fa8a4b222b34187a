"""Tells other systems of scans and corrections, in one thread of a background worker, every few seconds.

It is no job of the queue, for the reasons of `notice_delivery`. Several workers may do it at once: the records let one make the
messages of a row of the ledger, and one have a message at a time. Calls follow the rules of all requests that the service makes:
public addresses only, looked up once and called there, no redirect, bounded in time and size.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from records import Database, DatabaseUnavailable, DbSession, SecretBox, SecretsError
from records.audit import AuditContext
from records.changes import webhooks as changes
from records.scripts.suspensions import SERVICE
from records.tenants.implementations import Implementation
from records.webhooks import webhook, webhook_events, webhook_outbox
from records.webhooks.webhook_outbox import FailedAttempt
from records.webhooks.webhook_tables import WebhookMessage
from runner.powers.outbound_requests import FetchedDocument, OutboundRequestFailed, OutboundRequests

from .background_services import BackgroundServices
from .webhook_signature import signed_headers

#: Seconds between two looks, and after which a stop is noticed between them.
EVERY_S: Final = 2.0
STOP_S: Final = 0.1
#: Seconds between two looks for what is forgotten.
SELDOM_S: Final = 3600.0
#: Messages in one look, and seconds after which none is begun in it, so that what is new does not wait for long.
MOST_MESSAGES: Final = 20
LONGEST_LOOK_S: Final = 10.0
#: Seconds for which a stop waits at most for a message that is being sent.
END_S: Final = 10.0
#: Statuses with a meaning of their own: accepted, and no message is wanted any more.
_ACCEPTED: Final = range(200, 300)
_GONE: Final = 410
_DIGITS: Final = 6

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutgoingMessage:
    """A claimed message as it is sent: signed a moment before."""

    number: int
    owner_id: int
    address: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    fault: str = ""  #: why it cannot be sent


@dataclass
class _Turns:
    """Whose turn it is in one look: one message of each implementation, then the next of each.

    So a slow address with many messages does not keep the thread from those of others. One that failed has no other turn.
    """

    failed: set[int] = field(default_factory=set)
    had: set[int] = field(default_factory=set)

    def claim(self, db: DbSession, now: datetime) -> WebhookMessage | None:
        """Claim the next message."""
        message = webhook_outbox.claim_next(db, now, without=self.failed | self.had)
        if message is None and self.had:
            self.had.clear()
            message = webhook_outbox.claim_next(db, now, without=self.failed)
        if message is not None:
            self.had.add(message.implementation_id)
        return message


@contextmanager
def telling(services: BackgroundServices) -> Iterator[None]:
    """Tell other systems in the meantime. At the end, a message that is being sent is waited for."""
    settings = services.settings
    database = Database(settings.database_url, environment=settings.environment, pool_size=2, watch=services.outages)
    outbound = OutboundRequests.open(settings, services.outages)
    delivery = WebhookDelivery(database, SecretBox(settings.keys), outbound, lambda: services.stop.requested)
    thread = threading.Thread(target=delivery.run, name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(timeout=END_S)
        outbound.close()
        database.dispose()


class WebhookDelivery:
    """`run` is the thread; `is_stopping` is asked between two steps."""

    def __init__(
        self, database: Database, box: SecretBox, outbound: OutboundRequests, is_stopping: Callable[[], bool]
    ) -> None:
        self._database = database
        self._box = box
        self._outbound = outbound
        self._is_stopping = is_stopping
        self._seldom_at = time.monotonic()

    def run(self) -> None:
        """Look again and again until a stop is signalled."""
        next_at = 0.0
        while not self._is_stopping():
            if time.monotonic() >= next_at:
                self.look()
                next_at = time.monotonic() + EVERY_S
            time.sleep(STOP_S)

    def look(self) -> None:
        """Make the messages that are due, and send them. Raises nothing."""
        for step in (self._make_messages, self._send_messages, self._do_seldom):
            try:
                step()
            except DatabaseUnavailable as error:  # the database's own watch reports it; the next look comes soon
                log.debug("webhooks wait for the database error=%s", error)
            except Exception:  # a bug must not end the thread
                log.exception("webhooks not delivered step=%s", step.__name__)

    def _make_messages(self) -> None:
        with self._database.reading() as db:
            owners = webhook_outbox.owners_with_news(db)
        for owner_id in owners:
            with self._database.session() as db:
                webhook_outbox.make_messages(db, owner_id, datetime.now(UTC))

    def _send_messages(self) -> None:
        turns, ends_at = _Turns(), time.monotonic() + LONGEST_LOOK_S
        for _ in range(MOST_MESSAGES):
            if self._is_stopping() or time.monotonic() > ends_at or not self._send_next(turns):
                return

    def _send_next(self, turns: _Turns) -> bool:
        """Send the next message; return whether there was one.

        1. It is claimed. 2. Its body is made, and signed. 3. It is sent, without a transaction. 4. The end is noted.
        """
        now = datetime.now(UTC)
        with self._database.reading() as db:
            if not webhook_outbox.is_due(db, now):
                return False
        with self._database.session() as db:
            message = turns.claim(db, now)  # 1.
            number = message.id if message else 0
        if not number:
            return False
        outgoing = self._signed(number)  # 2.
        if outgoing is None:
            return True
        failure = self._attempt(outgoing)  # 3.
        if failure is not None:
            turns.failed.add(outgoing.owner_id)
            self._note_failure(outgoing, failure)  # 4.
        return True

    def _signed(self, number: int) -> OutgoingMessage | None:
        """Return a claimed message ready to be sent; None if it was removed meanwhile."""
        with self._database.reading() as db:
            message = webhook_outbox.claimed(db, number)
            if message is None:
                return None
            owner, now = db.get_one(Implementation, message.implementation_id), datetime.now(UTC)
            hook = webhook.find(db, owner)
            if hook is None:
                return None
            body = webhook_events.body_of(db, owner, hook, message)
            try:
                keys = webhook.signing_secrets(self._box, owner, hook, now)
            except SecretsError:
                return OutgoingMessage(number, owner.id, hook.address, body, fault="The secret cannot be opened.")
            return OutgoingMessage(
                number, owner.id, hook.address, body, signed_headers(message.message_id, body, keys, now)
            )

    def _attempt(self, outgoing: OutgoingMessage) -> FailedAttempt | None:
        if outgoing.fault:
            return FailedAttempt(outgoing.fault)
        try:
            answer = self._outbound.deliver(outgoing.address, outgoing.body, outgoing.headers)
        except OutboundRequestFailed as error:
            return FailedAttempt(error.text)
        if answer.status not in _ACCEPTED:
            return FailedAttempt(
                f"It answered {answer.status}.", answer.status, wait=_asked_pause(answer), gone=answer.status == _GONE
            )
        with self._database.session() as db:
            webhook_outbox.note_sent(db, outgoing.number, datetime.now(UTC), answer.status)
        log.info("webhook sent number=%d status=%d", outgoing.number, answer.status)
        return None

    def _note_failure(self, outgoing: OutgoingMessage, failure: FailedAttempt) -> None:
        log.warning("webhook not sent number=%d status=%s said=%s", outgoing.number, failure.status, failure.error)
        with self._database.session() as db:
            if not webhook_outbox.note_not_sent(db, outgoing.number, datetime.now(UTC), failure):
                return
            why = "It answered that it is gone (410)." if failure.gone else f"It failed for three days: {failure.error}"
            changes.give_up(db, db.get_one(Implementation, outgoing.owner_id), why, AuditContext(SERVICE))

    def _do_seldom(self) -> None:
        if time.monotonic() < self._seldom_at:
            return
        with self._database.session() as db:
            webhook_outbox.forget_old(db, datetime.now(UTC))
        self._seldom_at = time.monotonic() + SELDOM_S


def _asked_pause(answer: FetchedDocument) -> timedelta:
    """Return the pause that an answer asks for, in whole seconds; a date is not read."""
    text = answer.headers.get("retry-after", "").strip()
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else timedelta(0)
