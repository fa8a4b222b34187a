"""One event, one script: credit, workshops and live streams, each in a function of its own.

This is the script of the demo. An implementation has exactly one active script, so a real event's script looks like
this one: `status` decides what kind of session it is, the functions below know one subject each.

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
        return live(session, api)
    if kind == "workshop":
        return workshop(user, session, api)
    if session.credits is not None:
        return credit(user, session, api)
    return hidden()


def credit(user, session, api):
    if api.now() < session.ends_at:
        return message(f"{session.credits} CE when it ends")
    found = ask(api, "ethosce", "/course_credit_awarded.json", {"uid": user.id, "nid": session.id})
    if found["list"]:
        return message("Credit claimed", color=GREEN)
    return message(f"Claim {session.credits} CE credit", link=place("claim_url", user, session, api), color=ORANGE)


def workshop(user, session, api):
    if api.now() >= session.ends_at:
        return hidden()
    rule = f"attendee.id eq '{user.id}' and session.id eq '{session.id}'"
    rows = ask(api, "cvent", "/ea/sessions/enrollment", {"filter": rule})["data"]
    standings = [row["status"] for row in rows]
    if "Registered" in standings:
        return message("You have a seat", color=GREEN)
    if "Waitlisted" in standings:
        return message("You are on the waitlist", color=ORANGE)
    return message("Register for this workshop", link=place("register_url", user, session, api), color=BLUE)


def live(session, api):
    address = f"{api.settings['live_url']}/{session.id}"
    if api.now() < session.starts_at:
        return message("The live stream opens at the start")
    if api.now() < session.ends_at:
        return message("Watch live", link=address, color=RED)
    return message("Watch the recording", link=address, color=BLUE)


def ask(api, connection, path, params):
    answer = api.get(connection, path, params=params)
    if not answer.ok:
        raise ValueError(f"{connection} answered {answer.status}")
    return answer.json()


def place(setting, user, session, api):
    """Where the attendee acts. The demo's sites know nobody, so the address says who it is; a real site signs them in."""
    return with_query(f"{api.settings[setting]}/{session.id}", uid=user.id, return_to=api.return_url())
