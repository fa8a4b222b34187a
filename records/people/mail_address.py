"""The e-mail address of a person: what their identity provider says, and nothing that anybody types.

1. An attribute with one of the usual names comes first.
2. Otherwise the username, where it has the form of an address.
3. Only a plain address counts: ASCII, one @, no quotes, comments, blanks or control characters, so that it can be neither
   two addresses nor a header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from records.host_names import is_host_name

if TYPE_CHECKING:
    from .users import User  # it loads the tables, which the settings do not need

#: Names of attributes with the address, the first that a person has counts.
ATTRIBUTES: Final = (
    "mail",
    "email",
    "emailAddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
#: Characters of an address, and of its part before the @ (RFC 5321, 4.5.3.1).
LONGEST, LONGEST_LOCAL = 254, 64
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def address_of(user: User) -> str:
    """Return the address of a person; "" if their provider gives none that can be used."""
    told = next((_first(user.attributes.get(name)) for name in ATTRIBUTES if user.attributes.get(name)), "")  # 1
    for one in (told, user.username):  # 2
        if is_address(one):  # 3
            return one
    return ""


def is_address(text: str) -> bool:
    """Say whether a text is one plain address."""
    local, at, host = text.rpartition("@")
    short = len(text) <= LONGEST and len(local) <= LONGEST_LOCAL
    return (
        bool(at)
        and short
        and text.isascii()
        and bool(_LOCAL.fullmatch(local))
        and "." in host
        and is_host_name(host.lower())
    )


def _first(value: Any) -> str:
    one = value[0] if isinstance(value, list) and value else value
    return one if isinstance(one, str) else ""
