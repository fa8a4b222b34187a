"""Takes the client's address from what our proxies noted of it.

The framework's own reader respects quotes, as some lists in headers need. In this one a client's quote, at the left,
would swallow what the proxies wrote after it, and the client would be counted as the proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from records.ip_addresses import ip_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Some proxies write the port, too: 192.0.2.7:4711, [2001:db8::7]:4711.
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?", re.ASCII)


class ClientAddress:
    """A WSGI application around another, behind so many proxies that each add one address to `X-Forwarded-For`.

    1. The address is the entry which the outermost of them wrote; those before it are the client's own words.
    2. Where there is no such entry, or it is no address, the one that stays is the proxy's.
    """

    def __init__(self, application: WSGIApplication, proxies: int) -> None:
        self._application = application
        self._proxies = proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand on, with the client's address as the one that asks."""
        entries = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= self._proxies:  # 1.
            environ["REMOTE_ADDR"] = _address(entries[-self._proxies].strip()) or environ["REMOTE_ADDR"]  # 2.
        return self._application(environ, start_response)


def _address(entry: str) -> str | None:
    """Return an address without its port, or None."""
    found = WITH_PORT.fullmatch(entry)
    address = ip_address(found[1] or found[2] if found else entry)
    return str(address) if address else None
