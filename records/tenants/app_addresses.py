"""The redirect addresses of the app's login. They are compared exactly: an address that is not on the list gets no code.

A plain https check is not enough: an app may also have a scheme of its own (RFC 8252, 7.1), and a scheme that any program may
claim (`javascript:`, `data:`, `myapp:`) must never get on the list.
"""

from __future__ import annotations

import re
from typing import Any

from records import fields

#: A reversed domain name, such as com.example.app. The dot excludes the schemes of browsers and systems.
_PRIVATE_USE = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/{1,2}[^/].*")


def redirect(value: Any) -> str:
    """Check an https address, or one of the app's own scheme such as `com.example.app:/login`."""
    if not isinstance(value, str) or len(value) > fields.LONGEST_URL:
        raise ValueError(f"must be an address of at most {fields.LONGEST_URL} characters")
    if "#" in value or "?" in value:
        raise ValueError(f"must end with the path, without ? or #, and {value} does not")
    if value.startswith("https://"):
        return fields.url(value).geturl()
    if not value.isascii() or not value.isprintable() or any(c in value for c in ' "<>\\^`|'):
        raise ValueError("contains a character that must be written as %XX")
    if not _PRIVATE_USE.fullmatch(value) or "@" in value:
        raise ValueError(
            f"must start with https://, or with a scheme of the app's own such as com.example.app:/login, and {value} does not"
        )
    return value
