"""A learning site with an EthosCE-like API: awarded credits behind basic authentication, and a page to claim one.

Its answers follow EthosCE's public documentation: an empty list means "not claimed", and numbers are strings.
"""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from .agenda import PEOPLE, sample_session_title, sample_session_with
from .ledger import Entry
from .services import demo_services

API = "ethosce"
blueprint = Blueprint(API, __name__, url_prefix="/ethosce")


@blueprint.before_request
def guard() -> AnyResponse | None:
    """Apply the switches to the API, and check the credential; the page needs neither."""
    if request.path.startswith("/ethosce/claim/"):
        return None
    return demo_services().switches.interfere(API) or unauthorized()


@blueprint.get("/course_credit_awarded.json")
def awarded() -> AnyResponse:
    """Credits of `uid` for the course `nid`; `{"list": []}` if there is none."""
    uid, nid = request.args.get("uid", ""), request.args.get("nid", "")
    seen = demo_services().ledger.seen(API, uid, lag_s=demo_services().switches.of(API).lag_s)
    return jsonify({"list": [record(entry) for entry in seen.values() if nid in ("", entry.session)]})


@blueprint.get("/course_enrollment.json")
def enrolled() -> AnyResponse:
    """Everybody who takes the course `nid`, and whether they have its credit; `limit` of them on each `page`, from 0."""
    nid, limit, page = request.args.get("nid", ""), _whole("limit", 100), _whole("page", 0)
    services = demo_services()
    lag_s = services.switches.of(API).lag_s
    people = [person.member_number for person in PEOPLE][page * limit : (page + 1) * limit]
    claimed = {uid: nid in services.ledger.seen(API, uid, lag_s=lag_s) for uid in people}
    return jsonify({"list": [{"uid": uid, "nid": nid, "awarded": "01"[has]} for uid, has in claimed.items()]})


@blueprint.post("/course_credit_awarded")
def award() -> AnyResponse:
    """Award a credit: `{"uid", "nid"}`."""
    body = request.get_json()
    write_claim(str(body["uid"]), str(body["nid"]))
    return jsonify({"uri": request.base_url, "id": str(body["nid"]), "resource": "course_credit_awarded"})


@blueprint.get("/claim/<nid>")
def claim_page(nid: str) -> str:
    """The page where an attendee claims credit, or sees that they have."""
    user = request.args.get("uid", "")
    return render_template(
        "demo/claim.html",
        title=sample_session_title(nid),
        credits=credits_of(nid),
        name=demo_services().name_of(user),
        claimed=nid in demo_services().ledger.seen(API, user),
        back=demo_services().safe_return(request.args.get("return_to", "")),
    )


@blueprint.post("/claim/<nid>")
def claim(nid: str) -> AnyResponse:
    """Store the claim and redirect back, as real sites do."""
    write_claim(request.args.get("uid", ""), nid)
    return redirect(demo_services().safe_return(request.args.get("return_to", "")) or request.full_path, 303)


def write_claim(user: str, nid: str) -> None:
    """Store a claim, and tell the service of it while the site pushes facts."""
    demo_services().ledger.write(API, user, nid, "awarded")
    demo_services().fact_pushes.push(nid, [user])


def _whole(name: str, usual: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("1000") else usual


def unauthorized() -> Response | None:
    """Return the refusal of a caller without the right user and password."""
    credentials = request.authorization
    user, password = (credentials.username or "", credentials.password or "") if credentials else ("", "")
    known = hmac.compare_digest(user.encode(), demo_services().keys.ethosce_user.encode())
    if known and hmac.compare_digest(password.encode(), demo_services().keys.ethosce_password.encode()):
        return None
    return Response("Access denied", 401, {"WWW-Authenticate": 'Basic realm="restws"'})


def record(entry: Entry) -> dict[str, Any]:
    """A credit as the API returns it."""
    return {
        "nid": entry.session,
        "uid": entry.user,
        "type": "ama",
        "credits": credits_of(entry.session),
        "date": str(int(entry.at)),
    }


def credits_of(nid: str) -> str:
    """How many credits a course gives."""
    sample = sample_session_with(nid)
    return sample.credits if sample and sample.credits else "1.0"
