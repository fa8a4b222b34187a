"""Makes the framework build every address from the public one, and none from what a request says about it.

Flask would take scheme and host of a redirect that adds or merges slashes, and of any other absolute address, from the
request: from its Host header and from what proxies, or whoever plays one, forward.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request
from werkzeug.routing import MapAdapter


class AtPublicAddress(Flask):
    """A Flask application that answers at one address."""

    def __init__(self, name: str, *, public_url: str) -> None:
        public = urlsplit(public_url)
        self._scheme, self._host = public.scheme, public.netloc
        super().__init__(name)

    def create_url_adapter(self, request: Request | None) -> MapAdapter:
        """Return what finds views and builds addresses, for a request or outside of one."""
        if request is None:
            return self.url_map.bind(self._host, url_scheme=self._scheme)
        return self.url_map.bind(
            self._host,
            url_scheme=self._scheme,
            default_method=request.method,
            path_info=request.environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace"),
            query_args=request.query_string.decode("latin-1"),
        )
