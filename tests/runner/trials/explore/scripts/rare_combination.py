"""One message needs four conditions at once, from the user, the session, a setting and a vendor."""


def status(user, session, api):
    if session.attributes.get("track") != "surgery" or session.location != "Hall X":
        return hidden()
    if user.attributes.get("level") not in ("resident", "fellow"):
        return message("For residents and fellows")
    quota = api.settings.get("quota", 0)
    answer = api.get("lab", "/slots")
    if not answer.ok:
        raise ValueError("no slots")
    free = [slot for slot in answer.json()["slots"] if slot["free"] and slot["bench"] == 7]
    if len(free) >= 2 and quota > len(free):
        return message("Two benches for you")
    return message("No bench is free")


# shows: hidden
# shows: For residents and fellows
# shows: Two benches for you
# shows: No bench is free
