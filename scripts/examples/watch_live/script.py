"""Watch live: says when the stream starts, opens it while it runs, and offers the recording afterwards.

No connection: everything is in the agenda.
Session     attributes "stream_url" and, once it exists, "recording_url"
Settings    time_zone, for example America/Chicago
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

RED = "#B20000"
BLUE = "#005D8A"

DOORS_OPEN = timedelta(minutes=10)
RECORDING_IS_CUT = timedelta(hours=24)


def status(user, session, api):
    stream = session.attributes.get("stream_url")
    recording = session.attributes.get("recording_url")
    if not stream:
        return hidden()

    now = api.now()
    if now < session.starts_at - DOORS_OPEN:
        return message(f"Live at {clock(session.starts_at, now, api)}")
    if now < session.ends_at:
        return message("Watch live", link=stream, color=RED)
    if recording:
        return message("Watch the recording", link=recording, color=BLUE)
    if now < session.ends_at + RECORDING_IS_CUT:
        return message("Recording available soon")
    return hidden()


def clock(moment, now, api):
    """The event's own clock: "14:00", and "Tue 14:00" when it is not today."""
    zone = ZoneInfo(api.settings["time_zone"])
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return local.strftime("%H:%M")
    return local.strftime("%a %H:%M")
