"""Pairing a phone: its person opens the address of a QR code, or types the code, reads what the phone will be, and taps once.

The code is in no address that is sent: a QR code has it behind `#`, from where `pairing.js` puts it into the form. So it is in no
log, in no Referer and in no history. The steps for a code:

1. The request comes from our own page, with the token of its form (`web.middleware`).
2. A client that sent too many wrong codes lately is told to wait.
3. The code must be known, unused and at most ten minutes old, and its device may still scan.
4. With the second tap, the device gets its token in the same transaction that uses the code up.
5. The token goes into a cookie (`device_cookie`), and nowhere else.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, render_template, request

from records import Implementation
from records.attendance import device_pairing
from records.attendance.device_pairing import PairingRefused
from records.changes.attendance import scan_devices as changes
from web.auth.services import AuthServices
from web.console.commits import commit
from web.permissions import Permission, needs
from web.redirects import see_other
from web.scanner import device_cookie
from web.scanner.scan_access import hit
from web.time_format import TimeFormatter

log = logging.getLogger(__name__)

#: Wrong codes of one client in a window. Behind one address there may be all phones of an event.
MOST_WRONG: Final = 30
#: Characters of a code that is shown again.
LONGEST_SHOWN: Final = 40

blueprint = Blueprint("pairing", __name__, url_prefix="/pair")


@blueprint.get("")
@needs(Permission.ANYONE)
def ask_code() -> str:
    """Ask for the code; that of a QR code is entered by script."""
    return render_template("scanner/pair.html", device=None, fault="", typed="")


@blueprint.post("")
@needs(Permission.ANYONE)
def show_device() -> Response:
    """Say what the phone will be, and offer to make it that."""
    typed = request.form.get("code", "")
    try:
        with AuthServices.here().database.reading() as db:
            device = device_pairing.device_of(db, typed)
            owner = db.get_one(Implementation, device.implementation_id)
            times = TimeFormatter.of(owner)
            return _page(device=device, event=owner.name, zone=owner.time_zone, times=times, typed=typed)
    except PairingRefused as refused:
        return _refused(refused, typed)


@blueprint.post("/phone")
@needs(Permission.ANYONE)
def pair_phone() -> Response:
    """Make this phone the device, and lead to its sessions."""
    typed = request.form.get("code", "")
    try:
        after = commit(lambda db: changes.pair(db, typed))
    except PairingRefused as refused:
        return _refused(refused, typed)
    log.info("paired a phone implementation=%s device=%s", after.slug, after.value.device.name)
    response = see_other(f"/scan/{after.slug}")
    device_cookie.give(response, after.slug, after.value.text, after.value.device.ends_at)
    return response


def _refused(refused: PairingRefused, typed: str) -> Response:
    hit("wrong pairing codes", request.remote_addr or "", MOST_WRONG)
    log.warning("refused: pairing (%s)", refused.reason)
    return _page(device=None, fault=f"The code {refused.reason}.", typed=typed[:LONGEST_SHOWN])


def _page(**values: object) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if values.get("fault") else HTTPStatus.OK
    html = render_template("scanner/pair.html", **{"fault": "", "typed": "", **values})
    return Response(html, status, mimetype="text/html")
