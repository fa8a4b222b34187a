"""Facts that are old, that lack a key, and that there are none of, with a call in their place."""

from datetime import timedelta


def status(user, session, api):
    facts = api.facts
    if api.facts_at is None or api.now() - api.facts_at > timedelta(minutes=10):
        answer = api.get("cme", "/claims", params={"user": user.id})
        if not answer.ok:
            return hidden()
        facts = answer.json()
    if "seat" not in facts:
        return message("Register for this workshop")
    if facts["seat"] == "waitlist":
        return message("You are on the waitlist")
    return message("Seat " + str(facts["seat"]) + " is yours")


# shows: hidden
# shows: Register for this workshop
# shows: You are on the waitlist
# shows: Seat {…} is yours
