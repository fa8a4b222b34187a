"""The devices that scan: each phone is paired by a code that is shown once, and can be revoked at any time."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.attendance import device_pairing, devices, scan_queries
from records.attendance.device_pairing import PairingState
from records.attendance.devices import ScanDevice
from records.changes.attendance import scan_devices as changes
from records.changes.attendance.scan_devices import PairingCode
from records.people import actors
from runner.attendance.code_drawing import qr_code
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.settings.devices.forms import USUAL_HOURS, DeviceForm
from web.console.settings.general.views import ABOVE
from web.console.settings.views_base import UNCHANGED, address, ask, blueprint, done, looking, page
from web.permissions import Permission, needs


@blueprint.get("/settings/devices", endpoint="devices")
@needs(Permission.SEE_SETTINGS)
def show_devices(implementation: str) -> Response:
    """List the devices, with what each is for and when it scanned last."""
    with looking(implementation) as (db, found):
        return _page(db, found, _empty_form())


@blueprint.post("/settings/devices")
@needs(Permission.GRANT_SCANNING, fresh=True)
def make_device(implementation: str) -> Response:
    """Make a device, and show the code for its phone, this once."""
    form, by = DeviceForm(), by_page()
    try:
        made = commit_to(
            implementation, lambda db, owner: changes.make_for_phone(db, owner, form.draft(owner.time_zone), by)
        ).value
    except RuleViolation as refused:
        form.refuse(refused)
        with looking(implementation) as (db, found):
            return _page(db, found, form)
    with looking(implementation) as (db, found):
        return _page(db, found, _empty_form(), made=made)


@blueprint.post("/settings/devices/<int:number>/code")
@needs(Permission.GRANT_SCANNING, fresh=True)
def renew_code(implementation: str, number: int) -> Response:
    """Show another code for a device that still waits for its phone."""
    by = by_page()
    try:
        made = commit_to(
            implementation, lambda db, owner: changes.renew_code(db, owner, _name(db, owner, number), by)
        ).value
    except RuleViolation as refused:
        return done(f"There is no new code: the device {refused.reason}.", "devices", implementation)
    with looking(implementation) as (db, found):
        return _page(db, found, _empty_form(), made=made)


@blueprint.get("/settings/devices/<int:number>/revoke")
@needs(Permission.GRANT_SCANNING)
def ask_revoke(implementation: str, number: int) -> Response:
    """Ask whether a device should be revoked, and say what that does."""
    with looking(implementation) as (db, found):
        device = devices.by_number(db, found, number)
        if device is None:
            return done("There is no such device.", "devices", implementation)
        effects = [
            f"{device.name} can scan no more, from now on and for ever. Another phone needs another name.",
            "Scans that it made before count, also those that still wait on the phone and are sent later.",
        ]
        back = address("devices", implementation)
        return ask(found, f"Revoke {device.name}", effects, verb=f"Revoke {device.name}", back=back)


@blueprint.post("/settings/devices/<int:number>/revoke")
@needs(Permission.GRANT_SCANNING, fresh=True)
def revoke_device(implementation: str, number: int) -> Response:
    """Revoke a device, for ever."""
    try:
        after = commit_to(
            implementation, lambda db, owner: changes.revoke(db, owner, _name(db, owner, number), by_page())
        )
    except RuleViolation as refused:
        return done(f"Nothing was revoked: {refused.reason}.", "devices", implementation)
    return done(f"{after.value.name} is revoked." if after.made else UNCHANGED, "devices", implementation)


def _name(db: DbSession, owner: Implementation, number: int) -> str:
    device = devices.by_number(db, owner, number)
    if device is None:
        raise RuleViolation("name", "is not a device of this implementation")
    return device.name


def _empty_form() -> DeviceForm:
    return DeviceForm(formdata=None, data={"hours": USUAL_HOURS})


def _page(db: DbSession, found: Implementation, form: DeviceForm, *, made: PairingCode | None = None) -> Response:
    rows, now = devices.every(db, found), datetime.now(UTC)
    pairing_url = f"{AuthServices.here().config.public_url}/pair"
    code = device_pairing.shown(made.code) if made else ""
    return page(
        "devices.html",
        found,
        title="Devices",
        has_times=True,
        above=ABOVE,
        form=form,
        made=made,
        code=code,
        drawing=qr_code(f"{pairing_url}#{code}") if made else None,
        pairing_url=pairing_url,
        rows=rows,
        states={each.id: _state(each, now) for each in rows},
        waiting={each.id for each in rows if _may_have_code(each, now)},
        scans=scan_queries.by_device(db, found),
        people=actors.by_keys(db, {each.made_by for each in rows}),
    )


def _may_have_code(device: ScanDevice, now: datetime) -> bool:
    is_open = device.revoked_at is None and now < device.ends_at
    return is_open and device.code_hash is not None and device.paired_at is None


def _state(device: ScanDevice, now: datetime) -> tuple[str, str]:
    """Return the state in words, and its colour."""
    if device.revoked_at is not None:
        return "revoked", "bad"
    if now >= device.ends_at:
        return "ended", ""
    match device_pairing.state_of(device):
        case PairingState.WAITING:
            return "waits for its phone", "warning"
        case PairingState.NONE if device.code_hash is not None:
            return "code ran out", "bad"
    return ("not yet", "") if now < device.begins_at else ("scans", "good")
