"""The webhook of an implementation: its address, its secret, and what became of each message."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.changes import webhooks as changes
from records.changes.after_commit import AfterCommit
from records.storage.environment_mark import DEVELOPMENT
from records.webhooks import webhook, webhook_outbox
from records.webhooks.webhook_events import EVENTS
from records.webhooks.webhook_outbox import KEPT, MOST_LISTED
from records.webhooks.webhook_tables import MessageState
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to, environment
from web.console.settings.general.views import ABOVE
from web.console.settings.views_base import UNCHANGED, address, ask, blueprint, done, looking, page
from web.console.settings.webhook.forms import EVENT_WORDS, WebhookForm
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

#: What people can do with a webhook, by the end of the address: the change, and the notice.
ACTS: dict[str, tuple[Callable[..., AfterCommit[Any]], str]] = {
    "off": (changes.switch_off, "The webhook is switched off. What waited is dropped."),
    "on": (changes.switch_on, "The webhook is switched on. It is told of what it missed."),
    "test": (changes.send_test, "A test is on its way. Its line below says what became of it."),
}
#: The colours of the states of messages.
COLOURS = {MessageState.SENT: "good", MessageState.FAILED: "bad", MessageState.DROPPED: "bad"}


@blueprint.get("/settings/webhook", endpoint="webhook")
@needs(Permission.SEE_SETTINGS)
def show_webhook(implementation: str) -> Response:
    """Show the webhook, and its newest messages."""
    with looking(implementation) as (db, found):
        return _page(db, found)


@blueprint.post("/settings/webhook")
@needs(Permission.CHANGE_TRUST, fresh=True)
def save_webhook(implementation: str) -> Response:
    """Store the address and what it is told. The secret of a new webhook is shown, this once."""
    form, by, box = WebhookForm(), by_page(), AuthServices.here().box
    try:
        after = commit_to(
            implementation,
            lambda db, found: changes.save(db, box, found, form.draft(), by, environment=environment()),
        )
    except RuleViolation as refused:
        form.refuse(refused)
        with looking(implementation) as (db, found):
            return _page(db, found, form)
    if not after.value.secret:
        return done("The webhook is saved." if after.made else UNCHANGED, "webhook", implementation)
    with looking(implementation) as (db, found):
        return _page(db, found, secret=after.value.secret)


@blueprint.get("/settings/webhook/secret")
@needs(Permission.CHANGE_TRUST)
def ask_new_secret(implementation: str) -> Response:
    """Ask whether the secret should be replaced, and say what that does."""
    with looking(implementation) as (_, found):
        effects = [
            "Messages are signed with the new secret and, for 24 hours, with the present one as well.",
            "Enter the new one in the other system within this time. It is shown once.",
        ]
        back = address("webhook", implementation)
        return ask(found, "Make a new secret", effects, verb="Make a new secret", back=back)


@blueprint.post("/settings/webhook/secret")
@needs(Permission.CHANGE_TRUST, fresh=True)
def new_secret(implementation: str) -> Response:
    """Replace the secret, and show the new one, this once."""
    box = AuthServices.here().box
    try:
        made = commit_to(implementation, lambda db, found: changes.rotate(db, box, found, by_page())).value
    except RuleViolation as refused:
        return done(f"Nothing was changed: the {refused.field} {refused.reason}.", "webhook", implementation)
    with looking(implementation) as (db, found):
        return _page(db, found, secret=made.secret)


@blueprint.post("/settings/webhook/<act>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def act_on_webhook(implementation: str, act: str) -> Response:
    """Switch the webhook off or on, or send a test."""
    if act not in ACTS:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such page.")
    change, words = ACTS[act]
    return _done(implementation, words, lambda db, found: change(db, found, by_page()))


@blueprint.post("/settings/webhook/messages/<message>/again")
@needs(Permission.CHANGE_TRUST, fresh=True)
def send_again(implementation: str, message: str) -> Response:
    """Send a message again."""
    return _done(
        implementation, "The message is sent again.", lambda db, found: changes.replay(db, found, message, by_page())
    )


def _done(implementation: str, words: str, change: Callable[[DbSession, Implementation], AfterCommit[Any]]) -> Response:
    try:
        after = commit_to(implementation, change)
    except RuleViolation as refused:
        return done(f"Nothing was done: the {refused.field} {refused.reason}.", "webhook", implementation)
    return done(words if after.made else UNCHANGED, "webhook", implementation)


def _page(db: DbSession, found: Implementation, form: WebhookForm | None = None, *, secret: str = "") -> Response:
    hook = webhook.find(db, found)
    empty = WebhookForm(formdata=None, obj=hook) if hook else WebhookForm(formdata=None, data={"events": list(EVENTS)})
    return page(
        "webhook.html",
        found,
        title="Webhook",
        has_times=True,
        above=ABOVE,
        form=form or empty,
        hook=hook,
        shown_secret=secret,
        may_be_local=environment() == DEVELOPMENT,
        messages=webhook_outbox.listed(db, found),
        colours=COLOURS,
        words=dict(EVENT_WORDS),
        kept_days=KEPT.days,
        most=MOST_LISTED,
    )
