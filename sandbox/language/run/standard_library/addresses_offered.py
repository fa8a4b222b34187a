"""`urlparse`, `urlsplit` and `urljoin` for scripts: text only, and of a bounded length, because Python keeps what it has split."""

from __future__ import annotations

import html
import urllib.parse
from typing import Any

MAX_ADDRESS = 8192


def urlparse(url: str, scheme: str = "", allow_fragments: bool = True) -> Any:  # noqa: FBT001, FBT002 -- as in the standard library
    return urllib.parse.urlparse(_address(url), _address(scheme), bool(allow_fragments))


def urlsplit(url: str, scheme: str = "", allow_fragments: bool = True) -> Any:  # noqa: FBT001, FBT002 -- as above
    return urllib.parse.urlsplit(_address(url), _address(scheme), bool(allow_fragments))


def urljoin(base: str, url: str, allow_fragments: bool = True) -> str:  # noqa: FBT001, FBT002 -- as above
    return urllib.parse.urljoin(_address(base), _address(url), bool(allow_fragments))


def unescape(s: str) -> str:
    """`html.unescape`."""
    if type(s) is not str:
        raise TypeError("html.unescape(text): the text must be a string")
    return html.unescape(s)


def _address(value: object) -> str:
    if type(value) is not str:
        raise TypeError("an address must be a string")
    if len(value) > MAX_ADDRESS:
        raise ValueError(f"an address must not be longer than {MAX_ADDRESS} characters")
    return value
