"""Makes Flask build every address from the public address, never from a request.

Otherwise Flask takes scheme and host of absolute addresses, for example in redirects that add or merge slashes, from the
request: from its Host header and from forwarded headers, which a client can forge.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request
from werkzeug.routing import MapAdapter


class AtPublicAddress(Flask):
    """A Flask application with one public address."""

    def __init__(self, name: str, *, public_url: str) -> None:
        public = urlsplit(public_url)
        self._scheme, self._host = public.scheme, public.netloc
        super().__init__(name)

    def create_url_adapter(self, request: Request | None) -> MapAdapter:
        """Return the adapter that finds views and builds addresses, with or without a request."""
        if request is None:
            return self.url_map.bind(self._host, url_scheme=self._scheme)
        return self.url_map.bind(
            self._host,
            url_scheme=self._scheme,
            default_method=request.method,
            path_info=request.environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace"),
            query_args=request.query_string.decode("latin-1"),
        )
