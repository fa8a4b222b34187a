"""Workshop registration: register on the event's site, and see "You have a seat" after coming back.

Connection  cvent         a Cvent-like API, OAuth2 client credentials (the token is fetched for you)
Settings    register_url  where attendees register, for example https://events.example.com/register
Session     a workshop has the attribute "kind": "workshop"
"""

GREEN = "#006109"
ORANGE = "#9B3900"
BLUE = "#005D8A"

MAX_PAGES = 5


def status(user, session, api):
    if session.attributes.get("kind") != "workshop" or api.now() >= session.ends_at:
        return hidden()

    enrolled = enrollment_status(user, session, api)
    if enrolled == "Registered":
        return message("You have a seat", color=GREEN)
    if enrolled == "Waitlisted":
        return message("You are on the waitlist", color=ORANGE)
    if api.now() >= session.starts_at:
        return message("Registration has closed")

    link = with_query(f"{api.settings['register_url']}/{session.id}", return_to=api.return_url())
    return message("Register for this workshop", link=link, color=BLUE)


def enrollment_status(user, session, api):
    """Return "Registered", "Waitlisted", or None for neither."""
    params = {"filter": f"attendee.id eq '{user.id}'", "limit": "100"}
    for _ in range(MAX_PAGES):
        answer = api.get("cvent", "/ea/sessions/enrollment", params=params)
        if not answer.ok:
            raise ValueError(f"Cvent answered {answer.status}")
        page = answer.json()
        for row in page["data"]:
            # A cancelled enrollment stays in the list, so the status counts, not the mere presence.
            if row["session"]["id"] == session.id and row["status"] in ("Registered", "Waitlisted"):
                return row["status"]
        next_token = page["paging"].get("nextToken")
        if not next_token:
            return None
        params["token"] = next_token
    raise ValueError(f"More than {MAX_PAGES} pages of enrollments")
