"""The vendor sends the text; only its length and an empty one are looked at."""


def status(user, session, api):
    data = api.get("cms", "/messages/" + session.id).json()
    text = data.get("text") or ""
    if not text:
        return hidden()
    if len(text) > 30:
        return message(text[:29] + "…")
    if data.get("urgent") is True:
        return message("Now: " + text, color="#B20000")
    return message(text)


# shows: hidden
# shows: {…}…
# shows: Now: {…}
# shows: {…}
