"""The form of a webhook: which system is told, and what."""

from __future__ import annotations

from records.webhooks.webhook import WebhookDraft
from records.webhooks.webhook_events import CORRECTED, SCANNED
from web.forms.base_form import BaseForm
from web.forms.fields import CheckboxesField, LineField, YesNoField

#: What can be told, in the words of the page.
EVENT_WORDS = ((SCANNED, "Badges that were scanned"), (CORRECTED, "Corrections: scans that were voided or added"))


class WebhookForm(BaseForm):
    """A webhook as a person asks for it."""

    address = LineField(
        "Address", description="It begins with https:// and leads to a public host. Redirects are not followed."
    )
    events = CheckboxesField("It is told of", choices=EVENT_WORDS)
    with_names = YesNoField("Send last and first names as well")
    development = YesNoField("This address leads to this machine itself (development only)")

    def draft(self) -> WebhookDraft:
        """Return what was asked for."""
        return WebhookDraft(
            self.address.value,
            tuple(self.events.value),
            with_names=self.with_names.value,
            development=self.development.value,
        )
