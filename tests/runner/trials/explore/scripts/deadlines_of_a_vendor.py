"""A deadline that the vendor sends as a text, in one of two forms."""

from datetime import datetime


def status(user, session, api):
    offer = api.get("offers", "/current").json()
    if "deadline" not in offer:
        return hidden()
    deadline = datetime.fromisoformat(offer["deadline"])
    if deadline.tzinfo is None:
        return message("The deadline has no zone")
    if api.now() > deadline:
        return message("The offer has ended")
    if (deadline - api.now()).total_seconds() < 3600:
        return message("Less than an hour left")
    if datetime.strptime(offer["printed"], "%d.%m.%Y").year < 2020:
        return message("An old offer")
    return message("Offer open")


# shows: hidden
# shows: The deadline has no zone
# shows: The offer has ended
# shows: Less than an hour left
# shows: An old offer
# shows: Offer open
