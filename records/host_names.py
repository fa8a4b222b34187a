"""Host names: the one place where they are checked and mapped to the form that goes over the wire.

Names from people, links, redirects and certificates are compared as text, so all of them must be mapped by the rules
that browsers use: with IDNA 2003, `straße.example` would allow `strasse.example`, which belongs to somebody else.
IDNA 2008 and UTS 46 (non-transitional) keep the two apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import idna

from .ip_addresses import ip_address

#: A last label by which browsers take the whole host for an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: Characters of a name (RFC 1035, 2.3.4). A typed name may be longer before it is mapped.
_LONGEST = 253


def host_name(value: Any) -> str:
    """Check a host name and give its ASCII form: `München.example` is `xn--mnchen-3ya.example`. Raises ValueError.

    1. It is text without white space inside. A dot at the end, which changes nothing, is dropped.
    2. It is mapped as browsers do it (UTS 46, non-transitional, STD3 rules): case, width and all kinds of dots.
    3. Each label is valid: letters, hyphens, joiners in their context, direction (IDNA 2008, RFC 5891 to 5893).
    4. If one label is written from right to left, all others must follow the Bidi Rule too.
    5. Its last label is not a number, which would make it an address: 127.1, 0x7f000001 and 2130706433 are addresses.
    """
    if not isinstance(value, str):
        raise ValueError("must be a host name such as cme.example.org")  # noqa: TRY004 - every check raises ValueError
    return _mapped(value.strip()) if len(value) <= 4 * _LONGEST else _refuse()


def is_host_name(text: str) -> bool:
    """Say whether a text is a host name in ASCII form, exactly as `host_name` returns it."""
    try:
        return host_name(text) == text
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Say whether a text may be the host of an address: a host name in ASCII form, or a plain IP address."""
    if ip_address(text) is None:
        return is_host_name(text)
    return "%" not in text  # a zone has a meaning on one machine only


@lru_cache(maxsize=4096)
def _mapped(text: str) -> str:
    # 1. to 3. shape, mapping, labels
    try:
        name = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
        labels = [idna.ulabel(label) for label in name.split(".")]
        # 4. direction
        if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in "".join(labels)):
            for label in labels:
                idna.check_bidi(label, check_ltr=True)
    except (idna.IDNAError, UnicodeError):
        _refuse()
    # 5. addresses
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ValueError("must be a host name, not an address in numbers")
    return name


def _refuse() -> str:
    raise ValueError("must be a host name such as cme.example.org, without https:// and without a path")
