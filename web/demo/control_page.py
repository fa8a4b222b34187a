"""The control page: makes the vendors' APIs misbehave, lets one push facts, and deletes claims and registrations.

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
    services = demo_services()
    return render_template(
        "demo/control.html",
        switches=services.switches.all(),
        names=NAMES,
        modes=MODES,
        saved=saved,
        pushes=services.fact_pushes,
    )


@blueprint.post("/forget")
def forget() -> Response:
    """Forget claims and registrations."""
    demo_services().ledger.forget()
    demo_services().fact_pushes.push_all()
    return redirect(url_for(".show", saved="forgotten"), 303)


@blueprint.post("/facts")
def push_facts() -> Response:
    """Switch the pushes of facts on or off."""
    demo_services().fact_pushes.switch(on=request.form.get("on") == "yes")
    return redirect(url_for(".show", saved="facts"), 303)


@blueprint.post("/<api>")
def change(api: str) -> Response:
    """Set the switches of one API."""
    mode = request.form.get("mode", Mode.WELL, type=Mode)
    if api not in NAMES:
        abort(404)
    slow_s, lag_s = request.form.get("slow_s", 3.0, type=float), request.form.get("lag_s", 0.0, type=float)
    demo_services().switches.set(api, mode=mode, slow_s=slow_s, lag_s=lag_s)
    return redirect(url_for(".show", saved=api), 303)
