"""Takes the client's address from the header that our proxies set.

Werkzeug's parser handles quotes, which this header does not have. A quote that the client sends at the left would hide
what the proxies add after it, and the proxy would be taken for the client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from records.ip_addresses import ip_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Some proxies also write the port: 192.0.2.7:4711, [2001:db8::7]:4711.
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?", re.ASCII)


class ClientAddress:
    """WSGI middleware behind a number of proxies that each add one address to `X-Forwarded-For`.

    1. The address is the entry of the outermost proxy; earlier entries come from the client.
    2. If there is no such entry, or it is not an address, the address of the proxy is kept.
    """

    def __init__(self, application: WSGIApplication, proxies: int) -> None:
        self._application = application
        self._proxies = proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application with the client's address."""
        entries = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= self._proxies:  # 1.
            environ["REMOTE_ADDR"] = _address(entries[-self._proxies].strip()) or environ["REMOTE_ADDR"]  # 2.
        return self._application(environ, start_response)


def _address(entry: str) -> str | None:
    """Return an address without its port, or None."""
    found = WITH_PORT.fullmatch(entry)
    address = ip_address(found[1] or found[2] if found else entry)
    return str(address) if address else None
