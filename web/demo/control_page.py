"""The control page: makes the vendors' APIs misbehave, and deletes claims and registrations.

It changes what the vendors do, never the service: it shows how the service copes with them.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .services import demo_services
from .switches import Mode

NAMES = {"ethosce": "Meadow CE (EthosCE-like)", "cvent": "Lumen Registration (Cvent-like)"}
MODES = {
    Mode.WELL: "Answers well",
    Mode.SLOW: "Slow",
    Mode.FAILING: "Failing: every answer is a 500",
    Mode.BUSY: "Busy: every answer is a 429",
    Mode.GARBAGE: "Garbage instead of JSON",
}
blueprint = Blueprint("control", __name__, url_prefix="/control")


@blueprint.get("/")
def show() -> str:
    """All switches."""
    saved = request.args.get("saved")
    return render_template(
        "demo/control.html", switches=demo_services().switches.all(), names=NAMES, modes=MODES, saved=saved
    )


@blueprint.post("/forget")
def forget() -> Response:
    """Forget claims and registrations."""
    demo_services().ledger.forget()
    return redirect(url_for(".show", saved="forgotten"), 303)


@blueprint.post("/<api>")
def change(api: str) -> Response:
    """Set the switches of one API."""
    mode = request.form.get("mode", Mode.WELL, type=Mode)
    if api not in NAMES:
        abort(404)
    slow_s, lag_s = request.form.get("slow_s", 3.0, type=float), request.form.get("lag_s", 0.0, type=float)
    demo_services().switches.set(api, mode=mode, slow_s=slow_s, lag_s=lag_s)
    return redirect(url_for(".show", saved=api), 303)
