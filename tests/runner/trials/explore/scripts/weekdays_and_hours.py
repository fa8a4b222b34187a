"""The time of day and the day of the week in the zone of the event."""

from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")


def status(user, session, api):
    local = api.now().astimezone(ZONE)
    if local.weekday() == 6:
        return message("Closed on Sundays")
    if local.hour >= 22:
        return message("Good night")
    if local.hour < 7 and local.minute == 30:
        return message("Early bird")
    if local.month == 12 and local.day == 24:
        return message("Merry Christmas")
    return hidden()


# shows: Closed on Sundays
# shows: Good night
# shows: Early bird
# shows: Merry Christmas
# shows: hidden
