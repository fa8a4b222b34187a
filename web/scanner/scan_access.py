"""Who sends scans: a device with its own token, in a header or in the cookie of a paired phone, or a person who is a scanner.

The steps for each request:

1. The implementation exists and is not archived.
2. A bearer token that begins as those of devices do is one. It must be of this implementation; a client that sent too many
   others lately is told to wait. A revoked device is still known: scans that it made before count.
3. Without a bearer token, the cookie of a paired phone is such a token, too, and then the request comes from one of our pages,
   which `web.middleware.request_checks` has checked. If the device may not scan now, a login that may goes before it.
4. Otherwise the credential is a login, by bearer token or cookie. It must be valid, of this implementation, and not ended.
5. The sender has not made too many requests lately, also one who will be refused: to find out who had the role takes long.
6. The person has the role of scanner, or had it: scans that they made before count. Whoever never had it is refused.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from flask import request

from records import DbSession, Implementation
from records.attendance import devices, scan_permission
from records.attendance.devices import ScanDevice
from records.attendance.intake import ScanSender
from records.attendance.scan_permission import ALWAYS, NEVER
from records.audit import person
from records.people import users
from records.tenants import implementations
from web.auth.logins import Visitor, visitor_of
from web.auth.services import AuthServices
from web.middleware.request_checks import carries_bearer
from web.middleware.response_headers import PRIVATE
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.scanner import device_cookie
from web.session_address import checked_implementation

log = logging.getLogger(__name__)

WINDOW_S: Final = 60
#: Invalid device tokens of one client, and requests of one sender, in a window.
MOST_INVALID, MOST_REQUESTS = 30, 300
#: What senders read who may not scan.
OTHER_SESSION: Final = "You may not scan badges at this session."
REVOKED_PHONE: Final = (
    "This phone was revoked, and may not scan any more. Scans that it made before count, also if they are sent later."
)
REVOKED_ROLE: Final = (
    "You do not have the role of scanner any more. Scans that you made before count, also if they are sent later."
)
_SCHEME: Final = "bearer "
_LONGEST: Final = 200


def implementation_named(db: DbSession, slug: str) -> Implementation:
    """Return the implementation (step 1). Raises `HttpProblem` (400, 404)."""
    found = implementations.find(db, checked_implementation(slug))
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found


def sender_of(db: DbSession, owner: Implementation) -> ScanSender:
    """Return who sends the scans of this request (steps 2 to 6). Raises `HttpProblem` (401, 403, 429)."""
    token = _device_token()
    return _by_cookies(db, owner) if token is None else _device(db, owner, token)


def require_now(sender: ScanSender, session_id: str) -> None:
    """Require that the sender may scan at a session now. Raises `HttpProblem` (403)."""
    why = why_not_now(sender, datetime.now(UTC))
    if not why and not scan_permission.covers(sender.sessions, session_id):
        why = OTHER_SESSION
    if why:
        raise HttpProblem(HTTPStatus.FORBIDDEN, why)


def why_not_now(sender: ScanSender, now: datetime) -> str:
    """Return why a sender may not scan at this time, as sentences; "" if they may."""
    if now >= sender.revoked_at:
        return REVOKED_PHONE if sender.device else REVOKED_ROLE
    if now < sender.begins:
        return "This phone may not scan yet: the time for which it was paired has not begun."
    if now >= sender.ends:
        return "The time for which this phone was paired is over. Scans that it made before count, also if they are sent later."
    return ""


def _by_cookies(db: DbSession, owner: Implementation) -> ScanSender:
    # 3.
    token = "" if carries_bearer(request) else device_cookie.sent()
    paired = devices.find_by_token(db, owner, token) if _is_token(token) else None
    if paired is None:
        return _person(db, owner)
    device = _sender(owner, paired)
    if not why_not_now(device, datetime.now(UTC)):
        return device
    try:
        return _person(db, owner)
    except HttpProblem:
        return device


def _device(db: DbSession, owner: Implementation, token: str) -> ScanSender:
    device = devices.find_by_token(db, owner, token) if _is_token(token) else None
    if device is None:
        hit("invalid device tokens", request.remote_addr or "", MOST_INVALID)
        raise _refused("unknown device token")
    return _sender(owner, device)


def _sender(owner: Implementation, device: ScanDevice) -> ScanSender:
    _count(owner, device.name)
    return ScanSender(
        actor=device.made_by,
        device=device.name,
        sessions=frozenset(device.sessions),
        begins=device.begins_at,
        ends=device.ends_at,
        revoked_at=device.revoked_at or ALWAYS,
    )


def _person(db: DbSession, owner: Implementation) -> ScanSender:
    # 4.
    logins = AuthServices.here().logins
    visitor = visitor_of(owner.slug, logins)
    if not isinstance(visitor, Visitor) or not logins.is_active(visitor):
        raise _refused("no login")
    actor = person(owner.slug, visitor.subject)
    _count(owner, actor)
    # 6.
    user = users.find(db, owner, visitor.subject)
    until = scan_permission.allowed_until(db, owner, user) if user else NEVER
    if until == NEVER:
        log.warning("refused: not a scanner endpoint=%s", request.endpoint)
        raise HttpProblem(HTTPStatus.FORBIDDEN, "This needs the role of scanner. Ask the organizer to give it to you.")
    sessions = frozenset(owner.scan_sessions)
    return ScanSender(actor=actor, sessions=sessions, revoked_at=until)


def _count(owner: Implementation, sender: str) -> None:
    # 5.
    hit("scans", f"{owner.slug}/{sender}", MOST_REQUESTS)


def _device_token() -> str | None:
    sent = request.headers.get("Authorization", "")
    text = sent[len(_SCHEME) :].strip() if sent[: len(_SCHEME)].lower() == _SCHEME else ""
    return text if text.startswith(devices.PREFIX) else None


def _is_token(text: str) -> bool:
    return text.startswith(devices.PREFIX) and len(text) <= _LONGEST and text.isascii()


def _refused(why: str) -> HttpProblem:
    log.warning("refused: scans (%s) endpoint=%s", why, request.endpoint)
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)}
    return HttpProblem(
        HTTPStatus.UNAUTHORIZED,
        "There is no valid login of this implementation, and no token of one of its devices. Keep the scans and log in again.",
        headers=headers,
    )


def hit(kind: str, key: str, most: int) -> None:
    """Count a request. Raises `HttpProblem` (429) if there were more than `most` in a minute."""
    decision = AuthServices.here().store.attempts.hit(kind, key, limit=most, window_s=WINDOW_S)
    if not decision.ok:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Too many requests. Try again in {decision.retry_after_s} seconds.",
            headers={"Retry-After": str(decision.retry_after_s)},
        )
