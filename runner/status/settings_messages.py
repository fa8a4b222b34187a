"""Messages whose text is in an implementation's settings: the fallback, and the button for scanning badges."""

from __future__ import annotations

import logging
from dataclasses import replace

from records import Implementation
from records.message_text import clean_text

from .status_body import Action, ShownMessage

log = logging.getLogger(__name__)


def fallback_of(implementation: Implementation) -> ShownMessage | None:
    """Return what is shown after a failed run, and while scripts are stopped; None without such a text."""
    message, link = shown_message(implementation, implementation.fallback_text), implementation.fallback_link
    return replace(message, action=Action("link", link)) if message and link else message


def shown_message(implementation: Implementation, text: str) -> ShownMessage | None:
    """Return a text of the settings in the default colour; None for an empty one, and for one that may not be shown any more."""
    if not text:
        return None
    cleaned = clean_text(text)  # it may have been saved under earlier rules
    if cleaned.refused:
        log.error("a text of the settings cannot be shown implementation=%s: %s", implementation.slug, cleaned.refused)
        return None
    return ShownMessage(cleaned.text, implementation.default_color)
