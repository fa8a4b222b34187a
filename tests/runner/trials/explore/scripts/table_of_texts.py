"""Texts in a table, chosen by a code of the vendor."""

LABELS = {
    "R": "You are registered",
    "W": "You are on the waitlist",
    "C": "You cancelled",
}


def status(user, session, api):
    state = api.get("reg", "/state", params={"u": user.id, "s": session.id}).json()
    if state["code"] in LABELS:
        return message(LABELS[state["code"]], color="#006109" if state["code"] == "R" else None)
    return message("Register")


# shows: You are registered
# shows: You are on the waitlist
# shows: You cancelled
# shows: Register
