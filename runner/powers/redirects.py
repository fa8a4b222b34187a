"""Where a redirect leads, if it may be followed.

The vendor chooses the target of a redirect, and a script can often influence it (`/login?next=...`). So it is followed
only within the connection's own origin and path prefixes, so that no credential can ever reach another host.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from sandbox import CallFault, CallNotMade

from .call_request import CallRequest, check_path, query_params, refused, within
from .connections.vendor_connection import BaseAddress, VendorConnection
from .http.exchange import IncomingResponse

MAX_HOPS: Final = 3
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD: Final = frozenset({307, 308})


def is_redirect(incoming: IncomingResponse) -> bool:
    """Say whether an answer is a redirect."""
    return incoming.status in _FOLLOWED and bool(incoming.header("location"))


def next_hop(
    connection: VendorConnection, base: BaseAddress, request: CallRequest, incoming: IncomingResponse
) -> CallRequest:
    """Return the call that follows a redirect; raises `CallNotMade` (refused).

    1. The target has the connection's own scheme, host and port, and no user information.
    2. Its path is under the base address, passes the check of every path, and is under an allowed prefix.
    3. 307 and 308 keep the method and the body; 301, 302 and 303 turn a POST into a GET without one (RFC 9110,
       15.4), if the connection allows GET.
    """
    # 1. origin
    here = f"{base.origin.scheme}://{base.origin.host_header}{base.path}{request.path}"
    try:
        target = urlsplit(urljoin(here, incoming.header("location")))
        port = target.port or {"https": 443, "http": 80}.get(target.scheme)
    except ValueError:
        raise CallNotMade(CallFault.CONNECTION, "the vendor redirected to something that is not an address") from None
    there = {"scheme": target.scheme, "host": target.hostname, "port": port}
    # The target is not repeated: it may contain what we sent, perhaps cut in a way that redaction would not find.
    differing = [part for part, value in there.items() if value != getattr(base.origin, part)]
    if differing:
        raise refused(f"the vendor redirected to another place (another {', '.join(differing)})")
    if target.username is not None or target.password is not None:
        raise refused("the vendor redirected to an address with user information")
    # 2. path
    if not target.path.startswith(base.path + "/"):
        raise refused("the vendor redirected to a path outside the base address")
    path = check_path(target.path.removeprefix(base.path))
    if not within(path, connection.path_prefixes):
        raise refused(f"the vendor redirected to {path}, which is under no allowed path prefix")
    # 3. method
    hop = replace(request, path=path, params=query_params(target.query))
    if incoming.status in _KEEPS_METHOD or request.method == "GET":
        return hop
    if "GET" not in connection.methods:
        raise refused("the vendor redirected to a GET, which the connection does not allow")
    return replace(hop, method="GET", body=None)
