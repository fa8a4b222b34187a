"""An implementation's fallback message: what is shown after a failed run, and while scripts are stopped."""

from __future__ import annotations

import logging

from records import Implementation
from records.message_text import clean_text

from .status_body import Action, ShownMessage

log = logging.getLogger(__name__)


def fallback_of(implementation: Implementation) -> ShownMessage | None:
    """Return the implementation's fallback message; None if it has none, or one that may not be shown any more."""
    if not implementation.fallback_text:
        return None
    cleaned = clean_text(implementation.fallback_text)  # it may have been saved under earlier rules
    if cleaned.refused:
        log.error("the fallback text cannot be shown implementation=%s: %s", implementation.slug, cleaned.refused)
        return None
    link = implementation.fallback_link
    action = Action("link", link) if link else None
    return ShownMessage(cleaned.text, implementation.default_color, action)
