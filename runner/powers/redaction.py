"""Keeping secrets out of texts: answers before a script reads them, and what the trace shows.

This is the net below the wire: a secret is never put into a text on purpose, and what a vendor sends back is not ours
to trust.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus

REDACTED: Final = "[redacted]"
#: Secrets shorter than this are not looked for: they would blank innocent text.
MIN_REDACTED: Final = 6

_SECRET_NAME = re.compile(
    r"(?i)pass(word|wd)?$|secret|token|(api|access|auth)[_-]?key|^key$|signature|^sig$|credential|^auth"
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Blank every secret in a text, as it stands and in the ways a vendor may echo it.

    Escaped for an address, for JSON or for HTML, and in Base64. A vendor that changes the secret in another way
    (splits it, reverses it, packs it) is not caught; nobody who holds the secret could be.
    """
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, REDACTED)
    return text


def _forms(secret: str) -> set[str]:
    if len(secret) < MIN_REDACTED:
        return set()
    escaped = {quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    escaped |= {json.dumps(secret)[1:-1].replace("/", "\\/"), secret.replace("&", "&amp;")}
    escaped |= {re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), form) for form in escaped}
    return {secret, *escaped, base64.b64encode(secret.encode()).decode("ascii").rstrip("=")}


def shown_query(query: str, params: tuple[tuple[str, str], ...]) -> str:
    """Query and parameters for people to read: values of telling names are blanked, the whole is cut."""
    pairs = (*parse_qsl(query, keep_blank_values=True), *params)
    return "&".join(f"{name}={REDACTED if _SECRET_NAME.search(name) else value}" for name, value in pairs)[:1000]
