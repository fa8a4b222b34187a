"""Whether a call to a hook is accepted: it is signed with a secret of its implementation, and is no flood.

The steps, in this order. Nothing of the body is parsed before all of them are passed.

1. The implementation exists and is not archived (404).
2. The call is signed with a secret of this implementation that is valid now, for exactly these bytes, and a moment ago (401).
   That there is no secret is no other answer. A client that sends many such calls is told to wait (429), and they are noted
   no more. Its calls that are signed rightly are accepted all the same: a vendor has one address for all its customers.
3. The implementation's vendors did not call too often lately (429). Only signed calls count, so a stranger cannot use this up.
4. A message that was done before, with the same id and the same body, is not done again.

What one call may cost much more than others has a limit of its own, which the endpoint checks (`SignedCall.require_room`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from flask import request

from records.facts import hook_secrets
from records.tenants import implementations
from runner.background.webhook_signature import TOLERANCE, BadSignature, verify
from runner.health.hook_calls import HookCall, HookCalls
from web.auth.client_networks import address_of
from web.auth.services import AuthServices
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.session_address import checked_implementation

log = logging.getLogger(__name__)

#: Calls of one implementation in a window, those of them that are about everybody at one session, and calls of one client that are
#: signed wrongly.
MOST_CALLS: Final = 120
MOST_OF_SESSION: Final = 12
MOST_INVALID: Final = 30
WINDOW_S: Final = 60
#: Seconds for which a message is remembered: as long as its timestamp may be accepted.
REMEMBERED_S: Final = int(2 * TOLERANCE.total_seconds()) + 60
_KIND: Final = "hook message"


@dataclass(frozen=True)
class SignedCall:
    """A call that is accepted. `repeated`: it was done before, and must not be done again."""

    implementation: str
    hook: str
    body: bytes
    message: tuple[str, ...]
    repeated: bool

    def require_room(self, session: str) -> None:
        """Count the call as one about everybody at a session. Raises `HttpProblem` (429) if there were too many lately."""
        attempts = AuthServices.here().store.attempts
        about = f"{self.implementation} {session}"
        _require(attempts.hit("hooks of a session", about, limit=MOST_OF_SESSION, window_s=WINDOW_S).retry_after_s)

    def done(self, said: str) -> None:
        """Remember that it is done, after the commit, and note what was done."""
        store = AuthServices.here().store
        store.replays.first_time(_KIND, *self.message, life_s=REMEMBERED_S)
        HookCalls(store.redis).note(self.implementation, HookCall(self.hook, taken=True, said=said))


@contextmanager
def signed_call(implementation: str, hook: str) -> Iterator[SignedCall]:
    """Accept the call of this request. Raises `HttpProblem`. Why it is refused, here or inside, is noted for the console."""
    slug, keys = _keys(implementation)  # 1.
    try:
        yield _accepted(slug, hook, keys)
    except HttpProblem as refused:
        if refused.code != HTTPStatus.TOO_MANY_REQUESTS:
            said = refused.description or ""
            HookCalls(AuthServices.here().store.redis).note(slug, HookCall(hook, taken=False, said=said))
        raise


def _keys(implementation: str) -> tuple[str, list[bytes]]:
    services = AuthServices.here()
    with services.database.reading() as db:
        owner = implementations.find(db, checked_implementation(implementation))
        if owner is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
        return owner.slug, hook_secrets.keys(db, services.box, owner, datetime.now(UTC))


def _accepted(slug: str, hook: str, keys: list[bytes]) -> SignedCall:
    store, client = AuthServices.here().store, address_of(request.remote_addr or "")
    # 2.
    body = request.get_data(cache=False)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        message_id = verify(headers, body, keys, datetime.now(UTC))
    except BadSignature as bad:
        _require(
            store.attempts.hit("hooks signed wrongly", client, limit=MOST_INVALID, window_s=WINDOW_S).retry_after_s
        )
        log.warning("refused: hook=%s implementation=%s (%s)", hook, slug, bad)
        _report_unreadable(slug)
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, str(bad)) from None
    # 3.
    _require(store.attempts.hit("hooks", slug, limit=MOST_CALLS, window_s=WINDOW_S).retry_after_s)
    # 4.
    message = (slug, hook, message_id, hashlib.sha256(body).hexdigest())
    return SignedCall(slug, hook, body, message, repeated=store.replays.came_before(_KIND, *message))


def _report_unreadable(slug: str) -> None:
    """Log the secrets that no key opens: the call may be signed with one of them."""
    services = AuthServices.here()
    with services.database.reading() as db:
        owner = implementations.find(db, slug)
        lost = hook_secrets.unreadable(db, services.box, owner, datetime.now(UTC)) if owner else []
    for number in lost:
        log.error(
            "no key opens secret %d for pushes: calls that are signed with it are refused implementation=%s",
            number,
            slug,
        )


def _require(wait_s: int) -> None:
    if wait_s:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many calls. Try again in {wait_s} seconds.",
            headers={"Retry-After": str(wait_s)},
        )
