"""One event, one script: credit, attendance, workshops and live streams, each in its own function.

This is the script of the demo. An implementation has exactly one active script, so a real event's script looks like
this one: `status` decides what kind of session it is, and there is one function for each kind.

Connections  ethosce (basic authentication), cvent (OAuth2 client credentials)
Facts        claimed: whether the credit of the session is claimed, if the learning site pushes it; otherwise it is asked
Settings     claim_url, register_url, live_url
Session      attribute "kind": "workshop", "live", or "scanned" where minutes in the room count for the credit;
             any other session with credits is one for CE credit
"""

from decimal import Decimal

RED = "#B20000"
GREEN = "#006109"
ORANGE = "#9B3900"
BLUE = "#005D8A"
MINUTES_PER_CREDIT = 50


def status(user, session, api):
    kind = session.attributes.get("kind")
    if kind == "live":
        return live_message(session, api)
    if kind == "workshop":
        return workshop_message(user, session, api)
    if kind == "scanned" and session.credits is not None:
        return attendance_message(user, session, api)
    if session.credits is not None:
        return credit_message(user, session, api)
    return hidden()


def credit_message(user, session, api):
    if api.now() < session.ends_at:
        return message(f"{session.credits} CE when it ends")
    if credit_awarded(user, session, api):
        return message("Credit claimed", color=GREEN)
    return message(
        f"Claim {session.credits} CE credit", link=action_link("claim_url", user, session, api), color=ORANGE
    )


def attendance_message(user, session, api):
    scans = api.scans()
    if scans.first_in is None:
        if api.now() < session.ends_at:
            return message("Scan your badge at the door")
        return hidden()
    if scans.last_out is None and api.now() < session.ends_at:
        return message("Checked in", color=GREEN)
    needed = int(Decimal(session.credits) * MINUTES_PER_CREDIT)
    if scans.minutes < needed:
        return message(f"Attended {scans.minutes} of {needed} min")
    if credit_awarded(user, session, api):
        return message("Credit claimed", color=GREEN)
    return message(
        f"Attended {scans.minutes} min - claim {session.credits} CE",
        link=action_link("claim_url", user, session, api),
        color=ORANGE,
    )


def workshop_message(user, session, api):
    if api.now() >= session.ends_at:
        return hidden()
    enrollment_filter = f"attendee.id eq '{user.id}' and session.id eq '{session.id}'"
    rows = get_json(api, "cvent", "/ea/sessions/enrollment", {"filter": enrollment_filter})["data"]
    statuses = [row["status"] for row in rows]
    if "Registered" in statuses:
        return message("You have a seat", color=GREEN)
    if "Waitlisted" in statuses:
        return message("You are on the waitlist", color=ORANGE)
    return message("Register for this workshop", link=action_link("register_url", user, session, api), color=BLUE)


def live_message(session, api):
    address = f"{api.settings['live_url']}/{session.id}"
    if api.now() < session.starts_at:
        return message("The live stream opens at the start")
    if api.now() < session.ends_at:
        return message("Watch live", link=address, color=RED)
    return message("Watch the recording", link=address, color=BLUE)


def credit_awarded(user, session, api):
    if "claimed" in api.facts:  # the site has told it beforehand
        return api.facts["claimed"]
    awarded = get_json(api, "ethosce", "/course_credit_awarded.json", {"uid": user.id, "nid": session.id})
    return len(awarded["list"]) > 0


def get_json(api, connection, path, params):
    answer = api.get(connection, path, params=params)
    if not answer.ok:
        raise ValueError(f"{connection} answered {answer.status}")
    return answer.json()


def action_link(setting, user, session, api):
    """The link to the site where the attendee acts. The demo's sites have no login, so it names the user; a real site has one."""
    return with_query(f"{api.settings[setting]}/{session.id}", uid=user.id, return_to=api.return_url())
