"""Changes of webhooks: the address and what it is told, the secret, switching off and on, a test, and sending again."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import begin, differences, lock, note, refuse_development
from records.columns import utc_now
from records.errors import RuleViolation
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation
from records.webhooks import webhook, webhook_events, webhook_outbox
from records.webhooks.webhook import WebhookDraft
from records.webhooks.webhook_events import RowSpan
from records.webhooks.webhook_tables import MessageState, Webhook, WebhookMessage

SAVED, ROTATED, OFF, ON = "webhook.saved", "webhook.secret_replaced", "webhook.off", "webhook.on"
TESTED, REPLAYED, GIVEN_UP = "webhook.tested", "webhook.message_repeated", "webhook.given_up"
_SHOWN = ("address", "events", "with_names", "development")


@dataclass(frozen=True)
class SavedWebhook:
    """A webhook, and the text of a secret that is new, which is shown once and stored nowhere readable; or ""."""

    hook: Webhook
    secret: str = field(repr=False)


def save(  # noqa: PLR0913 - as every change of something with a secret
    db: Session, box: SecretBox, owner: Implementation, draft: WebhookDraft, by: AuditContext, *, environment: str
) -> AfterCommit[SavedWebhook]:
    """Set the address and what it is told. A new webhook is on, and has a new secret. Raises RuleViolation with every fault."""
    begin(db, owner, by, SAVED)
    refuse_development(environment, wanted=draft.development)
    known = webhook.find(db, owner)
    before = {name: getattr(known, name) for name in _SHOWN} if known else {}
    hook, secret = webhook.save(db, box, owner, draft)
    changed = differences(before, {name: getattr(hook, name) for name in _SHOWN})
    if not changed:
        return unchanged(owner.slug, SavedWebhook(hook, ""))
    note(db, owner.slug, SAVED, by, detail=changed)
    return AfterCommit(owner.slug, SavedWebhook(hook, secret), announced=False)


def rotate(db: Session, box: SecretBox, owner: Implementation, by: AuditContext) -> AfterCommit[SavedWebhook]:
    """Make another secret; the one before signs as well for a day. Raises RuleViolation without a webhook."""
    lock(db, owner)
    hook = _hook(db, owner)
    secret = webhook.rotate(db, box, owner, hook)
    note(db, owner.slug, ROTATED, by)
    return AfterCommit(owner.slug, SavedWebhook(hook, secret), announced=False)


def switch_off(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[Webhook]:
    """Tell nothing any more. What waits is dropped; what happens from now on is told after switching on again."""
    lock(db, owner)
    hook = _hook(db, owner)
    if hook.on_since is None:
        return unchanged(owner.slug, hook)
    hook.on_since, hook.off_reason = None, ""
    dropped = webhook_outbox.end_waiting(db, owner, MessageState.DROPPED, "The webhook was switched off.")
    note(db, owner.slug, OFF, by, detail={"dropped": dropped})
    return AfterCommit(owner.slug, hook, announced=False)


def switch_on(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[Webhook]:
    """Tell again, beginning with what has happened since the webhook was switched off."""
    lock(db, owner)
    hook = _hook(db, owner)
    if hook.on_since is not None:
        return unchanged(owner.slug, hook)
    hook.on_since, hook.off_reason = utc_now(), ""
    hook.failing_since = hook.paused_until = None
    note(db, owner.slug, ON, by)
    return AfterCommit(owner.slug, hook, announced=False)


def give_up(db: Session, owner: Implementation, why: str, by: AuditContext) -> AfterCommit[Webhook]:
    """Switch a webhook off that failed for too long; what waits has failed, and can be sent again."""
    lock(db, owner)
    hook = _hook(db, owner)
    if hook.on_since is None:
        return unchanged(owner.slug, hook)
    hook.on_since, hook.off_reason = None, why
    failed = webhook_outbox.end_waiting(db, owner, MessageState.FAILED, why)
    note(db, owner.slug, GIVEN_UP, by, detail={"failed": failed})
    return AfterCommit(owner.slug, hook, announced=False)


def send_test(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit[WebhookMessage]:
    """Send a message that tells nothing. Raises RuleViolation without a webhook that is on."""
    lock(db, owner)
    if _hook(db, owner).on_since is None:
        raise RuleViolation("webhook", "is switched off")
    message = webhook_outbox.add(db, owner.id, RowSpan(webhook_events.TEST, 0, 0), utc_now())
    note(db, owner.slug, TESTED, by, target=message.message_id)
    return AfterCommit(owner.slug, message, announced=False)


def replay(db: Session, owner: Implementation, message_id: str, by: AuditContext) -> AfterCommit[WebhookMessage]:
    """Send an ended message again, with the same id. One that still waits is no change. Raises RuleViolation."""
    lock(db, owner)
    if _hook(db, owner).on_since is None:
        raise RuleViolation("webhook", "is switched off")
    message = webhook_outbox.find(db, owner, message_id)
    if message is None:
        raise RuleViolation("message", "is not one of this implementation, or was forgotten after 30 days")
    if not webhook_outbox.replay(db, message):
        return unchanged(owner.slug, message)
    note(db, owner.slug, REPLAYED, by, target=message.message_id)
    return AfterCommit(owner.slug, message, announced=False)


def _hook(db: Session, owner: Implementation) -> Webhook:
    found = webhook.find(db, owner)
    if found is None:
        raise RuleViolation("webhook", "is not set up")
    return found
