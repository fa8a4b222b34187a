"""One event, one script: credit, workshops and live streams, each in its own function.

This is the script of the demo. An implementation has exactly one active script, so a real event's script looks like
this one: `status` decides what kind of session it is, and there is one function for each kind.

Connections  ethosce (basic authentication), cvent (OAuth2 client credentials)
Settings     claim_url, register_url, live_url
Session      attribute "kind": "workshop" or "live"; a session with credits is one for CE credit
"""

RED = "#B20000"
GREEN = "#006109"
ORANGE = "#9B3900"
BLUE = "#005D8A"


def status(user, session, api):
    kind = session.attributes.get("kind")
    if kind == "live":
        return live_message(session, api)
    if kind == "workshop":
        return workshop_message(user, session, api)
    if session.credits is not None:
        return credit_message(user, session, api)
    return hidden()


def credit_message(user, session, api):
    if api.now() < session.ends_at:
        return message(f"{session.credits} CE when it ends")
    awarded = get_json(api, "ethosce", "/course_credit_awarded.json", {"uid": user.id, "nid": session.id})
    if awarded["list"]:
        return message("Credit claimed", color=GREEN)
    return message(
        f"Claim {session.credits} CE credit", link=action_link("claim_url", user, session, api), color=ORANGE
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


def get_json(api, connection, path, params):
    answer = api.get(connection, path, params=params)
    if not answer.ok:
        raise ValueError(f"{connection} answered {answer.status}")
    return answer.json()


def action_link(setting, user, session, api):
    """The link to the site where the attendee acts. The demo's sites have no login, so it names the user; a real site has one."""
    return with_query(f"{api.settings[setting]}/{session.id}", uid=user.id, return_to=api.return_url())
