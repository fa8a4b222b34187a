"""The addresses at which a login of the app may end. Each is exact: what is not on the list gets no code.

Why here and not a plain https check: an app is also found by a scheme of its own (RFC 8252, 7.1), and a scheme that
anybody may claim (`javascript:`, `data:`, `myapp:`) must never get on the list.
"""

from __future__ import annotations

import re
from typing import Any

from records import fields

#: A reversed domain name, such as com.example.app. The dot keeps out the schemes of browsers and systems.
_PRIVATE_USE = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/{1,2}[^/].*")


def redirect(value: Any) -> str:
    """Check an https address, or one of the app's own scheme such as `com.example.app:/login`."""
    if not isinstance(value, str) or len(value) > fields.LONGEST_URL:
        raise ValueError(f"is an address of at most {fields.LONGEST_URL} characters")
    if "#" in value or "?" in value:
        raise ValueError(f"{value} ends with its path: what follows ? is ours to add, and nothing may follow #")
    if value.startswith("https://"):
        return fields.url(value).geturl()
    if not value.isascii() or not value.isprintable() or any(c in value for c in ' "<>\\^`|'):
        raise ValueError("holds a character which an address must write as %XX")
    if not _PRIVATE_USE.fullmatch(value) or "@" in value:
        raise ValueError(
            f"{value} starts with https://, or with a scheme of the app's own such as com.example.app:/login"
        )
    return value
